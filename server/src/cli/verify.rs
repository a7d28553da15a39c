//! `sealcard verify`: what a verifier at the door does, with no network.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use sealcard_core::{
    DEFAULT_LEEWAY_SECS, ErrorCode, LinkHost, OtherField, TrustStore, UnixTime, VerifiedSnapshot, Verifier, VerifyError,
};
use serde_json::json;

use super::{CliError, input};
use crate::clock;

/// Checks that a trusted issuer signed a payload text, that it is unaltered and in time, and prints whose profile it is
/// as JSON. Reads no network, only the trust file
#[derive(Args)]
#[command(after_help = "With `-`, every line of standard input is one payload text, and every line of output its \
                        verdict: the profile, or an error.\n\nExit code 0: all verified. 1: one was refused; the last \
                        line of standard error says why:\n  {\"error\":{\"code\":\"expired\",\"message\":\"…\"}}\nCodes: \
                        malformed, unsupported_version, unknown_key, bad_signature, expired, not_yet_valid; and io, \
                        invalid_trust, invalid_key, weak_key for the files given. Put the text in single quotes: it \
                        contains spaces and $.\n\n\
                        Example:\n  curl -s http://127.0.0.1:8080/.well-known/jwks.json > jwks.json\n  sealcard verify \
                        --trust jwks.json 'SC1:…'")]
pub(super) struct Verify {
    /// Whom to trust: a JWK set (the server's /.well-known/jwks.json) or a single JWK. To join several JWKs into a set:
    /// `jq -s '{keys: .}' one.jwk two.jwk`
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,

    /// The time to verify for [default: now]
    #[arg(long, value_name = "UNIX_SECONDS")]
    now: Option<u64>,

    /// How far this device's clock may be off
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_LEEWAY_SECS)]
    leeway: u32,

    /// Accept links to this host, https://HOST/s#…, besides SC1 texts. The host is not signed: without this, links are
    /// refused
    #[arg(long, value_name = "HOST", value_parser = LinkHost::parse)]
    link_host: Option<LinkHost>,

    /// A payload text, or `-` for one a line on standard input
    #[arg(default_value = input::STDIN)]
    text: OsString,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), CliError> {
        let trust = TrustStore::from_jwks(&input::small_file(&self.trust)?)
            .map_err(|error| CliError::core(error.code(), error).at(self.trust.display()))?;
        let mut verifier = Verifier::new(trust).with_leeway(self.leeway);
        if let Some(host) = self.link_host.clone() {
            verifier = verifier.with_link_host(host);
        }
        if self.text != *input::STDIN {
            let verified = self.verify(&verifier, &input::text(&self.text))?;
            return writeln!(io::stdout(), "{verified}").map_err(CliError::stdio);
        }
        if io::stdin().is_terminal() {
            // Only a hint: that it cannot be shown is no reason to stop.
            let _ = writeln!(io::stderr(), "Reading payload texts, one a line; end with Ctrl-D.");
        }
        self.verify_lines(&verifier)
    }

    fn verify_lines(&self, verifier: &Verifier) -> Result<(), CliError> {
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

    fn verify(&self, verifier: &Verifier, text: &str) -> Result<serde_json::Value, CliError> {
        let now = self.now.map_or_else(clock::now, UnixTime::from_secs);
        let verified = verifier.verify(text, now).map_err(|error| {
            let hint = match error {
                VerifyError::Malformed => input::hint(text),
                VerifyError::OtherHost if self.link_host.is_none() => ": give its host as --link-host",
                _ => "",
            };
            CliError::core(error.code(), format!("{error}{hint}"))
        })?;
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
        "binding": "bearer",
        "revocation": "unknown",
    })
}

/// What a newer issuer added, in hexadecimal.
pub(super) fn other_fields(fields: &[OtherField]) -> Vec<serde_json::Value> {
    let hex = |data: &[u8]| data.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    fields.iter().map(|field| json!({ "id": field.id(), "data": hex(field.data()) })).collect()
}
