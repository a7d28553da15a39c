//! `sealcard qr`: a payload text as a picture.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sealcard_core::qr::{MAX_PIXELS, QrMatrix, TerminalStyle};

use super::{CliError, input};

/// Draws a text as the smallest QR code that holds it, at the highest error correction that this size allows
#[derive(Args)]
#[command(after_help = "Examples:\n  sealcard qr 'SC1:…'\n  sealcard qr 'SC1:…' --out card.png --size 600")]
pub(super) struct Qr {
    /// A payload text, or `-` to read it from standard input
    text: OsString,

    /// The picture's form; text is a QR code in the terminal [default: what FILE's name says, else text]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Width of an SVG or PNG in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_PIXELS)))]
    size: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Svg,
    Png,
    Text,
}

impl Qr {
    pub(super) fn run(self) -> Result<(), CliError> {
        let to_terminal = self.out.is_none() && io::stdout().is_terminal();
        let format = self.format()?;
        if format == Format::Png && to_terminal {
            return Err(CliError::new("usage", "a PNG is not for a terminal: add --out FILE"));
        }
        let text = input::text_or_stdin(&self.text)?;
        let matrix = QrMatrix::new(&text).map_err(|error| CliError::core(error.code(), error))?;
        let picture = match format {
            Format::Svg => matrix.to_svg(self.size).into_bytes(),
            Format::Png => matrix.to_png(self.size).map_err(|error| CliError::new("io", error))?,
            Format::Text => matrix.to_terminal(terminal_style(to_terminal)).into_bytes(),
        };
        match &self.out {
            Some(path) => fs::write(path, picture).map_err(|error| CliError::file(path, &error)),
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(&picture).and_then(|()| stdout.flush()).map_err(CliError::stdio)
            }
        }
    }

    fn format(&self) -> Result<Format, CliError> {
        let extension = self.out.as_ref().and_then(|path| path.extension());
        let extension = extension.map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        match (self.format, extension.as_deref()) {
            (Some(format), _) => Ok(format),
            (None, Some("png")) => Ok(Format::Png),
            (None, Some("svg")) => Ok(Format::Svg),
            (None, Some("txt") | None) => Ok(Format::Text),
            (None, Some(other)) => Err(CliError::new(
                "usage",
                format!("cannot draw .{other}: name the file .png, .svg or .txt, or add --format"),
            )),
        }
    }
}

/// Colours on a terminal, none in a pipe or file.
pub(super) const fn terminal_style(terminal: bool) -> TerminalStyle {
    if terminal { TerminalStyle::Colored } else { TerminalStyle::Plain }
}
