//! A range coder: shares of a range become bytes.
//!
//! The state is a range of 32-bit numbers. To code a choice with `weight` out of `total`, the range shrinks to its share;
//! whenever it is below 2^24, its first byte is settled and leaves. The coded bytes are the shortest that lie in the last
//! range, read as if zeros followed.

use alloc::vec::Vec;

/// A choice's share: `start .. start + weight` out of `total`, which is at most 2^17.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub(super) start: u32,
    pub(super) weight: u32,
    pub(super) total: u32,
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
        let unit = self.range.checked_div(share.total).unwrap_or_default();
        self.add(unit.saturating_mul(share.start));
        self.range = unit.saturating_mul(share.weight);
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

/// From the range's first number to the one in it that ends with the most zero bytes.
fn last_step(low: u32, range: u32) -> u32 {
    let step = |bits: u32| low.wrapping_neg() & (1_u32 << bits).wrapping_sub(1);
    [24, 16, 8].into_iter().map(step).find(|step| *step < range).unwrap_or_default()
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

    /// Where in `total` the next choice lies; the caller finds whose share that is and calls [`Decoder::take`]. `None`
    /// for bytes that no encoder writes.
    pub(super) fn position(&self, total: u32) -> Option<u32> {
        let unit = self.range.checked_div(total)?;
        self.code.checked_div(unit).filter(|position| *position < total)
    }

    pub(super) fn take(&mut self, share: Share) {
        let unit = self.range.checked_div(share.total).unwrap_or_default();
        let step = unit.saturating_mul(share.start);
        self.low = self.low.wrapping_add(step);
        self.code = self.code.saturating_sub(step);
        self.range = unit.saturating_mul(share.weight).max(1);
        while self.range < BOTTOM {
            self.shift();
            self.low <<= 8;
            self.range <<= 8;
        }
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

    fn shares() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
        let share = (1_u32..=1 << 17).prop_flat_map(|total| {
            (0..total).prop_flat_map(move |start| (Just(start), 1..=total - start, Just(total)))
        });
        proptest::collection::vec(share, 0..200)
    }

    proptest! {
        #[test]
        fn every_choice_comes_back_and_the_bytes_end_in_one_way(choices in shares(), more: u8) {
            let mut encoder = Encoder::new();
            for (start, weight, total) in &choices {
                encoder.encode(Share { start: *start, weight: *weight, total: *total });
            }
            let bytes = encoder.finish();
            prop_assert_ne!(bytes.last(), Some(&0));
            let finished = |bytes: &[u8]| {
                let mut decoder = Decoder::new(bytes);
                for (start, weight, total) in &choices {
                    match decoder.position(*total) {
                        Some(position) if (*start..start + weight).contains(&position) => {}
                        _ => return false,
                    }
                    decoder.take(Share { start: *start, weight: *weight, total: *total });
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
    }
}
