//! `sealcard keys`: the server's signing keys, while it runs.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use sealcard_core::{Issuer, UnixTime};
use serde_json::json;

use super::CliError;
use crate::data_dir::DataDir;
use crate::key_ring::{KeyRing, RingKey};
use crate::{clock, private_file, signing_key};

/// Lists and changes the server's signing keys. A running server takes a change within seconds; servers that share a key file
/// need the new file each
#[derive(Args)]
#[command(
    after_help = "Example:\n  sealcard keys rotate --data-dir /var/lib/sealcard\n  sealcard keys list --data-dir \
                        /var/lib/sealcard"
)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show every key, one JSON object a line, in the order in which they sign
    List(Place),
    /// Make a new key: published at once, signing after a delay, so that verifiers know it in time. What the old key has
    /// signed goes on to hold until it expires; then the old key drops out
    Rotate(Rotate),
    /// Remove a stolen key at once, with all that it ever signed
    Withdraw(Withdraw),
}

/// Where the keys are.
#[derive(Args)]
struct Place {
    /// The server's folder
    #[arg(long, env = "SEALCARD_DATA_DIR", value_name = "DIR", default_value = "sealcard-data")]
    data_dir: PathBuf,

    /// The private key file, if it is not the one in the folder
    #[arg(long, env = "SEALCARD_SIGNING_KEY_FILE", value_name = "FILE")]
    signing_key_file: Option<PathBuf>,
}

#[derive(Args)]
struct Rotate {
    #[command(flatten)]
    place: Place,

    /// How long the new key is published before it signs: longer than verifiers go without fetching, if they can. Verifiers
    /// that stay offline longer do not know it
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    delay: u64,
}

#[derive(Args)]
struct Withdraw {
    #[command(flatten)]
    place: Place,

    /// The key's id, as `sealcard keys list` shows it
    // One in 64 begins with a hyphen.
    #[arg(allow_hyphen_values = true)]
    key_id: String,
}

impl Keys {
    pub(super) fn run(self) -> Result<(), CliError> {
        let now = clock::now();
        match self.command {
            Command::List(place) => list(&KeyRing::load(&place.file())?, now),
            Command::Rotate(Rotate { place, delay }) => {
                let from = now.saturating_add(delay);
                let ring = place.change(|ring| {
                    let rotated = ring.rotated(signing_key::generate()?, from, now);
                    rotated.map_err(|error| CliError::new("rotation_under_way", error))
                })?;
                let told = "A trust bundle that a root signed elsewhere must be signed anew before the new key signs.";
                writeln!(io::stderr(), "{told}").map_err(CliError::stdio)?;
                list(&ring, now)
            }
            Command::Withdraw(Withdraw { place, key_id }) => {
                let mut told = String::new();
                let ring = place.change(|ring| {
                    let withdrawn = ring.withdrawn(&key_id, signing_key::generate()?, now);
                    let (ring, gone) = withdrawn.map_err(|error| CliError::new("no_such_key", error))?;
                    told = what_is_lost(gone.signs_from, gone.signs_until.unwrap_or(now), now);
                    Ok(ring)
                })?;
                writeln!(io::stderr(), "{told}").map_err(CliError::stdio)?;
                list(&ring, now)
            }
        }
    }
}

/// What goes with a withdrawn key.
fn what_is_lost(from: UnixTime, until: UnixTime, now: UnixTime) -> String {
    if from > now {
        return "The key has not signed anything yet: nothing is lost.".into();
    }
    format!(
        "Every token that it signed, from {} to {}, is refused by each verifier from its next fetch on: passes and session \
         tokens alike. People fetch new ones; a trust bundle that a root signed elsewhere must be signed anew.",
        clock::iso8601(from),
        clock::iso8601(until.min(now))
    )
}

fn list(ring: &KeyRing, now: UnixTime) -> Result<(), CliError> {
    let current = ring.current(now).map(RingKey::id);
    let mut stdout = io::stdout().lock();
    for key in ring.keys() {
        let state = match key.signs_until {
            _ if Some(key.id()) == current => "signing",
            _ if key.signs_from > now => "next",
            _ => "old",
        };
        let line = json!({
            "keyId": key.id().to_string(),
            "state": state,
            "signsFrom": clock::iso8601(key.signs_from),
            "signsUntil": key.signs_until.map(clock::iso8601),
            "publishedUntil": key.published_until().map(clock::iso8601),
        });
        writeln!(stdout, "{line}").map_err(CliError::stdio)?;
    }
    Ok(())
}

impl Place {
    fn file(&self) -> PathBuf {
        self.signing_key_file.clone().unwrap_or_else(|| DataDir::key_path(&self.data_dir))
    }

    /// Changes the keys, one change at a time.
    fn change(&self, change: impl FnOnce(KeyRing) -> Result<KeyRing, CliError>) -> Result<KeyRing, CliError> {
        let file = self.file();
        if !file.exists() {
            let text = format!("{}: there is no such key file: give the server's folder as --data-dir", file.display());
            return Err(CliError::new("io", text));
        }
        let _lock = private_file::lock(&private_file::lock_of(&file)).map_err(|error| CliError::file(&file, &error))?;
        let ring = change(KeyRing::load(&file)?)?;
        private_file::replace(&file, &ring.to_json()).map_err(|error| CliError::file(&file, &error))?;
        if self.signing_key_file.is_none()
            && let Some(last) = ring.keys().last()
        {
            DataDir::open(&self.data_dir)?.write_public_key(&last.issuer.verifying_key())?;
        }
        Ok(ring)
    }
}

/// Signs with the key of a file whose time it is.
pub(super) fn issuer_of(file: &Path, now: UnixTime) -> Result<Arc<Issuer>, CliError> {
    let ring = KeyRing::load(file)?;
    let key = ring.current(now).ok_or_else(|| CliError::new("invalid_key", "the file holds no key"))?;
    Ok(Arc::clone(&key.issuer))
}
