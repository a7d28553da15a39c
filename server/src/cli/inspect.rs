//! `sealcard inspect`: what a token claims, and what it costs.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use sealcard_core::{
    Carrier, ErrorCorrection, LinkHost, Profile, ProfileDraft, QrSize, Snapshot, Ttl, UnverifiedSnapshot,
};
use serde_json::{Map, Value, json};

use super::verify::other_fields;
use super::{CliError, input};
use crate::clock;

/// Prints what a payload text claims, marked UNVERIFIED, and its size budget, as JSON: the QR code at every level of error
/// correction, and what each part of the profile costs. Checks no signature: anyone can write such a text
#[derive(Args)]
#[command(
    after_help = "printMillimetres is the side of the smallest print that phones read well: modules of 0.4 mm.\n\n\
                        Example, before anything is signed:\n  sealcard inspect --profile ada.json"
)]
pub(super) struct Inspect {
    /// A payload text, or `-` to read it from standard input
    #[arg(required_unless_present = "profile", conflicts_with = "profile")]
    text: Option<OsString>,

    /// Tell the size budget of a profile that is not signed yet: a file with one JSON object, or `-`
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    /// Tell the size of a link to this host too
    #[arg(long, value_name = "HOST", value_parser = LinkHost::parse)]
    link_host: Option<LinkHost>,
}

impl Inspect {
    pub(super) fn run(self) -> Result<(), CliError> {
        let report = match (&self.profile, &self.text) {
            (Some(file), _) => self.budget_of_profile(&input::small_file(file)?).map_err(|e| e.at(file.display()))?,
            (None, Some(text)) => self.report(&input::text_or_stdin(text)?)?,
            (None, None) => return Ok(()),
        };
        let mut stdout = io::stdout().lock();
        serde_json::to_writer_pretty(&mut stdout, &report).map_err(|error| CliError::stdio(error.into()))?;
        writeln!(stdout).map_err(CliError::stdio)
    }

    fn report(&self, text: &str) -> Result<Value, CliError> {
        let unverified = UnverifiedSnapshot::from_text(text).map_err(|error| CliError::core(error.code(), error))?;
        let claims = unverified.unverified_snapshot().map_err(|error| CliError::core(error.code(), error))?;
        let hint = unverified.unverified_key_hint().map_err(|error| CliError::core(error.code(), error))?;
        let proof = unverified.unverified_proof();
        let own_host = match unverified.carrier() {
            Some(Carrier::Link(host)) => Some(host),
            _ => None,
        };
        Ok(json!({
            "UNVERIFIED": {
                "profile": claims.profile,
                "card": claims.card,
                "event": claims.event,
                "holderKey": claims.holder_key.as_ref().map(|key| serde_json::from_str::<Value>(&key.to_jwk()).ok()),
                "revocationIndex": claims.revocation_index,
                "proof": proof.map(|proof| json!({
                    "time": clock::iso8601(proof.time),
                    "challenge": proof.challenge.map(|challenge| challenge.to_string()),
                })),
                "otherFields": other_fields(claims.other_fields()),
                "issuedAt": clock::iso8601(claims.issued_at),
                "expiresAt": clock::iso8601(claims.expires_at()),
                "keyHint": format!("{hint:02x}"),
            },
            "size": self.size(unverified.size_in_bytes(), own_host),
            "costs": costs(&claims),
        }))
    }

    fn budget_of_profile(&self, json: &str) -> Result<Value, CliError> {
        let draft: ProfileDraft = serde_json::from_str(json).map_err(|error| CliError::new("invalid_json", error))?;
        let profile = Profile::parse(draft).map_err(|error| CliError::core(error.code(), error))?;
        let ttl = Ttl::from_secs(600).map_err(|error| CliError::core(error.code(), error))?;
        let snapshot = Snapshot::new(profile, clock::now(), ttl);
        Ok(json!({ "size": self.size(snapshot.token_len(), None), "costs": costs(&snapshot) }))
    }

    /// The QR code of each carrier at every level of error correction; a level that no code reaches is left out.
    fn size(&self, bytes: usize, own_host: Option<&LinkHost>) -> Value {
        let carrier = |carrier: Carrier| {
            let size = |level| {
                let size = QrSize::of_token(bytes, &carrier, level)?;
                let size =
                    json!({"version": size.version(), "modules": size.modules(), "printMillimetres": size.print_mm()});
                Some((format!("{level:?}"), size))
            };
            let levels: Map<_, _> = ErrorCorrection::ALL.into_iter().filter_map(size).collect();
            json!({ "characters": carrier.text_len(bytes), "qr": levels })
        };
        let link = self.link_host.as_ref().or(own_host).cloned();
        json!({ "bytes": bytes, "text": carrier(Carrier::Text), "link": link.map(|host| carrier(Carrier::Link(host))) })
    }
}

fn costs(snapshot: &Snapshot) -> Vec<Value> {
    snapshot.costs().into_iter().map(|cost| json!({"field": cost.field, "bytes": cost.bytes})).collect()
}
