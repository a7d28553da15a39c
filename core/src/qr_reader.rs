//! QR codes in pictures: for apps whose platform has no scanner, and for tests that close the loop.
//!
//! The reader takes milliseconds, but a picture made for it can keep it busy for minutes: where strangers choose the picture, as
//! at a door, prefer the platform's scanner.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::ErrorCode;

/// The most pixels a side of a picture that is searched.
pub const MAX_SIDE: u32 = 4096;

/// The largest PNG file that is read.
pub const MAX_PNG_BYTES: usize = 16 * 1024 * 1024;

/// The texts of the QR codes in a picture, those that can be read. `luma` is its brightness, a byte a pixel, row by row from
/// the top; a row begins `row_stride` bytes after the one before, for cameras fill rows up. What the last row lacks of that is
/// not needed.
///
/// # Errors
/// [`PictureError`] if the picture has no pixels or more than [`MAX_SIDE`] a side, or `luma` is not of its size.
pub fn scan(luma: &[u8], width: u32, height: u32, row_stride: u32) -> Result<Vec<String>, PictureError> {
    let side = |side: u32| usize::try_from(side).ok().filter(|_| (1..=MAX_SIDE).contains(&side));
    let (width, height) = side(width).zip(side(height)).ok_or(PictureError)?;
    let row_stride = usize::try_from(row_stride).ok().filter(|stride| *stride >= width).ok_or(PictureError)?;
    let most = row_stride.checked_mul(height).ok_or(PictureError)?;
    let least = most.saturating_sub(row_stride).saturating_add(width);
    if !(least..=most).contains(&luma.len()) {
        return Err(PictureError);
    }
    let pixel =
        |x: usize, y: usize| luma.get(y.saturating_mul(row_stride).saturating_add(x)).copied().unwrap_or(u8::MAX);
    let find = || {
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
        let codes = picture.detect_grids();
        codes.into_iter().filter_map(|code| Some(code.decode().ok()?.1)).collect()
    };
    // The reader asserts what a picture can break, if hardly: corners that its perspective throws out of all bounds. Nothing is
    // shared with what is thrown away.
    Ok(std::panic::catch_unwind(std::panic::AssertUnwindSafe(find)).unwrap_or_default())
}

/// The texts of the QR codes in a PNG file.
///
/// # Errors
/// As [`scan`], and for more than [`MAX_PNG_BYTES`] and what is no PNG file.
pub fn scan_png(file: &[u8]) -> Result<Vec<String>, PictureError> {
    if file.len() > MAX_PNG_BYTES {
        return Err(PictureError);
    }
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    // A row a byte a sample, whatever the file's depth and palette; what is transparent is taken as it is.
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_| PictureError)?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(PictureError);
    }
    let mut samples = alloc::vec![0; reader.output_buffer_size().ok_or(PictureError)?];
    let frame = reader.next_frame(&mut samples).map_err(|_| PictureError)?;
    let samples = samples.get(..frame.buffer_size()).ok_or(PictureError)?;
    let luma: Vec<u8> = match frame.color_type {
        png::ColorType::Grayscale => samples.into(),
        png::ColorType::GrayscaleAlpha => samples.as_chunks::<2>().0.iter().map(|[luma, _]| *luma).collect(),
        png::ColorType::Rgb => samples.as_chunks::<3>().0.iter().map(|[r, g, b]| brightness(*r, *g, *b)).collect(),
        png::ColorType::Rgba => samples.as_chunks::<4>().0.iter().map(|[r, g, b, _]| brightness(*r, *g, *b)).collect(),
        // Expanded by the transformation above.
        png::ColorType::Indexed => return Err(PictureError),
    };
    scan(&luma, width, height, width)
}

/// The luma of ITU-R BT.601, in 256ths.
const fn brightness(r: u8, g: u8, b: u8) -> u8 {
    let sum = (r as u32).saturating_mul(77).saturating_add((g as u32).saturating_mul(150));
    let [_, _, luma, _] = sum.saturating_add((b as u32).saturating_mul(29)).to_be_bytes();
    luma
}

/// Not a picture that can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureError;

impl PictureError {
    /// The stable code, `invalid_picture`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::InvalidPicture
    }
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a picture of 1 to {MAX_SIDE} pixels a side: damaged, too large, or of another size than said")
    }
}

impl core::error::Error for PictureError {}

#[cfg(test)]
#[cfg(feature = "qr")]
mod tests {
    use super::*;
    use crate::qr::QrMatrix;
    use alloc::vec;
    use proptest::prelude::*;

    /// The picture, `scale` pixels a module.
    fn luma(text: &str, scale: usize) -> (Vec<u8>, u32) {
        let code = QrMatrix::new(text).unwrap();
        let side = code.width_with_quiet_zone() * scale;
        let pixel = |at: usize| if code.is_dark(at % side / scale, at / side / scale) { 0 } else { 255 };
        ((0..side * side).map(pixel).collect(), side.try_into().unwrap())
    }

