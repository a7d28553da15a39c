//! The `sealcard` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sealcard_server::cli::main()
}
