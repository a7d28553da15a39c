//! Ed25519 keys. A key that exists has been checked.

use alloc::format;
use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _};
use sha2::{Digest as _, Sha256};

use crate::ErrorCode;
use crate::wire::{KeyHint, SIGNATURE_LEN};

/// A public key that passed every check on import: on the curve, canonically encoded, not of small order.
///
/// A small-order key accepts signatures that anyone can make, and lists of such keys miss their non-canonical
/// encodings. So the point is decompressed, tested and compressed again, and the bytes must come back the same.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    point: ed25519_dalek::VerifyingKey,
    id: KeyId,
}

impl VerifyingKey {
    /// # Errors
    /// [`KeyError::Weak`] for the points of small order, [`KeyError::Invalid`] for what is no point or not the
    /// canonical encoding of one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let point = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Invalid)?;
        if point.is_weak() {
            return Err(KeyError::Weak);
        }
        if point.to_edwards().compress().as_bytes() != bytes {
            return Err(KeyError::Invalid);
        }
        Ok(Self { id: KeyId::of(bytes), point })
    }

    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.point.as_bytes()
    }

    /// The key's id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Strict Ed25519: also refuses small-order and non-canonical commitments and scalars, so that a signature
    /// has one spelling.
    pub(crate) fn is_signed(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        self.point.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.id)
    }
}

/// A private key. Wiped from memory when dropped, never printed, not `Clone`.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032's private key). The seed must come from a secure random source.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = zeroize::Zeroizing::new(seed);
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// The seed, for writing a key file. Handle with care.
    #[must_use]
    pub fn to_seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        let point = self.0.verifying_key();
        VerifyingKey { id: KeyId::of(point.as_bytes()), point }
    }

    /// Signs bytes as they are. What is signed must say what it is for: a token starts with its context, a JWT with
    /// its header, so that neither can pass as the other.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

/// Names a public key: its RFC 7638 thumbprint. Shown as the JWK's `kid`, in base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 32]);

impl KeyId {
    fn of(public: &[u8; 32]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(public);
        Self(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)).into())
    }

    /// The start of the id that a token carries. Hints collide: every key with the hint must be tried.
    pub(crate) const fn hint(&self) -> KeyHint {
        let [first, ..] = self.0;
        first
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        URL_SAFE_NO_PAD.encode_string(self.0, &mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why 32 bytes are not an acceptable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Not a point of the curve in its canonical encoding.
    Invalid,
    /// A point of small order: anyone could sign for it.
    Weak,
}

impl KeyError {
    /// The stable code: `invalid_key` or `weak_key`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid => ErrorCode::InvalidKey,
            Self::Weak => ErrorCode::WeakKey,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "the public key is not a canonically encoded point of Ed25519",
            Self::Weak => "the public key is weak (small order): anyone could sign for it",
        })
    }
}

impl core::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The eight points of small order, as y and sign; then their non-canonical encodings (y + p, or a sign bit on
    /// x = 0), which deny lists miss.
    const SMALL_ORDER: [&str; 14] = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];

    fn bytes(hex: &str) -> [u8; 32] {
        core::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
    }

    #[test]
    fn small_order_keys_are_refused_in_every_encoding() {
        for hex in SMALL_ORDER {
            assert!(VerifyingKey::from_bytes(&bytes(hex)).is_err(), "{hex}");
        }
        assert_eq!(VerifyingKey::from_bytes(&bytes(SMALL_ORDER[0])), Err(KeyError::Weak));
    }

    #[test]
    fn non_canonical_keys_of_full_order_are_refused() {
        // y = p + 3 and so on: the same points as y = 3, spelled with a y that is not below p.
        let mut refused = 0;
        for low in 0xed_u8..=0xff {
            let mut y = [0xff; 32];
            y[0] = low;
            y[31] = 0x7f;
            assert!(VerifyingKey::from_bytes(&y).is_err(), "{low:x}");
            refused += usize::from(ed25519_dalek::VerifyingKey::from_bytes(&y).is_ok_and(|key| !key.is_weak()));
        }
        assert!(refused > 0, "some of these are only caught by comparing the bytes");
    }

    #[test]
    fn bytes_off_the_curve_are_refused() {
        assert_eq!(VerifyingKey::from_bytes(&[2; 32]).map(|_| ()), Err(KeyError::Invalid));
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let key = SigningKey::from_seed([0xab; 32]);
        assert_eq!(format!("{key:?}"), "SigningKey(redacted)");
    }

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_8037() {
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key = VerifyingKey::from_bytes(&x.try_into().unwrap()).unwrap();
        assert_eq!(alloc::string::ToString::to_string(&key.id()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
