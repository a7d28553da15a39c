//! `sealcard verify`: what a verifier at the door does, with no network.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};

use clap::Args;
use sealcard_core::{Challenge, ErrorCode, OtherField, UnixTime, VerifiedSnapshot, Verifier, VerifyError};
use serde_json::json;

use super::trust::Trust;
use super::{CliError, input};
use crate::clock;

/// Checks that a trusted issuer signed a payload text, that it is unaltered and in time, and prints whose profile it is
/// as JSON. Reads no network, only the files given
#[derive(Args)]
#[command(after_help = "With `-`, every line of standard input is one payload text, and every line of output its \
                        verdict: the profile, or an error.\n\nExit code 0: all verified. 1: one was refused; the last \
                        line of standard error says why:\n  {\"error\":{\"code\":\"expired\",\"message\":\"…\"}}\nCodes: \
                        malformed, unsupported_version, unknown_key, bad_signature, not_permitted, expired, not_yet_valid, \
                        clock_behind, proof_missing, proof_invalid, proof_stale, proof_not_yet_valid, wrong_challenge, \
                        revoked, revocation_stale, revocation_unknown; and io, invalid_trust, invalid_key, weak_key, \
                        rollback, invalid_state and some of the former for the files given. Put the text in single quotes: it \
                        contains spaces and $.\n\n\
                        Example:\n  curl -s http://127.0.0.1:8080/.well-known/jwks.json > jwks.json\n  sealcard verify \
                        --trust jwks.json 'SC1:…'")]
pub(super) struct Verify {
    #[command(flatten)]
    trust: Trust,

    /// Accept only presentations that answer this challenge: 8 to 32 hexadecimal digits, in lower case,
    /// that this verifier has shown
    #[arg(long, value_name = "HEX", value_parser = Challenge::parse)]
    challenge: Option<Challenge>,

    /// The time to verify for [default: now]
    #[arg(long, value_name = "UNIX_SECONDS")]
    now: Option<u64>,

    /// A payload text, or `-` for one a line on standard input
    #[arg(default_value = input::STDIN)]
    text: OsString,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), CliError> {
        let _lock = self.trust.lock()?;
        let mut verifier = self.trust.verifier(self.now())?;
        self.trust.remember(&verifier)?;
        self.verify_all(&mut verifier)
    }

    fn now(&self) -> UnixTime {
        self.now.map_or_else(clock::now, UnixTime::from_secs)
    }

    fn verify_all(&self, verifier: &mut Verifier) -> Result<(), CliError> {
        if self.text != *input::STDIN {
            let verified = self.verify(verifier, &input::text(&self.text))?;
            return writeln!(io::stdout(), "{verified}").map_err(CliError::stdio);
        }
        if io::stdin().is_terminal() {
            // Only a hint: that it cannot be shown is no reason to stop.
            let _ = writeln!(io::stderr(), "Reading payload texts, one a line; end with Ctrl-D.");
        }
        self.verify_lines(verifier)
    }

    fn verify_lines(&self, verifier: &mut Verifier) -> Result<(), CliError> {
        let mut stdout = io::stdout().lock();
        let mut last_error = Some(CliError::core(ErrorCode::Malformed, "there is no payload text in the input"));
        for (number, line) in input::payload_lines(io::stdin().lock()).enumerate() {
            if number == 0 {
                last_error = None;
            }
            let verdict = match self.verify(verifier, &line.map_err(CliError::stdio)?) {
                Ok(verified) => verified,
                Err(error) => {
                    let verdict = error.to_json();
                    last_error = Some(error);
                    verdict
                }
            };
            writeln!(stdout, "{verdict}").map_err(CliError::stdio)?;
        }
        last_error.map_or(Ok(()), Err)
    }

    fn verify(&self, verifier: &mut Verifier, text: &str) -> Result<serde_json::Value, CliError> {
        let changes = verifier.changes();
        let verified = match &self.challenge {
            Some(challenge) => verifier.verify_answer(text, challenge, self.now()),
            None => verifier.verify(text, self.now()),
        };
        let verified = verified.map_err(|error| {
            let hint = match error {
                VerifyError::Malformed => input::hint(text),
                VerifyError::OtherHost if !self.trust.has_link_host() => ": give its host as --link-host",
                _ => "",
            };
            CliError::core(error.code(), format!("{error}{hint}"))
        })?;
        if verifier.changes() > changes {
            self.trust.remember(verifier)?;
        }
        Ok(verdict(&verified))
    }
}

fn verdict(verified: &VerifiedSnapshot) -> serde_json::Value {
    json!({
        "profile": verified.profile(),
        "card": verified.card(),
        "event": verified.event(),
        "otherFields": other_fields(verified.other_fields()),
        "issuer": verified.issuer(),
        "keyId": verified.key_id().to_string(),
        "issuedAt": clock::iso8601(verified.issued_at()),
        "expiresAt": clock::iso8601(verified.expires_at()),
        "binding": if verified.proven_at().is_some() { "device" } else { "bearer" },
        "provenAt": verified.proven_at().map(clock::iso8601),
        "revocation": verified.revocation().as_str(),
        "revocationAgeSeconds": verified.revocation().age_secs(),
        "trust": verified.trust().as_str(),
        "trustAgeSeconds": verified.trust().age_secs(),
    })
}

/// What a newer issuer added, in hexadecimal.
pub(super) fn other_fields(fields: &[OtherField]) -> Vec<serde_json::Value> {
    let hex = |data: &[u8]| data.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    fields.iter().map(|field| json!({ "id": field.id(), "data": hex(field.data()) })).collect()
}
