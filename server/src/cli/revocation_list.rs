//! `sealcard revocation-list`: an issuer's list, signed.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use sealcard_core::{RevocationList, UnixTime};

use super::keys::issuer_of;
use super::{CliError, input};
use crate::clock;

/// Signs a revocation list: the indices of the tokens that no longer hold. Small enough for a QR code, so that it can go from
/// phone to phone
#[derive(Args)]
#[command(
    after_help = "Verifiers take a list only if its epoch is above that of the one they have.\n\nExample:\n  sealcard \
                        issue --key issuer.key --profiles ada.json --ttl 864000 --holder device.jwk --revocation-index \
                        4711 > pass\n  sealcard revocation-list --key issuer.key --epoch 1 4711 > list\n  sealcard verify \
                        --trust issuer.jwk --revocations list - < presentation"
)]
pub(super) struct SignRevocationList {
    /// Private key file of the issuer, made by `sealcard keygen`
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// The list's number, above that of every list before
    #[arg(long, value_name = "NUMBER")]
    epoch: u32,

    /// For how long verifiers are to call the list fresh [default: 1 day]
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400, hide_default_value = true)]
    fresh: u32,

    /// The time of signing [default: now]
    #[arg(long, value_name = "UNIX_SECONDS")]
    now: Option<u64>,

    /// The indices, in any order
    #[arg(value_name = "INDEX", conflicts_with = "indices_file")]
    indices: Vec<u32>,

    /// Read the indices from a file, one a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    indices_file: Option<PathBuf>,
}

impl SignRevocationList {
    pub(super) fn run(self) -> Result<(), CliError> {
        let now = self.now.map_or_else(clock::now, UnixTime::from_secs);
        let issuer = issuer_of(&self.key, now)?;
        let list = RevocationList::new(self.epoch, now, self.fresh, self.indices()?);
        let signed = list.sign(issuer.signing_key()).map_err(|error| CliError::core(error.code(), error))?;
        writeln!(io::stdout(), "{}", signed.to_text()).map_err(CliError::stdio)
    }

    fn indices(&self) -> Result<Vec<u32>, CliError> {
        let Some(file) = &self.indices_file else { return Ok(self.indices.clone()) };
        let text = input::small_file(file)?;
        let number = |(index, line): (usize, &str)| {
            let place = format!("{}:{}", file.display(), index.saturating_add(1));
            line.trim().parse().map_err(|_| CliError::new("invalid_input", format!("{place}: not a number below 2^32")))
        };
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(number).collect()
    }
}
