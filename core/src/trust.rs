//! Whom a verifier trusts.

use alloc::vec::Vec;
use core::fmt;

use serde_json::Value;

use crate::jwk::PublicJwk;
use crate::profile::DisplayText;
use crate::wire::{KeyHint, Signed};
use crate::{ErrorCode, JwkError, Ttl, UnixTime, VerifyError, VerifyingKey};

/// The most keys a trust store holds. It bounds how many signature checks one token can cost.
pub const MAX_TRUST_ANCHORS: usize = 64;

/// A key that is trusted, the name of its owner, and what it may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchor {
    /// The issuer's name, as the trust file gives it.
    pub issuer: Option<DisplayText<100>>,
    /// The issuer's key.
    pub key: VerifyingKey,
    /// What it may sign.
    pub grant: Grant,
}

impl TrustAnchor {
    /// A key that may sign whatever issuers sign, at any time: what a JWK says.
    #[must_use]
    pub const fn new(issuer: Option<DisplayText<100>>, key: VerifyingKey) -> Self {
        Self { issuer, key, grant: Grant::ALL }
    }
}

/// What an issuer's key may sign, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The longest life of a snapshot; `None` if it may not sign snapshots.
    pub max_ttl: Option<Ttl>,
    /// Whether it may sign revocation lists.
    pub revocation_lists: bool,
    /// The first second in which it may sign.
    pub not_before: UnixTime,
    /// The last second in which it may sign. What it signed until then goes on to hold.
    pub not_after: UnixTime,
}

impl Grant {
    /// Everything, at any time.
    pub const ALL: Self = Self {
        max_ttl: Some(Ttl::MAX),
        revocation_lists: true,
        not_before: UnixTime::from_secs(0),
        not_after: UnixTime::from_secs(u64::MAX),
    };

    /// Whether a revocation list of this time may have been signed.
    pub(crate) fn covers_list(&self, issued_at: UnixTime) -> bool {
        self.revocation_lists && self.covers(issued_at)
    }

    fn covers(&self, time: UnixTime) -> bool {
        (self.not_before..=self.not_after).contains(&time)
    }

    /// Whether a snapshot of this time and life may have been signed.
    pub(crate) fn covers_snapshot(&self, issued_at: UnixTime, ttl: Ttl) -> bool {
        self.max_ttl.is_some_and(|max| ttl <= max) && self.covers(issued_at)
    }
}

/// The keys that a verifier accepts.
#[derive(Clone, Debug)]
pub struct TrustStore {
    anchors: Vec<TrustAnchor>,
}

impl TrustStore {
    /// # Errors
    /// [`TrustError::Empty`], [`TrustError::TooMany`] or [`TrustError::Duplicate`].
    pub fn new(anchors: Vec<TrustAnchor>) -> Result<Self, TrustError> {
        if anchors.is_empty() { Err(TrustError::Empty) } else { Self::checked(anchors) }
    }

    /// Whom a verifier trusts that has no trust bundle yet, or one that trusts nobody any more.
    pub(crate) const fn empty() -> Self {
        Self { anchors: Vec::new() }
    }

    pub(crate) fn checked(anchors: Vec<TrustAnchor>) -> Result<Self, TrustError> {
        if anchors.len() > MAX_TRUST_ANCHORS {
            return Err(TrustError::TooMany { count: anchors.len() });
        }
        let mut ids: Vec<_> = anchors.iter().map(|anchor| anchor.key.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() < anchors.len() { Err(TrustError::Duplicate) } else { Ok(Self { anchors }) }
    }

    /// Reads a JWK set (RFC 7517), or a single JWK.
    ///
    /// Keys of other types and uses are passed over, as the RFC asks. An Ed25519 key that is malformed or weak, or
    /// that brings its private half along, makes the whole file refused: whoever wrote it must know.
    ///
    /// # Errors
    /// [`TrustError`], which names the key by its place in the file.
    pub fn from_jwks(json: &str) -> Result<Self, TrustError> {
        let Ok(Value::Object(file)) = serde_json::from_str(json) else { return Err(TrustError::NotJwks) };
        let keys = match file.get("keys") {
            Some(Value::Array(keys)) => keys.iter().map(Value::as_object).collect(),
            Some(Value::Null) | None => Some(Vec::from([&file])),
            Some(_) => None,
        };
        let mut anchors = Vec::new();
        for (index, key) in keys.ok_or(TrustError::NotJwks)?.into_iter().enumerate() {
            let jwk = PublicJwk(key);
            if !jwk.is_ed25519() || !jwk.is_for_signing() {
                continue;
            }
            if jwk.is_private() {
                return Err(TrustError::PrivateKey { index });
            }
            let at = |error| TrustError::Key { index, error };
            anchors.push(TrustAnchor::new(jwk.issuer().map_err(at)?, jwk.verifying_key().map_err(at)?));
        }
        Self::new(anchors)
    }

    /// Every trusted key, in the order given.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.anchors
    }

    /// The key that made the signature.
    pub(crate) fn signer(&self, signed: &Signed<'_>) -> Result<&TrustAnchor, VerifyError> {
        let mut known = false;
        let signer = self.candidates(signed.key_hint).find(|anchor| {
            known = true;
            signed.is_signed_by(&anchor.key)
        });
        match (signer, known) {
            (Some(signer), _) => Ok(signer),
            (None, true) => Err(VerifyError::BadSignature),
            (None, false) => Err(VerifyError::UnknownKey { hint: signed.key_hint }),
        }
    }

