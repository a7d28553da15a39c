//! QR codes: the smallest that holds a text, drawn as SVG, PNG or for a terminal.

mod png;
mod svg;
mod terminal;

pub use terminal::TerminalStyle;

use alloc::vec::Vec;
use core::fmt;

use qrcode::bits::{Bits, encode_auto};
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::ErrorCode;

/// The light border that readers need on every side, in modules.
pub const QUIET_ZONE: usize = 4;

/// The widest picture that is drawn, in pixels.
pub const MAX_PIXELS: u32 = 2048;

/// A QR code as a square of modules.
///
/// The version is the smallest that holds the text, for the fewest and so the largest modules; the error-correction
/// level is then the highest that this version still allows, which costs nothing.
#[derive(Clone, Debug)]
pub struct QrMatrix {
    version: u8,
    error_correction: ErrorCorrection,
    /// Modules a side, without the quiet zone.
    width: usize,
    /// Row by row; dark is true.
    modules: Vec<bool>,
}

/// How much of a damaged code a reader can restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCorrection {
    /// About 7 %.
    L,
    /// About 15 %.
    M,
    /// About 25 %.
    Q,
    /// About 30 %.
    H,
}

impl ErrorCorrection {
    const HIGHEST_FIRST: [(Self, EcLevel); 4] =
        [(Self::H, EcLevel::H), (Self::Q, EcLevel::Q), (Self::M, EcLevel::M), (Self::L, EcLevel::L)];
}

impl QrMatrix {
    /// The QR code of `text`.
    ///
    /// # Errors
    /// [`QrError`] if no version holds so much.
    pub fn new(text: &str) -> Result<Self, QrError> {
        let too_large = |_| QrError { bytes: text.len() };
        let smallest = encode_auto(text.as_bytes(), EcLevel::L).map_err(too_large)?.version();
        let mut last = QrError { bytes: text.len() };
        for (error_correction, level) in ErrorCorrection::HIGHEST_FIRST {
            match bits(text, smallest, level).and_then(|bits| QrCode::with_bits(bits, level)) {
                Ok(code) => return Ok(Self::of(&code, error_correction)),
                Err(error) => last = too_large(error),
            }
        }
        Err(last)
    }

    fn of(code: &QrCode, error_correction: ErrorCorrection) -> Self {
        let width = code.width();
        Self {
            version: u8::try_from(width.saturating_sub(17) / 4).unwrap_or_default(),
            error_correction,
            width,
            modules: code.to_colors().into_iter().map(|color| color == Color::Dark).collect(),
        }
    }

    /// 1 to 40.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// The level that the version allowed.
    #[must_use]
    pub const fn error_correction(&self) -> ErrorCorrection {
        self.error_correction
    }

    /// Modules a side, without the quiet zone: 17 + 4 · version.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Modules a side with the quiet zone.
    #[must_use]
    pub const fn width_with_quiet_zone(&self) -> usize {
        self.width.saturating_add(2 * QUIET_ZONE)
    }

    /// Whether the module is dark; coordinates count from the quiet zone's corner, and all beyond the code is light.
    #[must_use]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|at| *at < self.width);
        let (Some(x), Some(y)) = (inside(x), inside(y)) else { return false };
        let index = y.saturating_mul(self.width).saturating_add(x);
        self.modules.get(index).copied().unwrap_or_default()
    }
}

fn bits(text: &str, version: Version, level: EcLevel) -> Result<Bits, qrcode::types::QrError> {
    let mut bits = Bits::new(version);
    bits.push_optimal_data(text.as_bytes())?;
    bits.push_terminator(level)?;
    Ok(bits)
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
