//! Ed25519 keys. A key that exists has been checked.

use alloc::format;
use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, Verifier as _};
use sha2::{Digest as _, Sha256};

use crate::ErrorCode;
use crate::wire::SIGNATURE_LEN;

/// A public key that passed every check on import: on the curve, canonically encoded, in the group of the base point.
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
    /// [`KeyError::Weak`] for the points of small order, [`KeyError::Invalid`] for what is no point, not the canonical
    /// encoding of one, or outside the group that the base point generates.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let point = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Invalid)?;
        if point.is_weak() {
            return Err(KeyError::Weak);
        }
        // Outside the base point's group, implementations disagree about which signatures hold.
        let edwards = point.to_edwards();
        if edwards.compress().as_bytes() != bytes || !edwards.is_torsion_free() {
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

    /// Strict Ed25519, in the time of the lax check.
    ///
    /// dalek's `verify_strict` does three things more than its `verify`: it refuses a key of small order, a commitment
    /// R of small order, and an R that is no point. The key was tested on import. `verify` compares R's bytes with the
    /// canonical encoding of a point it computes, so an R that is no point, or not canonical, fails there anyway; what
    /// is left is to compare R with the eight canonical encodings of small order, instead of decompressing it.
    pub(crate) fn is_signed(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        let small_order = signature.first_chunk().is_none_or(|r: &[u8; 32]| SMALL_ORDER.contains(r));
        !small_order && self.point.verify(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.id)
    }
}

/// The canonical encodings of the eight points of small order.
const SMALL_ORDER: [[u8; 32]; 8] = {
    const fn y(first: u8, rest: u8, last: u8) -> [u8; 32] {
        let mut bytes = [rest; 32];
        let [start, .., end] = &mut bytes;
        *start = first;
        *end = last;
        bytes
    }
    const EIGHTH: [u8; 32] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    const MINUS_EIGHTH: [u8; 32] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    const fn with_sign(mut bytes: [u8; 32]) -> [u8; 32] {
        let [.., last] = &mut bytes;
        *last |= 0x80;
        bytes
    }
    [
        y(1, 0, 0),
        y(0xec, 0xff, 0x7f),
        y(0, 0, 0),
        y(0, 0, 0x80),
        EIGHTH,
        with_sign(EIGHTH),
        MINUS_EIGHTH,
        with_sign(MINUS_EIGHTH),
    ]
};

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
    #[must_use]
    pub const fn hint(&self) -> u8 {
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
    /// Not a P-256 key: no point of the curve, or not in its one spelling.
    InvalidP256,
}

impl KeyError {
    /// The stable code: `invalid_key` or `weak_key`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid | Self::InvalidP256 => ErrorCode::InvalidKey,
            Self::Weak => ErrorCode::WeakKey,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "the public key is not a canonically encoded point of Ed25519",
            Self::Weak => "the public key is weak (small order): anyone could sign for it",
            Self::InvalidP256 => "the key is not a P-256 key: a point of the curve, in its one spelling",
        })
    }
}

