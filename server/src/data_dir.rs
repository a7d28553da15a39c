//! The folder where a server keeps its key and, by default, its database.
//!
//! ```text
//! signing-key.jwk   the private key, mode 0600
//! jwks.json         its public half: the trust file for `sealcard verify`
//! sealcard.db       SQLite, unless DATABASE_URL names another database
//! lock              held while a server runs
//! ```

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use sealcard_core::SigningKey;
use thiserror::Error;

use crate::signing_key::{self, SigningKeyError};

/// A data directory that this server alone uses, until it is dropped.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
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
    /// Another server runs on it.
    #[error(
        "another server is using the data directory {path}: its cache would not see this one's changes. Stop it, or \
         choose another with --data-dir"
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// There was a key once, and now there is none.
    #[error(
        "the signing key {path} is missing, but {jwks} shows that there was one. Restore it from a backup; or, to start \
         with a new key and let all tokens of the old one become invalid, remove {jwks}"
    )]
    KeyMissing {
        /// The key file.
        path: PathBuf,
        /// The public keys.
        jwks: PathBuf,
    },
    /// The key.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
}

impl DataDir {
    /// Opens the folder, made with mode 0700 if it is not there, for this server alone.
    ///
    /// # Errors
    /// [`DataDirError::Io`] or [`DataDirError::InUse`].
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |error| DataDirError::Io { path, error }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io(path))?;
        let lock_path = path.join("lock");
        let lock = File::options().write(true).create(true).truncate(false).open(&lock_path).map_err(io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.into(), _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(DataDirError::InUse { path: path.into() }),
            Err(fs::TryLockError::Error(error)) => Err(io(&lock_path)(error)),
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

    /// The server's key: from `file` if given, else from the folder, where one is made on the first start. A key that
    /// has been there before is never silently replaced.
    ///
    /// # Errors
    /// [`DataDirError::KeyMissing`] or [`DataDirError::Key`].
    pub fn signing_key(&self, file: Option<&Path>) -> Result<SigningKey, DataDirError> {
        if let Some(file) = file {
            return Ok(signing_key::load(file)?);
        }
        let path = self.path.join("signing-key.jwk");
        match signing_key::load(&path) {
            Err(SigningKeyError::File(error)) if error.is_not_found() => {
                let jwks = self.jwks_path();
                if jwks.exists() {
                    return Err(DataDirError::KeyMissing { path, jwks });
                }
                let key = signing_key::generate()?;
                signing_key::store(&path, &key)?;
                tracing::info!(key_id = %key.verifying_key().id(), path = %path.display(), "made a signing key");
                Ok(key)
            }
            loaded => Ok(loaded?),
        }
    }

    /// Writes the public keys for verifiers, whole or not at all.
    ///
    /// # Errors
    /// [`DataDirError::Io`].
    pub fn write_jwks(&self, jwks: &str) -> Result<(), DataDirError> {
        let (path, draft) = (self.jwks_path(), self.path.join("jwks.json.tmp"));
        fs::write(&draft, format!("{jwks}\n"))
            .and_then(|()| fs::rename(&draft, &path))
            .map_err(|error| DataDirError::Io { path, error })
    }
}
