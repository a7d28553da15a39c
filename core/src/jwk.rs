//! Keys as JSON (RFC 7517, RFC 8037): what `/.well-known/jwks.json`, trust files and key files hold.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::profile::DisplayText;
use crate::{DeviceKey, ErrorCode, HolderKey, KeyError, SigningKey, VerifyingKey};

/// The members of a JWK that matter here; others are ignored, as RFC 7517 asks.
#[derive(Serialize, Deserialize, Default)]
struct Jwk {
    kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    /// Ours: the issuer's name, shown in the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
}

impl Jwk {
    fn is_ed25519(&self) -> bool {
        self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519")
    }

    fn is_p256(&self) -> bool {
        self.kty == "EC" && self.crv.as_deref() == Some("P-256")
    }

    fn verifying_key(&self) -> Result<VerifyingKey, JwkError> {
        let x = bytes32(self.x.as_deref().ok_or(JwkError::Member("x"))?, "x")?;
        VerifyingKey::from_bytes(&x).map_err(JwkError::Key)
    }

    fn holder_key(&self) -> Result<HolderKey, JwkError> {
        if self.is_ed25519() {
            return self.verifying_key().map(HolderKey::from_ed25519);
        }
        if !self.is_p256() {
            return Err(JwkError::Member("crv"));
        }
        let x = bytes32(self.x.as_deref().ok_or(JwkError::Member("x"))?, "x")?;
        let y = bytes32(self.y.as_deref().ok_or(JwkError::Member("y"))?, "y")?;
        HolderKey::from_p256_coordinates(&x, &y).map_err(JwkError::Key)
    }

    /// A key in a file of its own that is meant to be public.
    fn parse_public(json: &str) -> Result<Self, JwkError> {
        let jwk: Self = serde_json::from_str(json).map_err(|_| JwkError::Json)?;
        if jwk.d.is_some() { Err(JwkError::Private) } else { Ok(jwk) }
    }
}

/// A key in a trust file. A member that is `null` is as good as none; of members that mean nothing here, nothing is asked.
pub(crate) struct PublicJwk<'a>(pub(crate) &'a Map<String, Value>);

impl PublicJwk<'_> {
    pub(crate) fn is_ed25519(&self) -> bool {
        self.text("kty") == Some("OKP") && self.text("crv") == Some("Ed25519")
    }

    pub(crate) fn is_for_signing(&self) -> bool {
        self.member("use").is_none_or(|usage| usage == "sig")
    }

    pub(crate) fn is_private(&self) -> bool {
        self.member("d").is_some()
    }

    /// The issuer's name, if the key carries one.
    pub(crate) fn issuer(&self) -> Result<Option<DisplayText<100>>, JwkError> {
        let Some(issuer) = self.member("iss") else { return Ok(None) };
        let issuer = issuer.as_str().and_then(|issuer| DisplayText::from_signed(issuer.into()).ok());
        issuer.map(Some).ok_or(JwkError::Member("iss"))
    }

    pub(crate) fn verifying_key(&self) -> Result<VerifyingKey, JwkError> {
        let x = bytes32(self.text("x").ok_or(JwkError::Member("x"))?, "x")?;
        VerifyingKey::from_bytes(&x).map_err(JwkError::Key)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Value::as_str)
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|member| !member.is_null())
    }
}

fn bytes32(text: &str, member: &'static str) -> Result<Zeroizing<[u8; 32]>, JwkError> {
    let mut bytes = Zeroizing::new([0; 32]);
    match URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()) {
        Ok(32) => Ok(bytes),
        _ => Err(JwkError::Member(member)),
    }
}

fn to_json(value: &impl Serialize) -> String {
    // Strings and options of strings always serialise.
    serde_json::to_string(value).unwrap_or_default()
}

impl VerifyingKey {
    fn jwk(&self, issuer: Option<&str>) -> Jwk {
        Jwk {
            kty: "OKP".into(),
            crv: Some("Ed25519".into()),
            x: Some(self.to_base64url()),
            kid: Some(self.id().to_string()),
            usage: Some("sig".into()),
            alg: Some("EdDSA".into()),
            iss: issuer.map(Into::into),
            ..Jwk::default()
        }
    }