    #[test]
    fn what_was_drawn_is_read_from_pixels_and_from_a_file() {
        for text in ["SC1:TEST", "https://card.example.org/s#ABC*+-/09", &"A".repeat(1000)] {
            for scale in [2, 3, 8] {
                let (luma, side) = luma(text, scale);
                assert_eq!(scan(&luma, side, side, side), Ok(vec![text.into()]), "{scale}");
                let mut padded: Vec<u8> = luma.chunks(side as usize).flat_map(|row| [row, &[0; 7]].concat()).collect();
                for _ in 0..=7 {
                    assert_eq!(scan(&padded, side, side, side + 7), Ok(vec![text.into()]), "{scale}");
                    padded.pop();
                }
                assert_eq!(scan(&padded, side, side, side + 7), Err(PictureError));
                let file = QrMatrix::new(text).unwrap().to_png(side).unwrap();
                assert_eq!(scan_png(&file), Ok(vec![text.into()]), "{scale}");
            }
        }
    }

    #[test]
    fn a_picture_without_a_code_holds_none() {
        assert_eq!(scan(&[0], 1, 1, 1), Ok(vec![]));
        assert_eq!(scan(&[128; 10_000], 100, 100, 100), Ok(vec![]));
        let noise: Vec<u8> = (0..250_000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        assert_eq!(scan(&noise, 500, 500, 500), Ok(vec![]));
    }

    proptest! {
        /// Any pixels of a code changed: a text is found or none.
        #[test]
        fn a_spoilt_code_is_read_or_not(changes in prop::collection::vec((0..116_usize * 116, any::<u8>()), 0..2_000)) {
            let (mut luma, side) = luma("SC1:A/QR:CODE THAT IS FOUND", 3);
            let pixels = luma.len();
            for (at, value) in changes {
                luma[at % pixels] = value;
            }
            prop_assert!(scan(&luma, side, side, side).is_ok());
        }

        #[test]
        fn any_bytes_are_a_picture_or_none(file: Vec<u8>) {
            prop_assert_eq!(scan_png(&file), Err(PictureError));
            prop_assert_eq!(scan_png(&[b"\x89PNG\r\n\x1a\n", &file[..]].concat()), Err(PictureError));
        }
    }

    #[test]
    fn a_picture_has_1_to_4096_pixels_a_side_and_a_byte_for_each() {
        let blank = vec![255; 4097];
        assert_eq!(scan(&blank[..4096], 4096, 1, 4096), Ok(vec![]));
        assert_eq!(scan(&blank[..4096], 1, 4096, 1), Ok(vec![]));
        for (width, height) in [(4097, 1), (1, 4097), (0, 4097), (4097, 0), (u32::MAX, u32::MAX), (64, 64), (1, 4096)] {
            assert_eq!(scan(&blank, width, height, width), Err(PictureError), "{width} {height}");
        }
        assert_eq!(scan(&[], 0, 0, 0), Err(PictureError));
        for stride in [0, 63, 65, u32::MAX] {
            assert_eq!(scan(&blank[..4096], 64, 64, stride), Err(PictureError), "{stride}");
        }
    }

    #[test]
    fn a_file_of_any_kind_of_pixels_is_read_and_a_damaged_one_refused() {
        use png::{BitDepth, ColorType};
        let (luma, side) = luma("SC1:TEST", 4);
        let wide = |bytes: usize| luma.iter().flat_map(|pixel| vec![*pixel; bytes]).collect::<Vec<_>>();
        for (color, depth, data) in [
            (ColorType::Grayscale, BitDepth::Eight, wide(1)),
            (ColorType::Grayscale, BitDepth::Sixteen, wide(2)),
            (ColorType::GrayscaleAlpha, BitDepth::Eight, wide(2)),
            (ColorType::Rgb, BitDepth::Eight, wide(3)),
            (ColorType::Rgb, BitDepth::Sixteen, wide(6)),
            (ColorType::Rgba, BitDepth::Eight, wide(4)),
            (ColorType::Indexed, BitDepth::Eight, luma.iter().map(|pixel| pixel & 1).collect()),
        ] {
            let mut file = Vec::new();
            let mut encoder = png::Encoder::new(&mut file, side, side);
            encoder.set_color(color);
            encoder.set_depth(depth);
            if color == ColorType::Indexed {
                encoder.set_palette(vec![0, 0, 0, 255, 255, 255]);
            }
            let mut writer = encoder.write_header().unwrap();
            writer.write_image_data(&data).unwrap();
            writer.finish().unwrap();
            assert_eq!(scan_png(&file), Ok(vec!["SC1:TEST".into()]), "{color:?} {depth:?}");
            for end in [0, 1, 8, 30, file.len() / 2] {
                assert_eq!(scan_png(&file[..end]), Err(PictureError), "{color:?} {end}");
            }
        }
        let mut file = QrMatrix::new("SC1:TEST").unwrap().to_png(200).unwrap();
        file.resize(MAX_PNG_BYTES, 0);
        assert_eq!(scan_png(&file), Ok(vec!["SC1:TEST".into()]));
        file.push(0);
        assert_eq!(scan_png(&file), Err(PictureError));
        for (width, height, expected) in
            [(4096, 1, Ok(vec![])), (1, 4096, Ok(vec![])), (4097, 1, Err(PictureError)), (1, 4097, Err(PictureError))]
        {
            let mut file = Vec::new();
            let mut encoder = png::Encoder::new(&mut file, width, height);
            encoder.set_color(ColorType::Grayscale);
            let mut writer = encoder.write_header().unwrap();
            writer.write_image_data(&vec![255; (width * height) as usize]).unwrap();
            writer.finish().unwrap();
            assert_eq!(scan_png(&file), expected, "{width} {height}");
        }
    }
}
