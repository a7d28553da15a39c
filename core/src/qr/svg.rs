//! A QR code as SVG.

use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;

use super::{MAX_PIXELS, QrMatrix};

impl QrMatrix {
    /// An SVG document `pixels` wide and high (1 to [`MAX_PIXELS`], else the nearest of them), quiet zone included.
    #[must_use]
    pub fn to_svg(&self, pixels: u32) -> String {
        let pixels = pixels.clamp(1, MAX_PIXELS);
        let side = self.width_with_quiet_zone();
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
             viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\""
        );
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let run = (x..side).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    // Writing to a String cannot fail.
                    let _ = write!(svg, "M{x} {y}h{run}v1h-{run}z");
                }
                x = x.saturating_add(run.max(1));
            }
        }
        svg.push_str("\"/></svg>\n");
        svg
    }
}
