//! `sealcard keygen`: a new signing key.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sealcard_core::DisplayText;

use super::CliError;
use crate::device_key;
use crate::signing_key::{self, SigningKeyError};

/// Makes a key. Writes the private half to a new file of mode 0600, and prints the public half as a JWK: an issuer's for
/// `sealcard verify --trust`, a root's for `--root`, a device's for `sealcard issue --holder`
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
    /// Signs snapshots and revocation lists (Ed25519)
    Issuer,
    /// Proves that a pass is shown by the device it is bound to (P-256)
    Device,
    /// Signs trust bundles; keep it offline (Ed25519)
    Root,
}

impl Keygen {
    pub(super) fn run(self) -> Result<(), CliError> {
        let issuer: Option<DisplayText<100>> = self
            .issuer
            .as_deref()
            .map(DisplayText::parse)
            .transpose()
            .map_err(|problem| CliError::new("invalid_settings", format!("--issuer: {problem}")))?;
        let jwk = match self.kind {
            Kind::Device => {
                let key = device_key::generate()?;
                device_key::store(&self.out, &key).map_err(|error| self.not_stored(error))?;
                key.holder_key().to_jwk()
            }
            Kind::Issuer | Kind::Root => {
                let key = signing_key::generate()?;
                signing_key::store(&self.out, &key).map_err(|error| self.not_stored(error))?;
                key.verifying_key().to_jwk(issuer.as_ref().map(DisplayText::as_str))
            }
        };
        writeln!(io::stdout(), "{jwk}").map_err(CliError::stdio)
    }

    fn not_stored(&self, error: SigningKeyError) -> CliError {
        match error {
            SigningKeyError::File(file) if file.already_exists() => CliError::new(
                "file_exists",
                format!(
                    "{} is there already: choose another file; a key is never overwritten. Its public half: jq -c 'del(.d)' {0}",
                    self.out.display()
                ),
            ),
            error => error.into(),
        }
    }
}
