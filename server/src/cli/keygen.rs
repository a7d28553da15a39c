//! `sealcard keygen`: a new signing key.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sealcard_core::DisplayText;

use super::CliError;
use crate::signing_key::{self, SigningKeyError};

/// Makes an Ed25519 signing key. Writes the private half to a new file of mode 0600, and prints the public half as a
/// JWK, which `sealcard verify --trust` accepts
#[derive(Args)]
#[command(after_help = "Example:\n  sealcard keygen --out issuer.key --issuer 'RustConf' > issuer.jwk")]
pub(super) struct Keygen {
    /// File for the private key; never overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// What the key is for
    #[arg(long, value_enum, default_value_t = Kind::Issuer)]
    kind: Kind,

    /// The issuer's name, which verifiers show. It stands in the public JWK; give it to `sealcard serve` as well
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
}

/// What a key is for.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Signs snapshots
    Issuer,
}

impl Keygen {
    pub(super) fn run(self) -> Result<(), CliError> {
        let issuer: Option<DisplayText<100>> = self
            .issuer
            .as_deref()
            .map(DisplayText::parse)
            .transpose()
            .map_err(|problem| CliError::new("invalid_settings", format!("--issuer: {problem}")))?;
        let Kind::Issuer = self.kind;
        let key = signing_key::generate()?;
        signing_key::store(&self.out, &key).map_err(|error| match error {
            SigningKeyError::File(file) if file.already_exists() => CliError::new(
                "file_exists",
                format!("{} is there already: choose another file; a key is never overwritten. Its public half: jq -c 'del(.d)' {0}", self.out.display()),
            ),
            error => error.into(),
        })?;
        let jwk = key.verifying_key().to_jwk(issuer.as_ref().map(DisplayText::as_str));
        writeln!(io::stdout(), "{jwk}").map_err(CliError::stdio)
    }
}
