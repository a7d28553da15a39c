//! The `sealcard` command line.
//!
//! Results go to standard output. An error is one line of JSON, the last on standard error, with a stable code; on a
//! terminal a plain sentence stands before it. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.

mod database;
mod error;
mod input;
mod inspect;
mod issue;
mod keygen;
mod keys;
mod migrate;
mod present;
mod qr;
mod revocation_list;
mod serve;
mod trust;
mod trust_bundle;
mod verify;
mod warm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::CliError;

/// Signed profiles in a QR code, verified offline
#[derive(Parser)]
#[command(name = "sealcard", version, arg_required_else_help = true)]
#[command(after_help = "Start with `sealcard serve --demo`: it shows a QR code and how to verify it.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<serve::Serve>),
    /// Fill Redis with public profiles, before the first visitors come
    Warm(Box<warm::Warm>),
    /// Bring the tables of the database up to date, and do nothing else
    Migrate(Box<migrate::Migrate>),
    /// Make a key
    Keygen(keygen::Keygen),
    /// List, rotate and withdraw the server's signing keys
    Keys(keys::Keys),
    /// Sign profiles into payload texts
    Issue(issue::Issue),
    /// Make a presentation of a pass, as a phone does
    Present(present::Present),
    /// Check payload texts, offline
    Verify(verify::Verify),
    /// Show what a payload text claims, without checking it
    Inspect(inspect::Inspect),
    /// Draw a payload text as a QR code
    Qr(qr::Qr),
    /// Sign which issuers' keys to trust, with a root's key
    TrustBundle(trust_bundle::SignTrustBundle),
    /// Sign which tokens no longer hold, with an issuer's key
    RevocationList(revocation_list::SignRevocationList),
}

/// Reads the arguments, runs the command, and reports its error.
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(command) => command.run(),
        Command::Warm(command) => command.run(),
        Command::Migrate(command) => command.run(),
        Command::Keygen(command) => command.run(),
        Command::Keys(command) => command.run(),
        Command::Issue(command) => command.run(),
        Command::Present(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Inspect(command) => command.run(),
        Command::Qr(command) => command.run(),
        Command::TrustBundle(command) => command.run(),
        Command::RevocationList(command) => command.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::FAILURE
        }
    }
}
