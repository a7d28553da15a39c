//! `sealcard inspect`: what a token claims, and what it costs.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::Args;
use sealcard_core::UnverifiedSnapshot;
use sealcard_core::qr::QrMatrix;
use serde_json::json;

use super::{CliError, input};
use crate::clock;

/// Prints what a payload text claims, marked UNVERIFIED, and the size of its QR code, as JSON. Checks no signature:
/// anyone can write such a text
#[derive(Args)]
pub(super) struct Inspect {
    /// A payload text, or `-` to read it from standard input
    text: OsString,
}

impl Inspect {
    pub(super) fn run(self) -> Result<(), CliError> {
        let text = input::text_or_stdin(&self.text)?;
        let unverified = UnverifiedSnapshot::from_text(&text).map_err(|error| CliError::core(error.code(), error))?;
        let claims = unverified.unverified_snapshot().map_err(|error| CliError::core(error.code(), error))?;
        let hint = unverified.unverified_key_hint().map_err(|error| CliError::core(error.code(), error))?;
        let qr = QrMatrix::new(&text).map_err(|error| CliError::core(error.code(), error))?;
        let report = json!({
            "UNVERIFIED": {
                "profile": claims.profile,
                "issuedAt": clock::iso8601(claims.issued_at),
                "expiresAt": clock::iso8601(claims.expires_at()),
                "keyHint": format!("{hint:02x}"),
            },
            "size": {
                "bytes": unverified.size_in_bytes(),
                "characters": text.len(),
                "qrVersion": qr.version(),
                "qrModules": qr.width(),
                "qrErrorCorrection": format!("{:?}", qr.error_correction()),
            },
        });
        let mut stdout = io::stdout().lock();
        serde_json::to_writer_pretty(&mut stdout, &report).map_err(|error| CliError::stdio(error.into()))?;
        writeln!(stdout).map_err(CliError::stdio)
    }
}
