//! Device keys: what a holder's phone proves itself with.

use core::fmt;

use p256::ecdsa::signature::{Signer as _, Verifier as _};

use crate::key::{KeyError, SigningKey, VerifyingKey};
use crate::wire::SIGNATURE_LEN;

/// A P-256 public key as a point of SEC 1, compressed.
pub(crate) const P256_LEN: usize = 33;

/// A device's public key, checked on import: P-256, which is what the Secure Enclave and Android's StrongBox hold, or
/// Ed25519.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderKey(Repr);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    P256(p256::ecdsa::VerifyingKey),
    Ed25519(VerifyingKey),
}

impl HolderKey {
    /// A P-256 key in the compressed form of SEC 1: `02` or `03`, and the coordinate x.
    ///
    /// # Errors
    /// [`KeyError::InvalidP256`] for what is no such point of the curve in its one spelling.
    pub fn from_p256(bytes: &[u8; P256_LEN]) -> Result<Self, KeyError> {
        let compressed = matches!(bytes, [2 | 3, ..]);
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().filter(|_| compressed);
        let key = Self(Repr::P256(key.ok_or(KeyError::InvalidP256)?));
        if key.to_p256().as_ref() == Some(bytes) { Ok(key) } else { Err(KeyError::InvalidP256) }
    }

    /// A P-256 key by its coordinates, as JWKs and the platforms' key stores give it.
    ///
    /// # Errors
    /// [`KeyError::InvalidP256`] if the point is not on the curve.
    pub fn from_p256_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, KeyError> {
        let mut point = [4; 65];
        let (_, coordinates) = point.split_at_mut(1);
        let (to_x, to_y) = coordinates.split_at_mut(32);
        to_x.copy_from_slice(x);
        to_y.copy_from_slice(y);
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point);
        key.map(|key| Self(Repr::P256(key))).map_err(|_| KeyError::InvalidP256)
    }

    /// A P-256 key as a point of SEC 1, as the platforms' key stores give it: compressed (33 bytes), or `04` and both
    /// coordinates (65 bytes, also called X9.63).
    ///
    /// # Errors
    /// [`KeyError::InvalidP256`] for what is no such point of the curve.
    pub fn from_p256_point(bytes: &[u8]) -> Result<Self, KeyError> {
        if let Some([4, coordinates @ ..]) = bytes.as_array::<65>()
            && let Some((x, y)) = coordinates.split_first_chunk::<32>()
            && let Some(y) = y.as_array()
        {
            return Self::from_p256_coordinates(x, y);
        }
        Self::from_p256(bytes.try_into().map_err(|_| KeyError::InvalidP256)?)
    }

    /// An Ed25519 key.
    #[must_use]
    pub const fn from_ed25519(key: VerifyingKey) -> Self {
        Self(Repr::Ed25519(key))
    }

    /// The compressed point, if it is a P-256 key.
    #[must_use]
    pub fn to_p256(&self) -> Option<[u8; P256_LEN]> {
        let Repr::P256(key) = &self.0 else { return None };
        key.to_sec1_point(true).as_bytes().try_into().ok()
    }

    /// The coordinates x and y, if it is a P-256 key.
    pub(crate) fn p256_coordinates(&self) -> Option<([u8; 32], [u8; 32])> {
        let Repr::P256(key) = &self.0 else { return None };
        let point = key.to_sec1_point(false);
        let (x, y) = point.as_bytes().get(1..)?.split_at_checked(32)?;
        Some((x.try_into().ok()?, y.try_into().ok()?))
    }

    /// The key, if it is an Ed25519 one.
    #[must_use]
    pub const fn as_ed25519(&self) -> Option<&VerifyingKey> {
        match &self.0 {
            Repr::P256(_) => None,
            Repr::Ed25519(key) => Some(key),
        }
    }

    /// Whether this key made the signature: strict Ed25519, or ECDSA over SHA-256 with the low one of the two values that s
    /// may have, so that nobody can turn a signature into a second one.
    pub(crate) fn is_signed(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        match &self.0 {
            Repr::Ed25519(key) => key.is_signed(message, signature),
            Repr::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| signature == signature.normalize_s() && key.verify(message, &signature).is_ok()),
        }
    }
}