    /// The key's 32 bytes as a JWK's `x` has them.
    #[must_use]
    pub fn to_base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.as_bytes())
    }

    /// The key as a JWK on one line, with the issuer's name in the member `iss` if given.
    #[must_use]
    pub fn to_jwk(&self, issuer: Option<&str>) -> String {
        to_json(&self.jwk(issuer))
    }

    /// A JWK set that holds this key alone.
    #[must_use]
    pub fn to_jwks(&self, issuer: Option<&str>) -> String {
        format!(r#"{{"keys":[{}]}}"#, self.to_jwk(issuer))
    }
}

impl VerifyingKey {
    /// Reads a public key from a JWK, as a pinned root key comes.
    ///
    /// # Errors
    /// [`JwkError`] if it is not an Ed25519 key, or a private one.
    pub fn from_jwk(json: &str) -> Result<Self, JwkError> {
        let jwk = Jwk::parse_public(json)?;
        if jwk.is_ed25519() { jwk.verifying_key() } else { Err(JwkError::Member("crv")) }
    }
}

impl HolderKey {
    fn jwk(&self) -> Jwk {
        match (self.as_ed25519(), self.p256_coordinates()) {
            (Some(key), _) => key.jwk(None),
            (None, coordinates) => {
                let (x, y) = coordinates.unwrap_or_default();
                Jwk {
                    kty: "EC".into(),
                    crv: Some("P-256".into()),
                    x: Some(URL_SAFE_NO_PAD.encode(x)),
                    y: Some(URL_SAFE_NO_PAD.encode(y)),
                    usage: Some("sig".into()),
                    alg: Some("ES256".into()),
                    ..Jwk::default()
                }
            }
        }
    }

    /// The key as a JWK on one line.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        to_json(&self.jwk())
    }

    /// Reads a P-256 or Ed25519 public key from a JWK.
    ///
    /// # Errors
    /// [`JwkError`] if it is neither, or a private one.
    pub fn from_jwk(json: &str) -> Result<Self, JwkError> {
        Jwk::parse_public(json)?.holder_key()
    }
}

impl DeviceKey {
    /// The private key as a JWK on one line: what a device key's file holds. Wiped when dropped.
    #[must_use]
    pub fn to_jwk(&self) -> Zeroizing<String> {
        let mut jwk = self.holder_key().jwk();
        jwk.d = Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(self.to_secret().as_slice())));
        Zeroizing::new(to_json(&jwk))
    }

    /// Reads [`DeviceKey::to_jwk`].
    ///
    /// # Errors
    /// [`JwkError`] if it is not a P-256 or Ed25519 private key, or its public half is another key's.
    pub fn from_jwk(json: &str) -> Result<Self, JwkError> {
        let jwk: Jwk = serde_json::from_str(json).map_err(|_| JwkError::Json)?;
        let public = jwk.holder_key()?;
        let secret = bytes32(jwk.d.as_ref().ok_or(JwkError::Member("d"))?, "d")?;
        let key = if public.as_ed25519().is_some() {
            Self::from_ed25519(SigningKey::from_seed(*secret))
        } else {
            Self::p256_from_secret(&secret).map_err(|_| JwkError::Member("d"))?
        };
        if key.holder_key() == public { Ok(key) } else { Err(JwkError::Mismatch) }
    }
}

impl SigningKey {
    /// The private key as a JWK on one line: what a key file holds. Wiped when dropped.
    #[must_use]
    pub fn to_jwk(&self) -> Zeroizing<String> {
        let mut jwk = self.verifying_key().jwk(None);
        jwk.d = Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(self.to_seed().as_slice())));
        Zeroizing::new(to_json(&jwk))
    }

    /// Reads [`SigningKey::to_jwk`].
    ///
    /// # Errors
    /// [`JwkError`] if it is not an Ed25519 private key, or its public half is another key's.
    pub fn from_jwk(json: &str) -> Result<Self, JwkError> {
        let jwk: Jwk = serde_json::from_str(json).map_err(|_| JwkError::Json)?;
        if !jwk.is_ed25519() {
            return Err(JwkError::Member("crv"));
        }
        let seed = bytes32(jwk.d.as_ref().ok_or(JwkError::Member("d"))?, "d")?;
        let key = Self::from_seed(*seed);
        if jwk.verifying_key()? == key.verifying_key() { Ok(key) } else { Err(JwkError::Mismatch) }
    }
}

