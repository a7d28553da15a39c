//! The server's signing keys: one that signs now, those before it whose tokens still live, and perhaps the next one, published
//! before it signs so that verifiers know it in time.
//!
//! The file holds a private JWK, or a set of them (`{"keys":[…]}`) with two members of RFC 7519's names: from when (`nbf`) and
//! until when (`exp`) a key signs.

use std::path::Path;
use std::sync::Arc;

use sealcard_core::{Grant, Issuer, JwkError, KeyId, MAX_TTL_SECS, SigningKey, TrustAnchor, Ttl, UnixTime};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::private_file;
use crate::signing_key::SigningKeyError;

/// How long a key is published after it has signed for the last time: the longest life of a token, and a day for clocks.
const PUBLISHED_SECS: u64 = MAX_TTL_SECS as u64 + 86_400;

/// For how long from now a key whose end is not set may sign, in a trust bundle.
const GRANTED_SECS: u64 = 90 * 86_400;

/// A signing key and its time.
#[derive(Clone)]
pub struct RingKey {
    /// The key.
    pub issuer: Arc<Issuer>,
    /// The first second in which it signs.
    pub signs_from: UnixTime,
    /// The last second in which it signs; `None` while no other follows it.
    pub signs_until: Option<UnixTime>,
}

impl RingKey {
    /// The key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.issuer.verifying_key().id()
    }

    /// The last second in which verifiers are given it.
    #[must_use]
    pub fn published_until(&self) -> Option<UnixTime> {
        self.signs_until.map(|end| end.saturating_add(PUBLISHED_SECS))
    }

    /// Its time as members of a JWK; nothing for a key that has signed from the start and has no end.
    fn times(&self) -> String {
        let member = |name, time: UnixTime| format!(r#","{name}":{}"#, time.as_secs());
        let nbf = Some(self.signs_from).filter(|from| *from > UnixTime::EARLIEST).map(|from| member("nbf", from));
        let exp = self.signs_until.map(|until| member("exp", until));
        [nbf, exp].into_iter().flatten().collect()
    }

    fn is_published(&self, now: UnixTime) -> bool {
        self.published_until().is_none_or(|end| now <= end)
    }
}

/// One key or more, in the order in which they sign.
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<RingKey>,
}

/// A set of private keys, each as its text, so that no copy of one stays in memory.
#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// A key's time, in seconds since 1970.
#[derive(Deserialize)]
struct Times {
    nbf: Option<u64>,
    exp: Option<u64>,
}

/// A change of the keys that was not made.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RotateError {
    /// The next key is published already.
    #[error("the next key, {0}, is published already, and has not begun to sign: wait until it has, or withdraw it")]
    UnderWay(String),
    /// There is no such key.
    #[error("there is no key {0}: see `sealcard keys list`")]
    NoSuchKey(String),
}

impl KeyRing {
    /// A ring of one key.
    #[must_use]
    pub fn new(key: SigningKey, signs_from: UnixTime) -> Self {
        let issuer = Arc::new(Issuer::new(key));
        Self { keys: vec![RingKey { issuer, signs_from, signs_until: None }] }
    }

    /// Reads a private JWK, or a set of them.
    ///
    /// # Errors
    /// [`JwkError`] if it is neither, or holds no key.
    pub fn parse(json: &str) -> Result<Self, JwkError> {
        let Ok(Set { keys }) = serde_json::from_str(json) else {
            return SigningKey::from_jwk(json).map(|key| Self::new(key, UnixTime::EARLIEST));
        };
        let mut ring = Self { keys: Vec::new() };
        for key in keys {
            let Times { nbf, exp } = serde_json::from_str(key.get()).map_err(|_| JwkError::Member("nbf"))?;
            ring.keys.push(RingKey {
                issuer: Arc::new(Issuer::new(SigningKey::from_jwk(key.get())?)),
                signs_from: nbf.map_or(UnixTime::EARLIEST, UnixTime::from_secs),
                signs_until: exp.map(UnixTime::from_secs),
            });
        }
        ring.keys.sort_by_key(|key| key.signs_from);
        if ring.keys.is_empty() { Err(JwkError::Member("keys")) } else { Ok(ring) }
    }

