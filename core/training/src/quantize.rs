//! Shares of 4096, and logarithms without floating point.

/// How many parts a context shares out.
pub const PARTS: u64 = 4096;

/// Shares in proportion to `weights`, at least 1 unless the weight is 0, that are [`PARTS`] together.
pub fn shares(weights: &[u64]) -> Vec<u16> {
    let total: u64 = weights.iter().sum();
    let share = |weight: &u64| if *weight == 0 { 0 } else { ((weight * PARTS + total / 2) / total).max(1) };
    let mut shares: Vec<u64> = weights.iter().map(share).collect();
    // What rounding gave or took, the largest makes good; the first of them.
    let mut off = PARTS as i64 - shares.iter().sum::<u64>() as i64;
    while off != 0 {
        let largest = (0..shares.len()).rev().max_by_key(|at| shares[*at]).expect("there are weights");
        let change = off.clamp(-(shares[largest] as i64 / 8 + 1), i64::MAX);
        shares[largest] = (shares[largest] as i64 + change) as u64;
        off -= change;
    }
    shares.into_iter().map(|share| u16::try_from(share).expect("at most 4096")).collect()
}

/// The binary logarithm in 1/65,536.
pub fn log2(value: u64) -> i64 {
    let whole = 63 - value.max(1).leading_zeros();
    let mut mantissa = (u128::from(value.max(1)) << 62) >> whole;
    let mut result = i64::from(whole);
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 62;
        result <<= 1;
        if mantissa >= 1 << 63 {
            mantissa >>= 1;
            result += 1;
        }
    }
    result
}