/// Why a JWK is not the key that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkError {
    /// Not JSON, or not a JSON object with string members.
    Json,
    /// The named member is missing or wrong.
    Member(&'static str),
    /// The public half does not belong to the private one.
    Mismatch,
    /// A private key where a public one was asked for.
    Private,
    /// The public key itself is unacceptable.
    Key(KeyError),
}

impl JwkError {
    /// The stable code: `invalid_key` or `weak_key`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Json | Self::Member(_) | Self::Mismatch | Self::Private => ErrorCode::InvalidKey,
            Self::Key(error) => error.code(),
        }
    }
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json => f.write_str("the key is not a JSON Web Key"),
            Self::Member("d") => f.write_str("the private half (`d`) is missing or damaged, as in a public key"),
            Self::Member(name) => {
                write!(f, "the JSON Web Key's member `{name}` is missing or wrong for a key of this use")
            }
            Self::Private => f.write_str("this is a private key (it has `d`): give the public half"),
            Self::Mismatch => f.write_str("the key's public half does not belong to its private half (`d`)"),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for JwkError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_survives_its_jwk() {
        let key = SigningKey::from_seed([3; 32]);
        let again = SigningKey::from_jwk(&key.to_jwk()).unwrap();
        assert_eq!(again.verifying_key(), key.verifying_key());
        assert!(!key.verifying_key().to_jwk(Some("x")).contains("\"d\""));
    }

    #[test]
    fn device_keys_survive_their_jwks() {
        for key in
            [DeviceKey::p256_from_secret(&[7; 32]).unwrap(), DeviceKey::from_ed25519(SigningKey::from_seed([7; 32]))]
        {
            let public = key.holder_key();
            assert_eq!(HolderKey::from_jwk(&public.to_jwk()), Ok(public.clone()));
            assert_eq!(DeviceKey::from_jwk(&key.to_jwk()).unwrap().holder_key(), public);
            assert_eq!(HolderKey::from_jwk(&key.to_jwk()), Err(JwkError::Private));
            assert!(matches!(DeviceKey::from_jwk(&public.to_jwk()), Err(JwkError::Member("d"))));
        }
        let key = DeviceKey::p256_from_secret(&[7; 32]).unwrap().holder_key().to_jwk();
        assert_eq!(HolderKey::from_jwk(&key.replace("P-256", "P-384")), Err(JwkError::Member("crv")));
        assert_eq!(HolderKey::from_jwk(&key.replace("\"y\"", "\"z\"")), Err(JwkError::Member("y")));
        assert_eq!(VerifyingKey::from_jwk(&key), Err(JwkError::Member("crv")));
    }

    #[test]
    fn a_damaged_private_key_is_refused() {
        let json = SigningKey::from_seed([3; 32]).to_jwk();
        let other = SigningKey::from_seed([4; 32]).to_jwk();
        let d = |json: &str| json.split("\"d\":\"").nth(1).unwrap()[..43].to_string();
        let cases = [
            (json[..json.len() / 2].to_string(), JwkError::Json),
            (String::new(), JwkError::Json),
            ("{}".to_string(), JwkError::Json),
            (json.replace("\"d\"", "\"e\""), JwkError::Member("d")),
            (json.replace("Ed25519", "X25519"), JwkError::Member("crv")),
            (json.replace(&d(&json), &d(&json)[..42]), JwkError::Member("d")),
            (json.replace(&d(&json), &d(&other)), JwkError::Mismatch),
        ];
        for (json, error) in cases {
            assert_eq!(SigningKey::from_jwk(&json).map(|_| ()), Err(error), "{json}");
        }
    }
}
