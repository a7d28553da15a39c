//! The folder where a server keeps its key and, by default, its database.
//!
//! ```text
//! signing-key.jwk         the private keys, mode 0600, unless SEALCARD_SIGNING_KEY_FILE names another file
//! signing-key.public.jwk  the public half of the newest one
//! jwks.json               the public keys in use: the trust file for `sealcard verify`
//! sealcard.db             SQLite, unless DATABASE_URL names another database
//! ```

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use sealcard_core::{UnixTime, VerifyingKey};
use thiserror::Error;

use crate::key_ring::KeyRing;
use crate::signing_key::{self, SigningKeyError};

/// A folder that is there.
pub struct DataDir {
    path: PathBuf,
}

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// There was a key once, and now there is none.
    #[error(
        "the signing key {path} is missing, but {public} shows that there was one. Restore it from a backup; or, to \
         start with a new key and let all tokens of the old one become invalid, remove {public}"
    )]
    KeyMissing {
        /// The key file.
        path: PathBuf,
        /// Its public half.
        public: PathBuf,
    },
    /// The key.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
}

impl DataDir {
    /// Opens the folder, made with mode 0700 if it is not there.
    ///
    /// # Errors
    /// [`DataDirError::Io`].
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        match DirBuilder::new().recursive(true).mode(0o700).create(path) {
            Ok(()) => Ok(Self { path: path.into() }),
            Err(error) => Err(DataDirError::Io { path: path.into(), error }),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The trust file for verifiers.
    #[must_use]
    pub fn jwks_path(&self) -> PathBuf {
        self.path.join("jwks.json")
    }

    /// Where the keys of a server with this folder are.
    #[must_use]
    pub fn key_path(folder: &Path) -> PathBuf {
        folder.join("signing-key.jwk")
    }

    /// The server's keys: from `file` if given, else from the folder, where one is made on the first start. A key that
    /// has been there before is never silently replaced.
    ///
    /// # Errors
    /// [`DataDirError::KeyMissing`] or [`DataDirError::Key`].
    pub fn key_ring(&self, file: Option<&Path>) -> Result<KeyRing, DataDirError> {
        if let Some(file) = file {
            return Ok(KeyRing::load(file)?);
        }
        let (path, public) = (Self::key_path(&self.path), self.path.join("signing-key.public.jwk"));
        match KeyRing::load(&path) {
            Err(SigningKeyError::File(error)) if error.is_not_found() => {
                if public.exists() {
                    return Err(DataDirError::KeyMissing { path, public });
                }
                let key = signing_key::generate()?;
                match signing_key::store(&path, &key) {
                    // Another server has just made one.
                    Err(SigningKeyError::File(error)) if error.already_exists() => {
                        return Ok(KeyRing::load(&path)?);
                    }
                    stored => stored?,
                }
                self.write_public_key(&key.verifying_key())?;
                tracing::info!(key_id = %key.verifying_key().id(), path = %path.display(), "made a signing key");
                Ok(KeyRing::new(key, UnixTime::EARLIEST))
            }
            loaded => Ok(loaded?),
        }
    }

    /// Writes the public half of the newest key: it shows that there was one.
    ///
    /// # Errors
    /// [`DataDirError::Io`].
    pub fn write_public_key(&self, key: &VerifyingKey) -> Result<(), DataDirError> {
        self.replace(&self.path.join("signing-key.public.jwk"), &key.to_jwk(None))
    }

    /// Writes the public keys for verifiers, whole or not at all.
    ///
    /// # Errors
    /// [`DataDirError::Io`].
    pub fn write_jwks(&self, jwks: &str) -> Result<(), DataDirError> {
        self.replace(&self.jwks_path(), jwks)
    }

    fn replace(&self, path: &Path, text: &str) -> Result<(), DataDirError> {
        let draft = self.path.join(format!(".{}.tmp", uuid::Uuid::new_v4()));
        fs::write(&draft, format!("{text}\n"))
            .and_then(|()| fs::rename(&draft, path))
            .map_err(|error| DataDirError::Io { path: path.into(), error })
    }
}
