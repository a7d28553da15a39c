//! `sealcard present`: what the holder's phone does.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use sealcard_core::{Challenge, DeviceKey, Pass, UnixTime};

use super::{CliError, input};
use crate::{clock, device_key};

/// Makes a presentation of a pass: the pass, the time, and the device's signature over both. It is good for a minute; an app
/// makes a new one every 30 seconds. Needs no network
#[derive(Args)]
#[command(
    after_help = "Example:\n  sealcard keygen --kind device --out device.key > device.jwk\n  sealcard issue --key \
                        issuer.key --profiles ada.json --ttl 864000 --holder device.jwk > pass\n  sealcard present --key \
                        device.key - < pass | sealcard verify --trust issuer.jwk -"
)]
pub(super) struct Present {
    /// Private key file of the device that the pass is bound to, made by `sealcard keygen --kind device`
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// Answer the challenge that a verifier shows: 8 to 32 hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = Challenge::parse)]
    challenge: Option<Challenge>,

    /// The time of the presentation [default: now]
    #[arg(long, value_name = "UNIX_SECONDS")]
    now: Option<u64>,

    /// The pass's payload text, or `-` to read it from standard input
    pass: OsString,
}

impl Present {
    pub(super) fn run(self) -> Result<(), CliError> {
        let key = device_key::load(&self.key)?;
        let pass = input::text_or_stdin(&self.pass)?;
        let text = self.present(&pass, &key)?;
        writeln!(io::stdout(), "{text}").map_err(CliError::stdio)
    }

    fn present(&self, pass: &str, key: &DeviceKey) -> Result<String, CliError> {
        let now = self.now.map_or_else(clock::now, UnixTime::from_secs);
        let pass = Pass::from_text(pass)
            .map_err(|error| CliError::core(error.code(), format!("{error}{}", input::hint(pass))))?;
        let unsigned = pass.present(now, self.challenge.as_ref());
        let unsigned = unsigned.map_err(|error| CliError::core(error.code(), error))?;
        let carrier = unsigned.carrier().clone();
        let presentation = unsigned.sign(key).map_err(|error| CliError::core(error.code(), error))?;
        Ok(presentation.to_text_of(&carrier))
    }
}
