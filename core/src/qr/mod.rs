//! QR codes: the smallest that holds a text, drawn as SVG, PNG or for a terminal.

mod png;
mod svg;
mod terminal;

pub use terminal::TerminalStyle;

use alloc::vec::Vec;
use core::fmt;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::qr_size::{self, Segments};
use crate::{ErrorCode, ErrorCorrection, QrSize};

/// The light border that readers need on every side, in modules.
pub const QUIET_ZONE: usize = qr_size::QUIET_ZONE as usize;

/// The widest picture that is drawn, in pixels.
pub const MAX_PIXELS: u32 = 2048;

/// A QR code as a square of modules.
///
/// The version is the smallest that holds the text, for the fewest and so the largest modules; the error-correction
/// level is then the highest that this version still allows, which costs nothing.
#[derive(Clone, Debug)]
pub struct QrMatrix {
    size: QrSize,
    error_correction: ErrorCorrection,
    /// Row by row; dark is true.
    modules: Vec<bool>,
}

impl QrMatrix {
    /// The QR code of `text`.
    ///
    /// # Errors
    /// [`QrError`] if no version holds so much.
    pub fn new(text: &str) -> Result<Self, QrError> {
        let too_large = QrError { bytes: text.len() };
        let size = |level| QrSize::of_text(text, level);
        let smallest = size(ErrorCorrection::L).ok_or(too_large)?;
        let strongest = ErrorCorrection::ALL.into_iter().rev().find(|level| size(*level) == Some(smallest));
        let error_correction = strongest.unwrap_or(ErrorCorrection::L);
        let code = draw(text, smallest, error_correction).map_err(|_| too_large)?;
        Ok(Self::of(&code, smallest, error_correction))
    }

    fn of(code: &QrCode, size: QrSize, error_correction: ErrorCorrection) -> Self {
        Self {
            size,
            error_correction,
            modules: code.to_colors().into_iter().map(|color| color == Color::Dark).collect(),
        }
    }

    /// 1 to 40.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.size.version()
    }

    /// The level that the version allowed.
    #[must_use]
    pub const fn error_correction(&self) -> ErrorCorrection {
        self.error_correction
    }

    /// Modules a side, without the quiet zone: 17 + 4 · version.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.size.modules() as usize
    }

    /// Modules a side with the quiet zone.
    #[must_use]
    pub const fn width_with_quiet_zone(&self) -> usize {
        self.width().saturating_add(2 * QUIET_ZONE)
    }

    /// Whether the module is dark; coordinates count from the quiet zone's corner, and all beyond the code is light.
    #[must_use]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|at| *at < self.width());
        let (Some(x), Some(y)) = (inside(x), inside(y)) else { return false };
        let index = y.saturating_mul(self.width()).saturating_add(x);
        self.modules.get(index).copied().unwrap_or_default()
    }
}

fn draw(text: &str, size: QrSize, level: ErrorCorrection) -> Result<QrCode, qrcode::types::QrError> {
    let level = match level {
        ErrorCorrection::L => EcLevel::L,
        ErrorCorrection::M => EcLevel::M,
        ErrorCorrection::Q => EcLevel::Q,
        ErrorCorrection::H => EcLevel::H,
    };
    let mut bits = Bits::new(Version::Normal(size.version().into()));
    let segments = Segments::of(text);
    let (bytes, alphanumeric) = text.as_bytes().split_at_checked(segments.bytes).unwrap_or_default();
    if !bytes.is_empty() {
        bits.push_byte_data(bytes)?;
    }
    if !alphanumeric.is_empty() {
        bits.push_alphanumeric_data(alphanumeric)?;
    }
    bits.push_terminator(level)?;
    QrCode::with_bits(bits, level)
}

/// The text is longer than any QR code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QrError {
    /// The text's length.
    pub bytes: usize,
}

impl QrError {
    /// The stable code, `too_large`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::TooLarge
    }
}

impl fmt::Display for QrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes are more than the largest QR code holds", self.bytes)
    }
}

impl core::error::Error for QrError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alphanumeric characters that version 1 holds at each level (ISO/IEC 18004).
    #[test]
    fn the_version_is_the_smallest_and_the_level_the_highest_it_allows() {
        for (length, version, level) in [
            (10, 1, ErrorCorrection::H),
            (11, 1, ErrorCorrection::Q),
            (16, 1, ErrorCorrection::Q),
            (17, 1, ErrorCorrection::M),
            (20, 1, ErrorCorrection::M),
            (21, 1, ErrorCorrection::L),
            (25, 1, ErrorCorrection::L),
            (26, 2, ErrorCorrection::Q),
            (4296, 40, ErrorCorrection::L),
        ] {
            let code = QrMatrix::new(&"A".repeat(length)).unwrap();
            assert_eq!((code.version(), code.error_correction()), (version, level), "{length}");
            assert_eq!(code.width(), 17 + 4 * usize::from(version));
        }
        assert_eq!(QrMatrix::new(&"A".repeat(4297)).map(|_| ()), Err(QrError { bytes: 4297 }));
    }

    #[test]
    fn every_version_and_level_holds_as_much_as_promised() {
        let lengths: Vec<usize> = (1..=4296).collect();
        for version in 1..=QrSize::MAX_VERSION {
            for level in ErrorCorrection::ALL {
                let fits = |length: &usize| {
                    let size = QrSize::of_text(&"A".repeat(*length), level);
                    size.is_some_and(|size| size.version() <= version)
                };
                let most = lengths.partition_point(fits);
                let size = QrSize::of_text(&"A".repeat(most), level).unwrap();
                assert_eq!(size.version(), version);
                assert!(draw(&"A".repeat(most), size, level).is_ok());
                assert!(draw(&"A".repeat(most + 1), size, level).is_err());
            }
        }
    }

    #[test]
    fn the_quiet_zone_is_light_and_finder_patterns_stand_in_three_corners() {
        let code = QrMatrix::new("SC1:TEST").unwrap();
        let side = code.width_with_quiet_zone();
        for at in 0..side {
            for border in (0..QUIET_ZONE).chain(side - QUIET_ZONE..side + 9) {
                assert!(!code.is_dark(at, border) && !code.is_dark(border, at));
            }
        }
        let (first, last) = (QUIET_ZONE, side - QUIET_ZONE - 1);
        assert!(code.is_dark(first, first) && code.is_dark(last, first) && code.is_dark(first, last));
    }
}