impl core::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use curve25519_dalek::{EdwardsPoint, Scalar};
    use sha2::Sha512;

    /// Non-canonical encodings of points of small order: y + p, or a sign bit on x = 0. Deny lists miss them.
    fn non_canonical_small_order() -> [[u8; 32]; 6] {
        let y = |first: u8, last: u8| {
            let mut bytes = [if first <= 1 { 0 } else { 0xff }; 32];
            (bytes[0], bytes[31]) = (first, last);
            bytes
        };
        [y(1, 0x80), y(0xec, 0xff), y(0xee, 0x7f), y(0xee, 0xff), y(0xed, 0x7f), y(0xed, 0xff)]
    }

    #[test]
    fn small_order_keys_are_refused_in_every_encoding() {
        for bytes in SMALL_ORDER {
            assert_eq!(VerifyingKey::from_bytes(&bytes), Err(KeyError::Weak), "{bytes:x?}");
        }
        for bytes in non_canonical_small_order() {
            assert!(VerifyingKey::from_bytes(&bytes).is_err(), "{bytes:x?}");
        }
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
    fn keys_with_a_component_of_small_order_are_refused() {
        let point = ED25519_BASEPOINT_POINT * Scalar::from(1_234_567_u32);
        let key = |torsion: EdwardsPoint| VerifyingKey::from_bytes((point + torsion).compress().as_bytes());
        let accepted = EIGHT_TORSION.map(|torsion| key(torsion).is_ok());
        assert_eq!(accepted, [true, false, false, false, false, false, false, false]);
    }

    #[test]
    fn bytes_off_the_curve_are_refused() {
        assert_eq!(VerifyingKey::from_bytes(&[2; 32]).map(|_| ()), Err(KeyError::Invalid));
    }

    #[test]
    fn the_list_of_small_order_is_complete() {
        let mut torsion = EIGHT_TORSION.map(|point| point.compress().to_bytes());
        let mut list = SMALL_ORDER;
        torsion.sort_unstable();
        list.sort_unstable();
        assert_eq!(list, torsion);
    }

    /// Keys and commitments with every component of small order, with and without a part of large order, each signed
    /// so that the lax equation holds as often as it can; and commitments of small order in every encoding.
    #[test]
    fn the_fast_check_is_as_strict_as_verify_strict() {
        let scalar =
            |text: &str, n: u32| Scalar::from_bytes_mod_order_wide(&Sha512::digest(format!("{text}{n}")).into());
        let (mut accepted, mut refused_only_by_strictness) = (0, 0);
        for n in 0..40 {
            let (a, r) = (scalar("key", n), scalar("nonce", n));
            let message = format!("message {n}");
            for (key_torsion, r_torsion, r_part) in cases() {
                let public = (ED25519_BASEPOINT_POINT * a + key_torsion).compress().to_bytes();
                let r = r * r_part;
                let point = ED25519_BASEPOINT_POINT * r + r_torsion;
                let other_spellings =
                    non_canonical_small_order().into_iter().filter(|_| r_part == Scalar::ZERO && n < 4);
                for commitment in [point.compress().to_bytes()].into_iter().chain(other_spellings) {
                    let mut hash = Sha512::new();
                    hash.update(commitment);
                    hash.update(public);
                    hash.update(&message);
                    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
                    let mut signature = [0; 64];
                    signature[..32].copy_from_slice(&commitment);
                    signature[32..].copy_from_slice((r + k * a).as_bytes());
                    // Made without the checks on import, some of which these keys would not pass.
                    let point = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
                    let key = VerifyingKey { id: KeyId::of(&public), point };
                    let signed = Signature::from_bytes(&signature);
                    let strict = key.point.verify_strict(message.as_bytes(), &signed).is_ok();
                    let lax = key.point.verify(message.as_bytes(), &signed).is_ok();
                    assert_eq!(key.is_signed(message.as_bytes(), &signature), strict);
                    accepted += u32::from(strict);
                    refused_only_by_strictness += u32::from(lax && !strict);
                    // The same scalar plus the group's order is another spelling of it.
                    let mut carry = 0_u16;
                    for (byte, order) in signature[32..].iter_mut().zip(GROUP_ORDER) {
                        let sum = u16::from(*byte) + u16::from(order) + carry;
                        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
                    }
                    assert!(!key.is_signed(message.as_bytes(), &signature));
                }
            }
        }
        assert!(accepted > 100 && refused_only_by_strictness > 10, "{accepted} {refused_only_by_strictness}");
    }

    /// 2^252 + 27742317777372353535851937790883648493, little-endian.
    const GROUP_ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    fn cases() -> impl Iterator<Item = (EdwardsPoint, EdwardsPoint, Scalar)> {
        EIGHT_TORSION.into_iter().flat_map(|key| {
            EIGHT_TORSION.into_iter().flat_map(move |r| [(key, r, Scalar::ONE), (key, r, Scalar::ZERO)])
        })
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
