//! A range coder: shares of a range become bytes.
//!
//! The state is a range of 32-bit numbers. To code a choice, the range shrinks to the choice's share of it; whenever it is
//! below 2^24, its first byte is settled and leaves. The coded bytes are the shortest that lie in the last range, read as if
//! zeros followed.

use alloc::vec::Vec;

/// A range is shared out in 2^12 equal parts.
pub(super) const PARTS_BITS: u32 = 12;

/// A choice's share: the parts from `start` to before `end`. Never empty, and at most 2^12.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) start: u16,
    pub(super) end: u16,
}

impl Share {
    /// One of 2 to the power of `bits` equal shares, for at most 12 bits.
    pub(super) fn of_number(number: u32, bits: u32) -> Self {
        let parts = PARTS_BITS.saturating_sub(bits);
        let edge = |number: u32| u16::try_from(number << parts).unwrap_or(u16::MAX);
        Self { start: edge(number), end: edge(number.saturating_add(1)) }
    }

    fn parts(self) -> u32 {
        u32::from(self.end.wrapping_sub(self.start))
    }
}

const BOTTOM: u32 = 1 << 24;

pub(super) struct Encoder {
    low: u32,
    range: u32,
    bytes: Vec<u8>,
}

impl Encoder {
    pub(super) const fn new() -> Self {
        Self { low: 0, range: u32::MAX, bytes: Vec::new() }
    }

    pub(super) fn encode(&mut self, share: Share) {
        let part = self.range >> PARTS_BITS;
        self.add(part.saturating_mul(share.start.into()));
        self.range = part.saturating_mul(share.parts());
        while self.range < BOTTOM && self.range > 0 {
            self.shift();
            self.range <<= 8;
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.add(last_step(self.low, self.range));
        for _ in 0..4 {
            self.shift();
        }
        let end = self.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        self.bytes.truncate(end);
        self.bytes
    }

    fn add(&mut self, more: u32) {
        let (low, carry) = self.low.overflowing_add(more);
        self.low = low;
        if carry {
            for byte in self.bytes.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }

    fn shift(&mut self) {
        let [first, ..] = self.low.to_be_bytes();
        self.bytes.push(first);
        self.low <<= 8;
    }
}

/// From the range's first number to the one in it that ends with the most zero bytes: four, or else three, of which every
/// range has one.
fn last_step(low: u32, range: u32) -> u32 {
    let four = low.wrapping_neg();
    if four < range { four } else { four & (BOTTOM - 1) }
}

pub(super) struct Decoder<'a> {
    low: u32,
    range: u32,
    /// From `low` to what the bytes say.
    code: u32,
    rest: core::slice::Iter<'a, u8>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { low: 0, range: u32::MAX, code: 0, rest: bytes.iter() };
        for _ in 0..4 {
            decoder.shift();
        }
        decoder
    }

    /// The part of the range that the next choice lies in. Bytes that no encoder writes may lie beyond the last one.
    pub(super) fn part(&self) -> Option<u16> {
        self.code.checked_div(self.part_size()).and_then(|part| u16::try_from(part).ok())
    }

    /// A number of at most 12 bits, all equally likely.
    pub(super) fn take_number(&mut self, bits: u32) -> Option<u32> {
        let part = self.part().filter(|part| *part < 1 << PARTS_BITS)?;
        let number = u32::from(part) >> PARTS_BITS.saturating_sub(bits);
        self.take(Share::of_number(number, bits));
        Some(number)
    }

    /// Takes the share that the next choice lies in.
    pub(super) fn take(&mut self, share: Share) {
        let part = self.part_size();
        let step = part.wrapping_mul(share.start.into());
        self.low = self.low.wrapping_add(step);
        self.code = self.code.wrapping_sub(step);
        self.range = part.wrapping_mul(share.parts()).max(1);
        while self.range < BOTTOM {
            self.shift();
            self.low <<= 8;
            self.range <<= 8;
        }
    }

    const fn part_size(&self) -> u32 {
        self.range >> PARTS_BITS
    }

    /// Whether every byte was read, and they end as the encoder would have ended them.
    pub(super) fn is_finished(&self) -> bool {
        self.rest.len() == 0 && self.code == last_step(self.low, self.range)
    }

    fn shift(&mut self) {
        self.code = self.code << 8 | u32::from(self.rest.next().copied().unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shares() -> impl Strategy<Value = Vec<Share>> {
        let share = (0_u16..4096).prop_flat_map(|start| (Just(start), start + 1..=4096));
        proptest::collection::vec(share.prop_map(|(start, end)| Share { start, end }), 0..200)
    }

    proptest! {
        #[test]
        fn every_choice_comes_back_and_the_bytes_end_in_one_way(choices in shares(), more: u8) {
            let mut encoder = Encoder::new();
            for share in &choices {
                encoder.encode(*share);
            }
            let bytes = encoder.finish();
            prop_assert_ne!(bytes.last(), Some(&0));
            let finished = |bytes: &[u8]| {
                let mut decoder = Decoder::new(bytes);
                for share in &choices {
                    if !decoder.part().is_some_and(|part| (share.start..share.end).contains(&part)) {
                        return false;
                    }
                    decoder.take(*share);
                }
                decoder.is_finished()
            };
            prop_assert!(finished(&bytes));
            // The same choices from other bytes are refused; a zero at the end, the caller refuses.
            prop_assert!(more == 0 || !finished(&[&bytes[..], &[more]].concat()));
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] = changed[at].wrapping_add(more);
                prop_assert!(more == 0 || !finished(&changed));
            }
        }

        #[test]
        fn every_number_comes_back(numbers in proptest::collection::vec((0_u32..4096, 0_u32..=12), 0..50)) {
            let mut encoder = Encoder::new();
            for (number, bits) in &numbers {
                encoder.encode(Share::of_number(number % (1 << bits), *bits));
            }
            let bytes = encoder.finish();
            let mut decoder = Decoder::new(&bytes);
            for (number, bits) in &numbers {
                prop_assert_eq!(decoder.take_number(*bits), Some(number % (1 << bits)));
            }
            prop_assert!(decoder.is_finished());
        }
    }

    #[test]
    fn bytes_beyond_the_last_share_are_no_choice() {
        let mut decoder = Decoder::new(&[0xff; 4]);
        assert!(decoder.part().is_none_or(|part| part >= 4096));
        assert_eq!(decoder.take_number(12), None);
        assert_eq!(Decoder::new(&[0xff, 0xff, 0xef, 0xff]).part(), Some(4095));
    }
}
