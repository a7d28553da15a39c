//! The issuer's signing key on disk.

use std::path::Path;

use sealcard_core::{JwkError, SigningKey};
use thiserror::Error;

use crate::private_file::{self, PrivateFileError};

/// A signing key that could not be loaded or made.
#[derive(Debug, Error)]
pub enum SigningKeyError {
    /// The file.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// Its content.
    #[error(
        "{path}: {error}. Is it the right file, and of the right kind of key? If it is damaged, restore it from a backup"
    )]
    Content {
        /// The file.
        path: String,
        /// What is wrong.
        error: JwkError,
    },
    /// No randomness.
    #[error("the system has no randomness for a new key: {0}")]
    Random(#[from] getrandom::Error),
}

/// A fresh key.
///
/// # Errors
/// [`SigningKeyError::Random`].
pub fn generate() -> Result<SigningKey, SigningKeyError> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice())?;
    Ok(SigningKey::from_seed(*seed))
}

/// The key in a file that only its owner may read.
///
/// # Errors
/// [`SigningKeyError::File`] or [`SigningKeyError::Content`].
pub fn load(path: &Path) -> Result<SigningKey, SigningKeyError> {
    let json = private_file::read(path)?;
    SigningKey::from_jwk(json.trim())
        .map_err(|error| SigningKeyError::Content { path: path.display().to_string(), error })
}

/// Writes a key to a new file of mode 0600; never over an old one.
///
/// # Errors
/// [`SigningKeyError::File`].
pub fn store(path: &Path, key: &SigningKey) -> Result<(), SigningKeyError> {
    Ok(private_file::create(path, &key.to_jwk())?)
}
