//! How large a QR code will be, without drawing it.

use crate::Carrier;
use crate::base_n::encoded_len;

/// The light border that readers need on every side, in modules.
pub(crate) const QUIET_ZONE: u16 = 4;

/// The smallest module that phones read well from a print held at arm's length, in tenths of a millimetre.
const MODULE_TENTHS_MM: u16 = 4;

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
    /// From the weakest to the strongest.
    pub const ALL: [Self; 4] = [Self::L, Self::M, Self::Q, Self::H];
}

/// The size of a QR code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QrSize {
    version: u8,
}

impl QrSize {
    /// The largest there is.
    pub const MAX_VERSION: u8 = 40;

    /// The smallest code that holds a token of so many bytes in this carrier, at this error correction; `None` if none
    /// does.
    #[must_use]
    pub fn of_token(token_bytes: usize, carrier: &Carrier, level: ErrorCorrection) -> Option<Self> {
        let start = Segments::of(&carrier.start());
        let coded = encoded_len(token_bytes);
        Segments { alphanumeric: start.alphanumeric.saturating_add(coded), ..start }.smallest(level)
    }

    /// The smallest code that holds a text at this error correction; `None` if none does.
    #[must_use]
    pub fn of_text(text: &str, level: ErrorCorrection) -> Option<Self> {
        Segments::of(text).smallest(level)
    }

    /// 1 to 40.
    #[must_use]
    pub const fn version(self) -> u8 {
        self.version
    }

    /// Modules a side, without the quiet zone: 17 + 4 · version.
    #[must_use]
    pub const fn modules(self) -> u16 {
        (self.version as u16).saturating_mul(4).saturating_add(17)
    }

    /// The side of the smallest sensible print in millimetres, quiet zone included: modules of 0.4 mm, five dots of a
    /// printer with 300 dpi.
    #[must_use]
    pub const fn print_mm(self) -> u16 {
        let modules = self.modules().saturating_add(2 * QUIET_ZONE);
        modules.saturating_mul(MODULE_TENTHS_MM).div_ceil(10)
    }
}

/// A text in two segments of a QR code: any bytes, then characters of the alphanumeric mode. Either may be empty.
#[derive(Clone, Copy)]
pub(crate) struct Segments {
    pub(crate) bytes: usize,
    pub(crate) alphanumeric: usize,
}

impl Segments {
    /// The longest end in alphanumeric mode. Payload texts have no better division; where another text would be smaller
    /// as bytes throughout, it is.
    pub(crate) fn of(text: &str) -> Self {
        let allowed = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" $%*+-./:".contains(byte);
        let alphanumeric = text.as_bytes().iter().rev().take_while(allowed).count();
        let split = Self { bytes: text.len().saturating_sub(alphanumeric), alphanumeric };
        let whole = Self { bytes: text.len(), alphanumeric: 0 };
        // The count fields grow with the version, which for so short an end makes no difference.
        if split.bytes > 0 && whole.bits(1) < split.bits(1) { whole } else { split }
    }

    fn smallest(self, level: ErrorCorrection) -> Option<QrSize> {
        let version = (1..=QrSize::MAX_VERSION).zip(&DATA_CODEWORDS).find(|(version, codewords)| {
            let [l, m, q, h] = **codewords;
            let codewords = match level {
                ErrorCorrection::L => l,
                ErrorCorrection::M => m,
                ErrorCorrection::Q => q,
                ErrorCorrection::H => h,
            };
            self.bits(*version) <= usize::from(codewords).saturating_mul(8)
        });
        version.map(|(version, _)| QrSize { version })
    }

    /// The bits of both segments: a mode of four bits, a count, and the characters.
    fn bits(self, version: u8) -> usize {
        let (byte_count, alphanumeric_count) = match version {
            ..10 => (8, 9),
            10..27 => (16, 11),
            27.. => (16, 13),
        };
        let segment = |characters: usize, count: usize, bits: usize| {
            if characters == 0 { 0 } else { bits.saturating_add(count).saturating_add(4) }
        };
        let pairs =
            (self.alphanumeric / 2).saturating_mul(11).saturating_add((self.alphanumeric % 2).saturating_mul(6));
        segment(self.bytes, byte_count, self.bytes.saturating_mul(8)).saturating_add(segment(
            self.alphanumeric,
            alphanumeric_count,
            pairs,
        ))
    }
}

