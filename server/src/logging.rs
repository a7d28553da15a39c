//! Logs on standard error: for people on a terminal, as JSON lines elsewhere.

use std::fmt;
use std::io::{IsTerminal as _, stderr};

use thiserror::Error;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, format};
use tracing_subscriber::registry::LookupSpan;

use crate::http::RequestContext;

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
        let colours = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        let line = format().compact().with_target(false).with_ansi(colours);
        logs.event_format(WithRequest { line, splice: |line, request| format!("{line} {request}") }).try_init()
    } else {
        let line = format().json().flatten_event(true).with_current_span(false).with_span_list(false);
        logs.fmt_fields(JsonFields::new()).event_format(WithRequest { line, splice: into_object }).try_init()
    };
    Ok(())
}

/// A JSON object with the request as one more member.
fn into_object(object: &str, request: &RequestContext) -> String {
    match (object.strip_suffix('}'), serde_json::to_string(request)) {
        (Some(members), Ok(request)) => format!("{members},\"request\":{request}}}"),
        _ => object.to_owned(),
    }
}

/// Log lines of some form, with the request that is being answered, if one is.
struct WithRequest<F> {
    line: F,
    /// Puts the request into a line.
    splice: fn(&str, &RequestContext) -> String,
}

impl<S, N, F> FormatEvent<S, N> for WithRequest<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        let own = Writer::new(&mut line);
        self.line.format_event(ctx, own, event)?;
        let with_request = RequestContext::with_current(|request| (self.splice)(line.trim_end(), request));
        writeln!(writer, "{}", with_request.as_deref().unwrap_or(line.trim_end()))
    }
}