    /// The ring in a file that only its owner may read.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub fn load(path: &Path) -> Result<Self, SigningKeyError> {
        let json = private_file::read(path)?;
        Self::parse(json.trim()).map_err(|error| SigningKeyError::Content { path: path.display().to_string(), error })
    }

    /// What [`KeyRing::parse`] reads.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        let mut json = Zeroizing::new(String::from(r#"{"keys":["#));
        for (index, key) in self.keys.iter().enumerate() {
            json.push_str(if index == 0 { "" } else { "," });
            json.push_str(key.issuer.signing_key().to_jwk().trim_end_matches('}'));
            json.push_str(&key.times());
            json.push('}');
        }
        json.push_str("]}");
        json
    }

    /// Every key, in the order in which they sign.
    #[must_use]
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// The key that signs now: the last whose time has come.
    #[must_use]
    pub fn current(&self, now: UnixTime) -> Option<&RingKey> {
        self.keys.iter().rev().find(|key| key.signs_from <= now).or(self.keys.first())
    }

    /// The keys that verifiers are given, as a JWK set. A key's time stands in it for whoever signs a trust bundle of it:
    /// verifiers pass it over.
    #[must_use]
    pub fn jwks(&self, issuer_name: &str, now: UnixTime) -> String {
        let published = self.keys.iter().filter(|key| key.is_published(now));
        let jwk = |key: &RingKey| {
            let jwk = key.issuer.verifying_key().to_jwk(Some(issuer_name));
            format!("{}{}}}", jwk.trim_end_matches('}'), key.times())
        };
        let jwks: Vec<_> = published.map(jwk).collect();
        format!(r#"{{"keys":[{}]}}"#, jwks.join(","))
    }

    /// The keys that verifiers are given, each for its own time, as a trust bundle has them.
    #[must_use]
    pub fn anchors(&self, issuer_name: &str, now: UnixTime) -> Vec<TrustAnchor> {
        let published = self.keys.iter().filter(|key| key.is_published(now));
        let anchor = |key: &RingKey| TrustAnchor {
            grant: Grant {
                max_ttl: Some(Ttl::MAX),
                revocation_lists: true,
                not_before: key.signs_from.max(UnixTime::EARLIEST),
                not_after: key.signs_until.unwrap_or(now.max(key.signs_from).saturating_add(GRANTED_SECS)),
            },
            ..TrustAnchor::new(issuer_name.parse().ok(), key.issuer.verifying_key())
        };
        published.map(anchor).collect()
    }

    /// The ring with a next key, which signs from `from` on. Keys whose tokens have all expired drop out.
    ///
    /// # Errors
    /// [`RotateError::UnderWay`].
    pub fn rotated(mut self, next: SigningKey, from: UnixTime, now: UnixTime) -> Result<Self, RotateError> {
        if let Some(last) = self.keys.last_mut() {
            if last.signs_from > now {
                return Err(RotateError::UnderWay(last.id().to_string()));
            }
            last.signs_until = Some(from);
        }
        self.keys.retain(|key| key.is_published(now));
        self.keys.append(&mut Self::new(next, from).keys);
        Ok(self)
    }

    /// The ring without a key. If no other is there to sign, `replacement` does, from now on.
    ///
    /// # Errors
    /// [`RotateError::NoSuchKey`].
    pub fn withdrawn(
        mut self,
        id: &str,
        replacement: SigningKey,
        now: UnixTime,
    ) -> Result<(Self, RingKey), RotateError> {
        let place = self.keys.iter().position(|key| key.id().to_string() == id);
        let place = place.ok_or_else(|| RotateError::NoSuchKey(id.into()))?;
        let withdrawn = self.keys.remove(place);
        // One that ends in this very second signs nothing that comes later.
        let signs_now = |key: &RingKey| key.signs_from <= now && key.signs_until.is_none_or(|end| now < end);
        let somebody_signs = self.keys.iter().any(signs_now);
        match self.keys.last_mut() {
            Some(last) if last.signs_until.is_none() => {
                // The next one takes over at once.
                if !somebody_signs {
                    last.signs_from = last.signs_from.min(now);
                }
            }
            // The one that was to follow it has never signed.
            Some(last) if withdrawn.signs_from > now => last.signs_until = None,
            _ => self.keys.append(&mut Self::new(replacement, now).keys),
        }
        Ok((self, withdrawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32])
    }

    fn id(seed: u8) -> String {
        key(seed).verifying_key().id().to_string()
    }

    fn signs(ring: &KeyRing, now: UnixTime) -> String {
        ring.current(now).unwrap().id().to_string()
    }

    #[test]
    fn the_next_key_is_published_first_signs_later_and_the_old_one_drops_out() {
        let ring = KeyRing::parse(&key(1).to_jwk()).unwrap();
        let at = NOW.saturating_add(900);
        let ring = ring.rotated(key(2), at, NOW).unwrap();
        let ring = KeyRing::parse(&ring.to_json()).unwrap();
        assert!(ring.jwks("x", NOW).contains(&id(2)));
        assert_eq!(signs(&ring, at.saturating_sub(1)), id(1));
        assert_eq!(signs(&ring, at), id(2));
        assert_eq!(ring.clone().rotated(key(3), at, NOW).err(), Some(RotateError::UnderWay(id(2))));

        let last = at.saturating_add(PUBLISHED_SECS);
        assert!(ring.jwks("x", last).contains(&id(1)));
        assert!(!ring.jwks("x", last.saturating_add(1)).contains(&id(1)));
        let [old, new] = &ring.anchors("x", NOW)[..] else { panic!("two keys") };
        assert_eq!((old.grant.not_before, old.grant.not_after), (UnixTime::EARLIEST, at));
        assert_eq!(new.grant.not_before, at);

        let much_later = last.saturating_add(1);
        let ring = ring.rotated(key(3), much_later, much_later).unwrap();
        assert_eq!(ring.keys().len(), 2, "the first is gone from the file too");
    }

    #[test]
    fn a_stolen_key_is_gone_at_once_and_another_signs() {
        let ring = KeyRing::new(key(1), UnixTime::EARLIEST);
        let (only, gone) = ring.clone().withdrawn(&id(1), key(9), NOW).unwrap();
        assert_eq!((signs(&only, NOW), gone.id().to_string()), (id(9), id(1)));
        assert!(!only.jwks("x", NOW).contains(&id(1)));

        let next = ring.rotated(key(2), NOW.saturating_add(900), NOW).unwrap();
        let (back, _) = next.clone().withdrawn(&id(2), key(9), NOW).unwrap();
        assert_eq!((signs(&back, NOW.saturating_add(9_999)), back.keys().len()), (id(1), 1));
        let (at_once, _) = next.clone().withdrawn(&id(1), key(9), NOW).unwrap();
        assert_eq!((signs(&at_once, NOW), at_once.keys()[0].signs_from), (id(2), NOW), "the next one need not wait");
        let later = NOW.saturating_add(1_000);
        let (replaced, _) = next.clone().withdrawn(&id(2), key(9), later).unwrap();
        assert_eq!((signs(&replaced, later), replaced.keys().len()), (id(9), 2));
        let (without_old, _) = next.clone().withdrawn(&id(1), key(9), later).unwrap();
        assert_eq!((signs(&without_old, later), without_old.keys().len()), (id(2), 1));
        // In the very second in which the first one ended, and a third is to follow.
        let turned = KeyRing::new(key(1), UnixTime::EARLIEST).rotated(key(2), NOW, NOW).unwrap();
        let third = turned.rotated(key(3), NOW.saturating_add(900), NOW).unwrap();
        let (third, _) = third.withdrawn(&id(2), key(9), NOW).unwrap();
        assert_eq!(signs(&third, NOW.saturating_add(1)), id(3));
        assert_eq!(next.withdrawn("nobody", key(9), NOW).err(), Some(RotateError::NoSuchKey("nobody".into())));
    }

    #[test]
    fn what_is_no_ring_of_private_keys_is_refused() {
        for json in ["", "[]", "{}", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[{}]}"#] {
            assert!(KeyRing::parse(json).is_err(), "{json}");
        }
        assert!(KeyRing::parse(&key(1).verifying_key().to_jwks(None)).is_err());
        let ring = KeyRing::new(key(1), NOW);
        assert!(ring.jwks("x", NOW).contains(r#""nbf":1800000000"#));
        let bad_time = ring.to_json().replace("1800000000", "\"soon\"");
        assert_eq!(KeyRing::parse(&bad_time).err(), Some(JwkError::Member("nbf")));
    }
}
