//! A device's key on disk: what `sealcard present` signs with, in place of a phone's chip.

use std::path::Path;

use sealcard_core::DeviceKey;

use crate::private_file;
use crate::signing_key::SigningKeyError;

/// A fresh P-256 key, as phones make them.
///
/// # Errors
/// [`SigningKeyError::Random`].
pub fn generate() -> Result<DeviceKey, SigningKeyError> {
    let mut secret = zeroize::Zeroizing::new([0; 32]);
    loop {
        getrandom::fill(secret.as_mut_slice())?;
        // One number in 2^32 is none of the group's: draw again.
        if let Ok(key) = DeviceKey::p256_from_secret(&secret) {
            return Ok(key);
        }
    }
}

/// The key in a file that only its owner may read.
///
/// # Errors
/// [`SigningKeyError::File`] or [`SigningKeyError::Content`].
pub fn load(path: &Path) -> Result<DeviceKey, SigningKeyError> {
    let json = private_file::read(path)?;
    DeviceKey::from_jwk(json.trim())
        .map_err(|error| SigningKeyError::Content { path: path.display().to_string(), error })
}

/// Writes a key to a new file of mode 0600; never over an old one.
///
/// # Errors
/// [`SigningKeyError::File`].
pub fn store(path: &Path, key: &DeviceKey) -> Result<(), SigningKeyError> {
    Ok(private_file::create(path, &key.to_jwk())?)
}