    /// Every trusted key with this hint. Hints are short and collide, so there may be several.
    fn candidates(&self, hint: KeyHint) -> impl Iterator<Item = &TrustAnchor> {
        self.anchors.iter().filter(move |anchor| anchor.key.id().hint() == hint)
    }
}

/// Why a trust file was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustError {
    /// Not a JSON Web Key set.
    NotJwks,
    /// No Ed25519 signing key in it.
    Empty,
    /// More than [`MAX_TRUST_ANCHORS`] keys.
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// The same key twice.
    Duplicate,
    /// A grant that allows nothing, ends before it begins or lasts more than 2^32 seconds.
    Grant {
        /// The key's place, from 0.
        index: usize,
    },
    /// An issuer's name of more than 200 bytes.
    Name {
        /// The key's place, from 0.
        index: usize,
    },
    /// A private key, which must never be handed to verifiers.
    PrivateKey {
        /// The key's place in the file, from 0.
        index: usize,
    },
    /// An unacceptable key.
    Key {
        /// The key's place in the file, from 0.
        index: usize,
        /// What is wrong with it.
        error: JwkError,
    },
}

impl TrustError {
    /// The stable code: `invalid_trust`, or the key's own.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Key { error, .. } => error.code(),
            _ => ErrorCode::InvalidTrust,
        }
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJwks => f.write_str("the trust file is not a JSON Web Key set"),
            Self::Empty => f.write_str("the trust file holds no Ed25519 signing key"),
            Self::TooMany { count } => {
                write!(f, "the trust file holds {count} keys; at most {MAX_TRUST_ANCHORS} are accepted")
            }
            Self::Duplicate => f.write_str("the trust file holds the same key twice"),
            Self::Grant { index } => write!(
                f,
                "key {index} is to be trusted for nothing, or for a time that ends before it begins or lasts over 136 years"
            ),
            Self::Name { index } => write!(f, "the issuer's name of key {index} takes more than 200 bytes"),
            Self::PrivateKey { index } => write!(
                f,
                "key {index} of the trust file is a private key (it has `d`): give verifiers only the public half, and \
                 replace the key if this file was passed on"
            ),
            Self::Key { index, error } => write!(f, "key {index} of the trust file: {error}"),
        }
    }
}

impl core::error::Error for TrustError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyError, SigningKey};
    use alloc::format;
    use alloc::string::{String, ToString as _};

    fn jwk(seed: u8) -> String {
        SigningKey::from_seed([seed; 32]).verifying_key().to_jwk(Some("Example"))
    }

    fn set(keys: &[String]) -> Result<TrustStore, TrustError> {
        TrustStore::from_jwks(&format!("{{\"keys\":[{}]}}", keys.join(",")))
    }

    #[test]
    fn a_set_and_a_single_key_are_read() {
        assert_eq!(set(&[jwk(1), jwk(2)]).unwrap().anchors.len(), 2);
        let one = TrustStore::from_jwks(&jwk(1)).unwrap();
        assert_eq!(one.anchors[0].issuer.as_ref().unwrap().as_str(), "Example");
    }

    #[test]
    fn keys_of_other_kinds_are_passed_over() {
        let rsa = r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_string();
        let encryption = jwk(2).replace("\"sig\"", "\"enc\"");
        assert_eq!(set(&[rsa.clone(), jwk(1), encryption]).unwrap().anchors.len(), 1);
        assert_eq!(set(&[rsa]).map(|_| ()), Err(TrustError::Empty));
    }

    #[test]
    fn a_bad_key_refuses_the_whole_file() {
        let weak = jwk(2).replace(&jwk(2).split("\"x\":\"").nth(1).unwrap()[..43], &["A"; 43].concat());
        let short = jwk(2).replace("\"x\":\"", "\"x\":\"AA");
        let private = SigningKey::from_seed([2; 32]).to_jwk().to_string();
        let at = |error| TrustError::Key { index: 1, error };
        let weak_key = at(JwkError::Key(KeyError::Weak));
        assert_eq!(set(&[jwk(1), weak]).map(|_| ()), Err(weak_key.clone()));
        assert_eq!(weak_key.code().as_str(), "weak_key");
        assert_eq!(set(&[jwk(1), short]).map(|_| ()), Err(at(JwkError::Member("x"))));
        assert_eq!(set(&[jwk(1), private]).map(|_| ()), Err(TrustError::PrivateKey { index: 1 }));
        assert_eq!(set(&[jwk(1), jwk(1)]).map(|_| ()), Err(TrustError::Duplicate));
        assert_eq!(
            set(&[jwk(1).replace("Example", "")]).map(|_| ()),
            Err(TrustError::Key { index: 0, error: JwkError::Member("iss") })
        );
        for text in ["", "[]", "null", "{\"keys\":{}}", "{\"keys\":[[]]}", "not json"] {
            assert_eq!(TrustStore::from_jwks(text).map(|_| ()), Err(TrustError::NotJwks), "{text}");
        }
        assert_eq!(TrustStore::from_jwks("{}").map(|_| ()), Err(TrustError::Empty));
    }

    #[test]
    fn at_most_64_keys_are_held() {
        let keys: Vec<_> = (0..=64).map(jwk).collect();
        assert!(set(&keys[..64]).is_ok());
        assert_eq!(set(&keys).map(|_| ()), Err(TrustError::TooMany { count: 65 }));
    }
}