/// What a device key answered: 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceSignature([u8; SIGNATURE_LEN]);

impl DeviceSignature {
    /// An Ed25519 signature, or the numbers r and s of ECDSA one after the other; s may be the high one of its two values.
    ///
    /// # Errors
    /// [`SignatureError`] for other lengths, and for numbers that no signature has.
    pub fn from_slice(bytes: &[u8], key: &HolderKey) -> Result<Self, SignatureError> {
        match &key.0 {
            Repr::Ed25519(_) => bytes.try_into().map(Self).map_err(|_| SignatureError),
            Repr::P256(_) => p256::ecdsa::Signature::from_slice(bytes).map(Self::low_s).map_err(|_| SignatureError),
        }
    }

    /// An ECDSA signature in ASN.1 DER, as the platforms' key stores give it; s may be the high one of its two values.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, SignatureError> {
        p256::ecdsa::Signature::from_der(bytes).map(Self::low_s).map_err(|_| SignatureError)
    }

    /// A signature in whichever of these forms the platform's key store gives it: 64 bytes, else DER. (A DER of 64 bytes
    /// would need numbers six bytes shorter than usual: one signature in 2^48.)
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn from_key_store(bytes: &[u8], key: &HolderKey) -> Result<Self, SignatureError> {
        match &key.0 {
            Repr::P256(_) if bytes.len() != SIGNATURE_LEN => Self::from_der(bytes),
            _ => Self::from_slice(bytes, key),
        }
    }

    fn low_s(signature: p256::ecdsa::Signature) -> Self {
        Self(signature.normalize_s().to_bytes().into())
    }

    /// The signature as a presentation carries it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SIGNATURE_LEN] {
        &self.0
    }
}

/// Not a signature in any of the forms that a device key's may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureError;

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a signature: 64 bytes, or ASN.1 DER of ECDSA over P-256")
    }
}

impl core::error::Error for SignatureError {}

/// A device key in software, for tests, servers and the command line: a phone's stays in its chip. Wiped from memory when
/// dropped, never printed.
pub struct DeviceKey(PrivateRepr);

enum PrivateRepr {
    P256(p256::ecdsa::SigningKey),
    Ed25519(SigningKey),
}

impl DeviceKey {
    /// The P-256 key of a secret number, big-endian. It must come from a secure random source.
    ///
    /// # Errors
    /// [`KeyError::InvalidP256`] for zero, and for the group's order and above: draw again.
    pub fn p256_from_secret(secret: &[u8; 32]) -> Result<Self, KeyError> {
        let key = p256::ecdsa::SigningKey::from_slice(secret).map_err(|_| KeyError::InvalidP256)?;
        Ok(Self(PrivateRepr::P256(key)))
    }

    /// An Ed25519 key.
    #[must_use]
    pub const fn from_ed25519(key: SigningKey) -> Self {
        Self(PrivateRepr::Ed25519(key))
    }

    /// The public half.
    #[must_use]
    pub fn holder_key(&self) -> HolderKey {
        HolderKey(match &self.0 {
            PrivateRepr::P256(key) => Repr::P256(*key.verifying_key()),
            PrivateRepr::Ed25519(key) => Repr::Ed25519(key.verifying_key()),
        })
    }

