//! A QR code as PNG, one bit a pixel.

use alloc::vec;
use alloc::vec::Vec;

use super::{MAX_PIXELS, QrMatrix};

impl QrMatrix {
    /// A PNG picture `pixels` wide and high (at most [`MAX_PIXELS`]), quiet zone included.
    ///
    /// Every module is the same whole number of pixels, so that it is crisp; what remains widens the quiet zone. If
    /// `pixels` is less than one a module, the picture is one pixel a module: smaller would not be readable.
    ///
    /// # Errors
    /// Only if the encoder fails, which it has no reason to.
    pub fn to_png(&self, pixels: u32) -> Result<Vec<u8>, png::EncodingError> {
        let modules = self.width_with_quiet_zone();
        let pixels = usize::try_from(pixels.min(MAX_PIXELS)).unwrap_or_default().max(modules);
        let scale = pixels.checked_div(modules).unwrap_or_default().max(1);
        let margin = pixels.saturating_sub(modules.saturating_mul(scale)) / 2;
        let module = |at: usize| at.checked_sub(margin).and_then(|at| at.checked_div(scale)).unwrap_or_default();

        let row_bytes = pixels.div_ceil(8);
        let mut rows = vec![u8::MAX; row_bytes.saturating_mul(pixels)];
        for (y, row) in rows.chunks_exact_mut(row_bytes.max(1)).enumerate() {
            for x in 0..pixels {
                if self.is_dark(module(x), module(y))
                    && let Some(byte) = row.get_mut(x / 8)
                {
                    *byte &= !(0x80_u8 >> (x % 8));
                }
            }
        }

        let mut file = Vec::new();
        let side = u32::try_from(pixels).unwrap_or(MAX_PIXELS);
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rows)?;
        writer.finish()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn the_picture_has_the_size_asked_for_or_one_pixel_a_module() {
        let code = QrMatrix::new("SC1:TEST").unwrap();
        let modules = u32::try_from(code.width_with_quiet_zone()).unwrap();
        for (asked, size) in [(0, modules), (1, modules), (modules, modules), (200, 200), (2048, 2048), (9999, 2048)] {
            let file = code.to_png(asked).unwrap();
            let mut reader = png::Decoder::new(Cursor::new(&file)).read_info().unwrap();
            assert_eq!((reader.info().width, reader.info().height), (size, size));
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            assert!(pixels.contains(&0) || pixels.iter().any(|byte| *byte != u8::MAX), "something is dark");
            assert_eq!(pixels.first(), Some(&u8::MAX), "the corner is light");
        }
    }
}
