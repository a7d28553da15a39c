//! `sealcard issue`: profiles in, payload texts out.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use sealcard_core::{Issuer, Profile, ProfileDraft, Token, Ttl};
use serde::Deserialize as _;

use super::{CliError, input};
use crate::{clock, signing_key};

/// Signs snapshots of profiles, valid from now: one payload text a line, in the order of the profiles
#[derive(Args)]
#[command(after_help = "If any profile is refused, every refusal is reported and nothing is issued.\n\nExample:\n  \
                  echo '{\"username\":\"ada\",\"displayName\":\"Ada Lovelace\"}' \\\n    | sealcard issue --key issuer.key --profiles -")]
pub(super) struct Issue {
    /// Private key file made by `sealcard keygen`
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// Profiles as JSON objects, one or many (JSON Lines); `-` reads standard input
    #[arg(long, value_name = "FILE")]
    profiles: PathBuf,

    /// How long the snapshots live, in seconds: 1 to 2592000 (30 days)
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    ttl: u32,
}

impl Issue {
    pub(super) fn run(self) -> Result<(), CliError> {
        let ttl = Ttl::from_secs(self.ttl).map_err(|error| CliError::core(error.code(), error))?;
        let issuer = Issuer::new(signing_key::load(&self.key)?);
        let json = self.read_profiles()?;
        let now = clock::now();
        let mut tokens = Vec::new();
        let mut refused = None;
        let mut profiles = serde_json::Deserializer::from_str(&json).into_iter::<serde_json::Value>();
        for number in 1_usize.. {
            let Some(profile) = profiles.next() else { break };
            let issued = match profile {
                Ok(profile) => issue(&issuer, profile, now, ttl),
                Err(error) => Err(CliError::new("invalid_json", error)),
            };
            match issued {
                Ok(token) => tokens.push(token),
                Err(error) => {
                    if let Some(error) = refused.replace(error.at(format_args!("profile {number}"))) {
                        error.report();
                    }
                }
            }
        }
        if let Some(error) = refused {
            return Err(error);
        }
        if tokens.is_empty() {
            return Err(CliError::new("invalid_json", "there is no profile in the input"));
        }
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        for token in tokens {
            writeln!(stdout, "{}", token.to_text()).map_err(CliError::stdio)?;
        }
        stdout.flush().map_err(CliError::stdio)
    }

    fn read_profiles(&self) -> Result<String, CliError> {
        let mut json = String::new();
        if self.profiles.as_os_str() == input::STDIN {
            io::stdin().lock().read_to_string(&mut json).map_err(CliError::stdio)?;
        } else {
            File::open(&self.profiles)
                .and_then(|mut file| file.read_to_string(&mut json))
                .map_err(|error| CliError::file(&self.profiles, &error))?;
        }
        Ok(json)
    }
}

fn issue(
    issuer: &Issuer,
    profile: serde_json::Value,
    now: sealcard_core::UnixTime,
    ttl: Ttl,
) -> Result<Token, CliError> {
    // serde alone would take an array of the members' values too.
    if !profile.is_object() {
        return Err(CliError::new(
            "invalid_json",
            "not a JSON object: give one object a profile, without brackets around them",
        ));
    }
    let draft = ProfileDraft::deserialize(profile).map_err(|error| CliError::new("invalid_json", error))?;
    let profile = Profile::parse(draft).map_err(|error| CliError::core(error.code(), error))?;
    issuer.issue(&profile, now, ttl).map_err(|error| CliError::core(error.code(), error))
}
