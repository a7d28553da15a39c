//! QR codes: drawn, and found in pictures.

use sealcard_core::qr::{self, TerminalStyle};
use sealcard_core::{self as core, qr_reader};

use crate::SealcardError;

/// How much of a damaged QR code a reader can restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
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

impl From<core::ErrorCorrection> for ErrorCorrection {
    fn from(level: core::ErrorCorrection) -> Self {
        match level {
            core::ErrorCorrection::L => Self::L,
            core::ErrorCorrection::M => Self::M,
            core::ErrorCorrection::Q => Self::Q,
            core::ErrorCorrection::H => Self::H,
        }
    }
}

/// A QR code as a square of modules, for drawing by the platform's own means.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct QrMatrix {
    /// 1 to 40.
    pub version: u8,
    /// The highest that the version allows.
    pub error_correction: ErrorCorrection,
    /// Modules a side, with the quiet zone of 4 that readers need.
    pub width: u32,
    /// A byte a module, row by row from the top: 1 is dark, 0 is light.
    pub modules: Vec<u8>,
}

/// The smallest QR code that holds a text, at the highest error correction that its version allows.
///
/// # Errors
/// `too_large`.
#[uniffi::export]
pub fn qr_matrix(text: &str) -> Result<QrMatrix, SealcardError> {
    let matrix = qr::QrMatrix::new(text)?;
    let width = matrix.width_with_quiet_zone();
    let row = |y| (0..width).map(move |x| (x, y));
    Ok(QrMatrix {
        version: matrix.version(),
        error_correction: matrix.error_correction().into(),
        // At most 185.
        width: width.try_into().unwrap_or_default(),
        modules: (0..width).flat_map(row).map(|(x, y)| matrix.is_dark(x, y).into()).collect(),
    })
}

/// The QR code as an SVG document of so many pixels a side: 1 to 2048, else the nearest.
///
/// # Errors
/// `too_large`.
#[uniffi::export]
pub fn qr_svg(text: &str, pixels: u32) -> Result<String, SealcardError> {
    Ok(qr::QrMatrix::new(text)?.to_svg(pixels))
}

/// The QR code as a PNG file of so many pixels a side: at most 2048, at least one a module.
///
/// # Errors
/// `too_large`.
#[uniffi::export]
pub fn qr_png(text: &str, pixels: u32) -> Result<Vec<u8>, SealcardError> {
    let file = qr::QrMatrix::new(text)?.to_png(pixels);
    file.map_err(|error| SealcardError::InvalidPicture { reason: error.to_string() })
}

/// The QR code for a terminal, two modules in a character; with colours it is right on any terminal.
///
/// # Errors
/// `too_large`.
#[uniffi::export]
pub fn qr_terminal(text: &str, colored: bool) -> Result<String, SealcardError> {
    let style = if colored { TerminalStyle::Colored } else { TerminalStyle::Plain };
    Ok(qr::QrMatrix::new(text)?.to_terminal(style))
}

/// The texts of the QR codes in a picture. `luma` is its brightness, a byte a pixel, row by row from the top; a row begins
/// `row_stride` bytes after the one before.
///
/// # Errors
/// `invalid_picture`.
#[uniffi::export]
pub fn scan_luma(luma: &[u8], width: u32, height: u32, row_stride: u32) -> Result<Vec<String>, SealcardError> {
    Ok(qr_reader::scan(luma, width, height, row_stride)?)
}

/// The texts of the QR codes in a PNG file of at most 16 MB.
///
/// # Errors
/// `invalid_picture`.
#[uniffi::export]
pub fn scan_png(file: &[u8]) -> Result<Vec<String>, SealcardError> {
    Ok(qr_reader::scan_png(file)?)
}