    /// Signs what [`crate::Pass::present`] asks for; ECDSA as RFC 6979 has it, without randomness.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> DeviceSignature {
        match &self.0 {
            PrivateRepr::P256(key) => DeviceSignature::low_s(key.sign(message)),
            PrivateRepr::Ed25519(key) => DeviceSignature(key.sign(message)),
        }
    }

    /// The secret: P-256's number or Ed25519's seed.
    pub(crate) fn to_secret(&self) -> zeroize::Zeroizing<[u8; 32]> {
        match &self.0 {
            PrivateRepr::P256(key) => zeroize::Zeroizing::new(key.to_bytes().into()),
            PrivateRepr::Ed25519(key) => key.to_seed(),
        }
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> DeviceKey {
        DeviceKey::p256_from_secret(&[9; 32]).unwrap()
    }

    /// The order of the group less s: the other value that verifies.
    fn high_s(signature: &DeviceSignature) -> [u8; 64] {
        let signature = p256::ecdsa::Signature::from_slice(signature.as_bytes()).unwrap();
        let (r, s) = signature.split_scalars();
        p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap().to_bytes().into()
    }

    #[test]
    fn a_signature_has_one_accepted_spelling_whatever_the_chip_returns() {
        let (device, key) = (device(), device().holder_key());
        let signature = device.sign(b"message");
        assert!(key.is_signed(b"message", signature.as_bytes()));
        assert!(!key.is_signed(b"massage", signature.as_bytes()));
        let high = high_s(&signature);
        assert!(!key.is_signed(b"message", &high));
        assert_eq!(DeviceSignature::from_slice(&high, &key), Ok(signature));
        for bytes in [*signature.as_bytes(), high] {
            let der = p256::ecdsa::Signature::from_slice(&bytes).unwrap().to_der();
            assert_eq!(DeviceSignature::from_der(der.as_bytes()), Ok(signature));
            for form in [der.as_bytes(), &bytes] {
                assert_eq!(DeviceSignature::from_key_store(form, &key), Ok(signature));
            }
        }
        for bytes in [&[0; 64][..], &[0xff; 64], &high[1..], &[]] {
            assert!(DeviceSignature::from_slice(bytes, &key).is_err());
            assert!(DeviceSignature::from_der(bytes).is_err());
        }
        assert!(!key.is_signed(b"message", &[0; 64]));
    }

    #[test]
    fn a_point_has_one_accepted_spelling_and_lies_on_the_curve() {
        let key = device().holder_key();
        let bytes = key.to_p256().unwrap();
        assert_eq!(HolderKey::from_p256(&bytes), Ok(key.clone()));
        let (x, y) = key.p256_coordinates().unwrap();
        let uncompressed = [&[4], &x[..], &y].concat();
        for point in [&bytes[..], &uncompressed] {
            assert_eq!(HolderKey::from_p256_point(point), Ok(key.clone()));
            assert_eq!(HolderKey::from_p256_point(&point[1..]), Err(KeyError::InvalidP256));
        }
        let hybrid = [&[6], &x[..], &y].concat();
        assert_eq!(HolderKey::from_p256_point(&hybrid), Err(KeyError::InvalidP256));
        assert_eq!(HolderKey::from_p256_point(&[]), Err(KeyError::InvalidP256));
        assert_eq!(HolderKey::from_p256_coordinates(&x, &y), Ok(key.clone()));
        assert_eq!(HolderKey::from_p256_coordinates(&y, &x), Err(KeyError::InvalidP256));
        // Compact, hybrid and no form; not a point; x beyond the field's prime.
        for first in [0, 1, 4, 5, 6, 7] {
            let mut other = bytes;
            other[0] = first;
            assert_eq!(HolderKey::from_p256(&other), Err(KeyError::InvalidP256), "{first}");
        }
        let mut beyond = [0xff; 33];
        beyond[0] = 2;
        assert_eq!(HolderKey::from_p256(&beyond), Err(KeyError::InvalidP256));
        assert_eq!(HolderKey::from_p256(&[0; 33]), Err(KeyError::InvalidP256));
        let mut other = bytes;
        other[0] ^= 1;
        assert_ne!(HolderKey::from_p256(&other), Ok(key));
    }

    #[test]
    fn an_ed25519_key_works_as_well() {
        let device = DeviceKey::from_ed25519(SigningKey::from_seed([5; 32]));
        let key = device.holder_key();
        let signature = device.sign(b"message");
        assert!(key.is_signed(b"message", signature.as_bytes()));
        assert_eq!(DeviceSignature::from_slice(signature.as_bytes(), &key), Ok(signature));
        assert!(!device_p256_accepts(signature.as_bytes()));
        assert_eq!((key.to_p256(), key.as_ed25519().is_some()), (None, true));
    }

    fn device_p256_accepts(signature: &[u8; 64]) -> bool {
        device().holder_key().is_signed(b"message", signature)
    }
}
