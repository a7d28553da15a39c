//! Logs on standard error: for people on a terminal, as JSON lines elsewhere.

use std::io::{IsTerminal as _, stderr};

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// A filter that cannot be read.
#[derive(Debug, Error)]
#[error("the log filter {filter:?} is not valid: use error, warn, info, debug or trace, optionally per module")]
pub struct FilterError {
    filter: String,
}

/// Starts logging what `filter` lets through, like `info` or `sealcard_server=debug,warn`.
///
/// # Errors
/// [`FilterError`].
pub fn start(filter: &str) -> Result<(), FilterError> {
    let error = || FilterError { filter: filter.into() };
    // A directive without `=` would be taken for a module's name: a mistyped level would silence everything.
    if filter.split(',').any(|part| !part.contains('=') && part.parse::<LevelFilter>().is_err()) {
        return Err(error());
    }
    let env_filter = EnvFilter::try_new(filter).map_err(|_| error())?;
    let logs = tracing_subscriber::fmt().with_env_filter(env_filter).with_writer(stderr);
    // Logging may have been started before, by a test; the first wins.
    let _ = if stderr().is_terminal() {
        logs.compact().with_target(false).try_init()
    } else {
        logs.json().flatten_event(true).with_current_span(true).with_span_list(false).with_ansi(false).try_init()
    };
    Ok(())
}
