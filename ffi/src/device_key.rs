//! Device keys: what a holder's phone proves itself with. The key stays in the phone's chip; only signatures come out.

use std::fmt;

use sealcard_core::{self as core, HolderKey, KeyError, SigningKey, VerifyingKey};
use uniffi::UnexpectedUniFFICallbackError;

use crate::SealcardError;

/// A P-256 public key as a JWK: a point of SEC 1, compressed (33 bytes) or not (65 bytes, also called X9.63), as the Secure
/// Enclave and Android's key store have it.
///
/// # Errors
/// `invalid_key`.
#[uniffi::export]
pub fn p256_holder_key(point: Vec<u8>) -> Result<String, SealcardError> {
    Ok(HolderKey::from_p256_point(&point)?.to_jwk())
}

/// An Ed25519 public key of 32 bytes as a JWK.
///
/// # Errors
/// `invalid_key` or `weak_key`.
#[uniffi::export]
pub fn ed25519_holder_key(key: Vec<u8>) -> Result<String, SealcardError> {
    let key = VerifyingKey::from_bytes(&array(&key, KeyError::Invalid)?)?;
    Ok(HolderKey::from_ed25519(key).to_jwk())
}

/// A device's public key of either kind, given as a JWK, as the one JWK that it has here.
///
/// # Errors
/// `invalid_key` or `weak_key`.
#[uniffi::export]
pub fn jwk_holder_key(jwk: &str) -> Result<String, SealcardError> {
    Ok(HolderKey::from_jwk(jwk)?.to_jwk())
}

/// A device's key pair, wherever the private half is kept: the app implements it with the platform's key store.
#[uniffi::export(with_foreign)]
pub trait DeviceKey: Send + Sync {
    /// The public half as a JWK.
    ///
    /// # Errors
    /// [`DeviceKeyError`] if the key cannot be had.
    fn holder_key(&self) -> Result<String, DeviceKeyError>;

    /// Signs the message as it is: Ed25519, or ECDSA over its SHA-256, as DER or as r and s of 32 bytes each; s may be either
    /// of its two values.
    ///
    /// # Errors
    /// [`DeviceKeyError`] if the key did not sign.
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError>;
}

/// Why a device's key did not answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Error)]
pub enum DeviceKeyError {
    /// It is locked, gone, or its owner refused.
    Unavailable {
        /// Which of these, as the platform says it.
        reason: String,
    },
}

impl fmt::Display for DeviceKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Unavailable { reason } = self;
        write!(f, "the device's key did not sign: {reason}")
    }
}

impl std::error::Error for DeviceKeyError {}

impl From<UnexpectedUniFFICallbackError> for DeviceKeyError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable { reason: error.reason }
    }
}

impl From<DeviceKeyError> for SealcardError {
    fn from(error: DeviceKeyError) -> Self {
        Self::KeyUnavailable { reason: error.to_string() }
    }
}

/// A device key in memory, for tests and servers: a phone's belongs into its chip.
#[derive(Debug, uniffi::Object)]
pub struct SoftwareDeviceKey {
    key: core::DeviceKey,
}

#[uniffi::export]
impl SoftwareDeviceKey {
    /// The P-256 key of a secret of 32 bytes, from the platform's secure random source.
    ///
    /// # Errors
    /// `invalid_key` for other lengths, and for the few numbers that no P-256 key has.
    #[uniffi::constructor]
    pub fn p256(secret: Vec<u8>) -> Result<Self, SealcardError> {
        Ok(Self { key: core::DeviceKey::p256_from_secret(&array(&secret, KeyError::InvalidP256)?)? })
    }

    /// The Ed25519 key of a seed of 32 bytes, from the platform's secure random source.
    ///
    /// # Errors
    /// `invalid_key` for other lengths.
    #[uniffi::constructor]
    pub fn ed25519(seed: Vec<u8>) -> Result<Self, SealcardError> {
        let key = SigningKey::from_seed(array(&seed, KeyError::Invalid)?);
        Ok(Self { key: core::DeviceKey::from_ed25519(key) })
    }

    /// A private JWK, as `sealcard keygen --kind device` writes it.
    ///
    /// # Errors
    /// `invalid_key` or `weak_key`.
    #[uniffi::constructor]
    pub fn from_private_jwk(jwk: &str) -> Result<Self, SealcardError> {
        Ok(Self { key: core::DeviceKey::from_jwk(jwk)? })
    }
}

#[uniffi::export]
impl DeviceKey for SoftwareDeviceKey {
    fn holder_key(&self) -> Result<String, DeviceKeyError> {
        Ok(self.key.holder_key().to_jwk())
    }

    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        Ok(self.key.sign(&message).as_bytes().to_vec())
    }
}

fn array(bytes: &[u8], error: KeyError) -> Result<[u8; 32], KeyError> {
    bytes.try_into().map_err(|_| error)
}
