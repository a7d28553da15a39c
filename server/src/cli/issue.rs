//! `sealcard issue`: profiles in, payload texts out.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sealcard_core::{
    Carrier, ErrorCorrection, HolderKey, Issuer, Label, LinkHost, Profile, ProfileDraft, QrLimit, QrSize, Snapshot,
    Ttl, UnixTime,
};
use serde::Deserialize as _;

use super::keys::issuer_of;
use super::{CliError, input};
use crate::clock;

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

    /// Which of the person's cards this is, like `work`: at most 32 characters, signed with it
    #[arg(long, value_name = "LABEL")]
    card: Option<Label>,

    /// The event it is for: at most 32 characters, signed with it
    #[arg(long, value_name = "LABEL")]
    event: Option<Label>,

    /// Bind the snapshots to the device with this public key: they become passes, which are worth nothing without the
    /// device (`sealcard present`)
    #[arg(long, value_name = "JWK_FILE")]
    holder: Option<PathBuf>,

    /// The place of the one snapshot in the issuer's revocation list
    #[arg(long, value_name = "NUMBER")]
    revocation_index: Option<u32>,

    /// Write links, https://HOST/s#…, that any phone's camera opens, instead of SC1 texts
    #[arg(long, value_name = "HOST", value_parser = LinkHost::parse)]
    link_host: Option<LinkHost>,

    /// Refuse profiles whose QR code at error correction M would be larger than this version, and say what costs how much
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u8).range(1..=i64::from(QrSize::MAX_VERSION)))]
    max_qr_version: Option<u8>,
}

impl Issue {
    pub(super) fn run(self) -> Result<(), CliError> {
        let ttl = Ttl::from_secs(self.ttl).map_err(|error| CliError::core(error.code(), error))?;
        let json = self.read_profiles()?;
        let now = clock::now();
        let batch = Batch {
            issuer: issuer_of(&self.key, now)?,
            now,
            ttl,
            limit: QrLimit {
                carrier: self.link_host.clone().map_or(Carrier::Text, Carrier::Link),
                error_correction: ErrorCorrection::M,
                max_version: self.max_qr_version.unwrap_or(u8::MAX),
            },
            card: self.card.clone(),
            event: self.event.clone(),
            holder_key: self.holder_key()?,
            revocation_index: self.revocation_index,
        };
        let mut texts = Vec::new();
        let mut refused = None;
        let mut profiles = serde_json::Deserializer::from_str(&json).into_iter::<serde_json::Value>();
        for number in 1_usize.. {
            let Some(profile) = profiles.next() else { break };
            let issued = match profile {
                Ok(profile) => batch.issue(profile),
                Err(error) => Err(CliError::new("invalid_json", error)),
            };
            match issued {
                Ok(text) => texts.push(text),
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
        if texts.len() > 1 && self.revocation_index.is_some() {
            return Err(CliError::new(
                "invalid_settings",
                "--revocation-index is for one profile: two tokens must not share a place in the list",
            ));
        }
        if texts.is_empty() {
            return Err(CliError::new("invalid_json", "there is no profile in the input"));
        }
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        for text in texts {
            writeln!(stdout, "{text}").map_err(CliError::stdio)?;
        }
        stdout.flush().map_err(CliError::stdio)
    }

    fn holder_key(&self) -> Result<Option<HolderKey>, CliError> {
        let Some(file) = &self.holder else { return Ok(None) };
        let key = HolderKey::from_jwk(input::small_file(file)?.trim());
        key.map(Some).map_err(|error| CliError::core(error.code(), error).at(file.display()))
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

/// What all tokens of one run have in common.
struct Batch {
    issuer: Arc<Issuer>,
    now: UnixTime,
    ttl: Ttl,
    limit: QrLimit,
    card: Option<Label>,
    event: Option<Label>,
    holder_key: Option<HolderKey>,
    revocation_index: Option<u32>,
}

impl Batch {
    fn issue(&self, profile: serde_json::Value) -> Result<String, CliError> {
        // serde alone would take an array of the members' values too.
        if !profile.is_object() {
            return Err(CliError::new(
                "invalid_json",
                "not a JSON object: give one object a profile, without brackets around them",
            ));
        }
        let draft = ProfileDraft::deserialize(profile).map_err(|error| CliError::new("invalid_json", error))?;
        let profile = Profile::parse(draft).map_err(|error| CliError::core(error.code(), error))?;
        let mut snapshot = Snapshot::new(profile, self.now, self.ttl);
        (snapshot.card, snapshot.event) = (self.card.clone(), self.event.clone());
        (snapshot.holder_key, snapshot.revocation_index) = (self.holder_key.clone(), self.revocation_index);
        let token =
            self.issuer.issue_within(&snapshot, &self.limit).map_err(|error| CliError::core(error.code(), error))?;
        Ok(token.to_text_of(&self.limit.carrier))
    }
}
