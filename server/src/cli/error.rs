//! Errors as the command line reports them.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use sealcard_core::ErrorCode;
use serde_json::json;

use crate::cache::CacheError;
use crate::data_dir::DataDirError;
use crate::db::DbError;
use crate::private_file::PrivateFileError;
use crate::settings::SettingsError;
use crate::signing_key::SigningKeyError;

/// A stable code and a sentence that says what to do.
#[derive(Debug)]
pub struct CliError {
    code: &'static str,
    text: String,
    /// Whoever read our output has gone: nobody is left to tell.
    silent: bool,
}

impl CliError {
    /// An error with a code of the command line's own.
    pub(super) fn new(code: &'static str, text: impl ToString) -> Self {
        Self { code, text: text.to_string(), silent: false }
    }

    /// An error of the core.
    pub(super) fn core(code: ErrorCode, text: impl ToString) -> Self {
        Self::new(code.as_str(), text)
    }

    /// A file that could not be read or written.
    pub(super) fn file(path: &Path, error: &io::Error) -> Self {
        Self::new("io", format!("{}: {error}", path.display()))
    }

    /// Standard input or output failed.
    pub(super) fn stdio(error: io::Error) -> Self {
        let silent = error.kind() == io::ErrorKind::BrokenPipe;
        Self { silent, ..Self::new("io", format!("standard input or output: {error}")) }
    }

    /// The same with words before its text.
    pub(super) fn at(self, place: impl std::fmt::Display) -> Self {
        Self { text: format!("{place}: {}", self.text), ..self }
    }

    /// `{"error":{"code":…,"message":…}}`
    pub(super) fn to_json(&self) -> serde_json::Value {
        json!({ "error": { "code": self.code, "message": self.text } })
    }

    /// Writes the error to standard error.
    pub(super) fn report(&self) {
        if self.silent {
            return;
        }
        let mut stderr = io::stderr().lock();
        // There is nowhere left to report that this failed.
        if stderr.is_terminal() {
            let _ = writeln!(stderr, "sealcard: {}", self.text);
        }
        let _ = writeln!(stderr, "{}", self.to_json());
    }
}

impl From<SettingsError> for CliError {
    fn from(error: SettingsError) -> Self {
        Self::new("invalid_settings", error)
    }
}

impl From<DbError> for CliError {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::Unavailable(_) => Self::new(
                "database_unavailable",
                format!("{error}: check that it runs, that its disk is not full, and that it may be written"),
            ),
            DbError::BadUrl => Self::new("invalid_settings", error),
            _ => Self::new("database", error),
        }
    }
}

impl From<CacheError> for CliError {
    fn from(error: CacheError) -> Self {
        match &error {
            CacheError::UnknownResource { .. } | CacheError::Ttl { .. } => Self::new("invalid_settings", error),
            CacheError::Log(_) => Self::new("database_unavailable", error),
            CacheError::Value(_) => Self::new("internal", error),
        }
    }
}

impl From<DataDirError> for CliError {
    fn from(error: DataDirError) -> Self {
        match error {
            DataDirError::Io { .. } => Self::new("io", error),
            DataDirError::KeyMissing { .. } => Self::new("signing_key_missing", error),
            DataDirError::Key(error) => error.into(),
        }
    }
}

impl From<SigningKeyError> for CliError {
    fn from(error: SigningKeyError) -> Self {
        let code = match &error {
            SigningKeyError::File(PrivateFileError::Io { .. }) | SigningKeyError::Random(_) => "io",
            SigningKeyError::File(PrivateFileError::Permissions { .. }) => "key_file_permissions",
            SigningKeyError::File(PrivateFileError::NotText { .. }) => ErrorCode::InvalidKey.as_str(),
            SigningKeyError::Content { error, .. } => error.code().as_str(),
        };
        Self::new(code, error)
    }
}
