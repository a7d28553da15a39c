//! Weights in four bits, and logarithms without floating point.

/// The weights that an entry can have, and an escape; none where there is no escape.
pub const WEIGHTS: [u16; 15] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192];

/// The weight nearest, by ratio, to `value` when `max` becomes the largest; at least 1 unless `value` is 0.
pub fn quantize(value: u64, max: u64) -> u16 {
    if value == 0 {
        return 0;
    }
    let wanted = u128::from(value) * 192;
    let mut best = WEIGHTS[0];
    for pair in WEIGHTS.windows(2) {
        // Past the geometric mean of two neighbours the larger is nearer.
        let between = u128::from(pair[0]) * u128::from(pair[1]) * u128::from(max) * u128::from(max);
        if wanted * wanted > between {
            best = pair[1];
        }
    }
    best
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
