//! The `sealcard` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A tenth less processor time for a request that the cache answers than with the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    sealcard_server::cli::main()
}