/// How many bytes of data each version holds at L, M, Q and H (ISO/IEC 18004, table 7).
#[rustfmt::skip]
const DATA_CODEWORDS: [[u16; 4]; QrSize::MAX_VERSION as usize] = [
    [19, 16, 13, 9],
    [34, 28, 22, 16],
    [55, 44, 34, 26],
    [80, 64, 48, 36],
    [108, 86, 62, 46],
    [136, 108, 76, 60],
    [156, 124, 88, 66],
    [194, 154, 110, 86],
    [232, 182, 132, 100],
    [274, 216, 154, 122],
    [324, 254, 180, 140],
    [370, 290, 206, 158],
    [428, 334, 244, 180],
    [461, 365, 261, 197],
    [523, 415, 295, 223],
    [589, 453, 325, 253],
    [647, 507, 367, 283],
    [721, 563, 397, 313],
    [795, 627, 445, 341],
    [861, 669, 485, 385],
    [932, 714, 512, 406],
    [1006, 782, 568, 442],
    [1094, 860, 614, 464],
    [1174, 914, 664, 514],
    [1276, 1000, 718, 538],
    [1370, 1062, 754, 596],
    [1468, 1128, 808, 628],
    [1531, 1193, 871, 661],
    [1631, 1267, 911, 701],
    [1735, 1373, 985, 745],
    [1843, 1455, 1033, 793],
    [1955, 1541, 1115, 845],
    [2071, 1631, 1171, 901],
    [2191, 1725, 1231, 961],
    [2306, 1812, 1286, 986],
    [2434, 1914, 1354, 1054],
    [2566, 1992, 1426, 1096],
    [2702, 2102, 1502, 1142],
    [2812, 2216, 1582, 1222],
    [2956, 2334, 1666, 1276],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinkHost, MAX_TOKEN_BYTES};

    #[test]
    fn sizes_of_well_known_capacities() {
        let version = |text: &str, level| QrSize::of_text(text, level).map(QrSize::version);
        // Alphanumeric characters of versions 1 and 40, bytes of versions 1 and 40 (ISO/IEC 18004, table 7).
        for (level, small, large) in [
            (ErrorCorrection::L, 25, 4296),
            (ErrorCorrection::M, 20, 3391),
            (ErrorCorrection::Q, 16, 2420),
            (ErrorCorrection::H, 10, 1852),
        ] {
            assert_eq!(version(&"A".repeat(small), level), Some(1));
            assert_eq!(version(&"A".repeat(small + 1), level), Some(2));
            assert_eq!(version(&"A".repeat(large), level), Some(40));
            assert_eq!(version(&"A".repeat(large + 1), level), None);
        }
        for (level, small, large) in [
            (ErrorCorrection::L, 17, 2953),
            (ErrorCorrection::M, 14, 2331),
            (ErrorCorrection::Q, 11, 1663),
            (ErrorCorrection::H, 7, 1273),
        ] {
            assert_eq!(version(&"a".repeat(small), level), Some(1));
            assert_eq!(version(&"a".repeat(small + 1), level), Some(2));
            assert_eq!(version(&"a".repeat(large), level), Some(40));
            assert_eq!(version(&"a".repeat(large + 1), level), None);
        }
    }

    #[test]
    fn a_size_says_what_the_code_measures() {
        let size = QrSize::of_text("A", ErrorCorrection::L).unwrap();
        assert_eq!((size.version(), size.modules(), size.print_mm()), (1, 21, 12));
        let largest = QrSize { version: 40 };
        assert_eq!((largest.modules(), largest.print_mm()), (177, 74));
    }

    #[test]
    fn a_token_s_size_is_known_before_its_text() {
        let link = Carrier::Link(LinkHost::parse("card.example.org").unwrap());
        for bytes in (0..=MAX_TOKEN_BYTES).step_by(7) {
            for carrier in [&Carrier::Text, &link] {
                for level in ErrorCorrection::ALL {
                    let text = carrier.write(&alloc::vec![0xff; bytes]);
                    let size = QrSize::of_token(bytes, carrier, level);
                    assert_eq!(size, QrSize::of_text(&text, level), "{carrier:?} {bytes} {level:?}");
                }
            }
        }
    }
}
