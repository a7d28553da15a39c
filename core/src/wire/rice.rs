//! Rice coding: ascending numbers as gaps, each in few bits.
//!
//! A gap is what lies between a number and the one before it, or before the first, the number itself. Its lowest `parameter`
//! bits follow as many ones as the rest of it says, and a zero. Bits fill bytes from the highest down; those left over are zero.

use alloc::vec::Vec;

/// The largest parameter that a gap below 2^32 can use.
pub(super) const MAX_PARAMETER: u8 = 31;

/// How many bits the gaps take.
fn bits(gaps: &[u32], parameter: u8) -> u64 {
    let length = |gap: &u32| u64::from(gap >> parameter).saturating_add(1).saturating_add(parameter.into());
    gaps.iter().map(length).fold(0, u64::saturating_add)
}

/// The parameter with which these gaps take the fewest bits.
pub(super) fn best_parameter(gaps: &[u32]) -> u8 {
    (0..=MAX_PARAMETER).min_by_key(|parameter| bits(gaps, *parameter)).unwrap_or_default()
}

/// The gaps of numbers that ascend.
pub(super) fn gaps(numbers: &[u32]) -> Vec<u32> {
    let least = core::iter::once(0).chain(numbers.iter().map(|number| number.saturating_add(1)));
    numbers.iter().zip(least).map(|(number, least)| number.saturating_sub(least)).collect()
}

pub(super) fn encode(gaps: &[u32], parameter: u8) -> Vec<u8> {
    let mut writer = Writer::default();
    for gap in gaps {
        (0..gap >> parameter).for_each(|_| writer.push(true));
        writer.push(false);
        (0..parameter).rev().for_each(|place| writer.push(gap >> place & 1 == 1));
    }
    writer.bytes
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    /// How many bits of the last byte are free.
    free: u32,
}

impl Writer {
    fn push(&mut self, bit: bool) {
        if self.free == 0 {
            self.bytes.push(0);
            self.free = 8;
        }
        self.free = self.free.saturating_sub(1);
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << self.free;
        }
    }
}

/// The numbers that these bytes hold; it ends early where the bytes do, or where a number would not be below 2^32.
pub(super) struct Numbers<'a> {
    bytes: core::slice::Iter<'a, u8>,
    /// The bits read from the bytes and not yet used, from the highest down.
    window: u64,
    bits: u32,
    parameter: u8,
    /// What the next number is at least.
    least: u64,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(bytes: &'a [u8], parameter: u8) -> Self {
        Self { bytes: bytes.iter(), window: 0, bits: 0, parameter, least: 0 }
    }

    /// Whether nothing is left but the zeros that fill the last byte.
    pub(super) fn is_finished(&self) -> bool {
        self.bytes.len() == 0 && self.bits < 8 && self.window == 0
    }

    /// Reads whole bytes while there is room for them.
    fn refill(&mut self) {
        while let Some(shift) = 56_u32.checked_sub(self.bits)
            && let Some(byte) = self.bytes.next()
        {
            self.window |= u64::from(*byte) << shift;
            self.bits = self.bits.saturating_add(8);
        }
    }

    fn skip(&mut self, bits: u32) {
        self.window = self.window.checked_shl(bits).unwrap_or_default();
        self.bits = self.bits.saturating_sub(bits);
    }

    /// How many ones stand before the next zero.
    fn ones(&mut self) -> Option<u64> {
        let mut ones = 0_u64;
        loop {
            self.refill();
            let here = self.window.leading_ones().min(self.bits);
            ones = ones.saturating_add(here.into());
            if here < self.bits {
                self.skip(here.saturating_add(1));
                return Some(ones);
            }
            if self.bits == 0 {
                return None;
            }
            self.skip(here);
        }
    }

    fn lowest_bits(&mut self) -> Option<u64> {
        self.refill();
        let parameter = self.parameter.into();
        if self.bits < parameter {
            return None;
        }
        let value = self.window.checked_shr(64_u32.saturating_sub(parameter)).unwrap_or_default();
        self.skip(parameter);
        Some(value)
    }
}

impl Iterator for Numbers<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let ones = self.ones()?;
        // More than 32 bits' worth of ones makes no number below 2^32.
        let gap = ones.checked_shl(self.parameter.into()).filter(|_| ones < 1 << 32)? | self.lowest_bits()?;
        let number = u32::try_from(self.least.checked_add(gap)?).ok()?;
        self.least = u64::from(number).saturating_add(1);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], parameter: u8, count: usize) -> Option<Vec<u32>> {
        let mut numbers = Numbers::new(bytes, parameter);
        let read: Vec<_> = numbers.by_ref().take(count).collect();
        (read.len() == count && numbers.is_finished()).then_some(read)
    }

    proptest! {
        #[test]
        fn numbers_survive_with_any_parameter(
            numbers in proptest::collection::btree_set(prop_oneof![0_u32..5000, any::<u32>()], 0..200),
            parameter in 20..=MAX_PARAMETER,
        ) {
            let numbers: Vec<u32> = numbers.into_iter().collect();
            let gaps = gaps(&numbers);
            for parameter in [parameter, best_parameter(&gaps)] {
                let bytes = encode(&gaps, parameter);
                prop_assert_eq!(bytes.len() as u64, bits(&gaps, parameter).div_ceil(8));
                prop_assert_eq!(read(&bytes, parameter, numbers.len()), Some(numbers.clone()));
                prop_assert_eq!(read(&bytes, parameter, numbers.len() + 9), None);
                let longer = [&bytes[..], &[0]].concat();
                prop_assert_eq!(read(&longer, parameter, numbers.len()), None);
            }
        }

        /// Every bit means something: no two byte strings hold the same numbers.
        #[test]
        fn changed_bytes_are_other_numbers_or_none(bytes: Vec<u8>, at: usize, flip in 1_u8.., parameter in 0..=MAX_PARAMETER) {
            let count = Numbers::new(&bytes, parameter).count();
            let mut changed = bytes.clone();
            if changed.is_empty() { return Ok(()) }
            changed[at % bytes.len()] ^= flip;
            for count in 0..=count {
                if let Some(numbers) = read(&bytes, parameter, count) {
                    prop_assert_ne!(read(&changed, parameter, count), Some(numbers));
                }
            }
        }
    }

    #[test]
    fn examples() {
        // 3 as 1110, 5 as a gap of 1: 10; then two bits to fill.
        assert_eq!(encode(&gaps(&[3, 5]), 0), [0b1110_1000]);
        // 3 as 10 1, with a parameter of 1: one, zero, and the lowest bit.
        assert_eq!(encode(&[3], 1), [0b1010_0000]);
        assert_eq!(read(&[0b1110_1000], 0, 2), Some(alloc::vec![3, 5]));
        assert_eq!(read(&[0b1110_1000], 0, 1), None, "a one is left");
        assert_eq!(read(&[], 0, 0), Some(Vec::new()));
        assert_eq!(read(&[0], 0, 0), None);
        assert_eq!(gaps(&[0, 1, 7, u32::MAX]), [0, 0, 5, u32::MAX - 8]);
        // 2^32 and beyond is no number.
        assert_eq!(read(&encode(&[u32::MAX, 0], 31), 31, 2), None);
        assert_eq!(read(&[0xff; 64], 31, 1), None);
    }
}
