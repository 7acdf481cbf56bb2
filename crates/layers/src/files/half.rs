//! The 16-bit numbers that weights are often stored in. Every one of them is an `f32`, so reading them is exact.

/// IEEE 754 binary16: a sign, 5 bits of exponent (with 15 added), 10 of fraction.
pub(crate) fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = ((bits >> 10) & 0x1f, f32::from(bits & 0x3ff));
    match exponent {
        // Below the normal numbers: fraction * 2^-10 * 2^-14.
        0 => sign * fraction * f32::from_bits((127 - 24) << 23),
        0x1f if fraction == 0.0 => sign * f32::INFINITY,
        0x1f => f32::NAN,
        // The fraction is 13 bits longer in an f32, and 127 is added to the exponent: 112 more.
        _ => {
            let (exponent, fraction) = (u32::from(exponent) + 112, u32::from(bits & 0x3ff) << 13);
            sign * f32::from_bits(exponent << 23 | fraction)
        }
    }
}

/// The upper half of an `f32`.
pub(crate) fn brain(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures from the standard: the largest, the smallest normal and subnormal, and the neighbours of 1.
    #[test]
    fn half_precision() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x0001, 2.0_f32.powi(-24)),
            (0x03ff, 1023.0 * 2.0_f32.powi(-24)),
            (0x0400, 2.0_f32.powi(-14)),
            (0x3bff, 1.0 - 2.0_f32.powi(-11)),
            (0x3c00, 1.0),
            (0x3c01, 1.0 + 2.0_f32.powi(-10)),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan() && half(0x8000).is_sign_negative());
        // In the order of their bits, the positive ones grow.
        assert!((0..0x7c00).all(|bits| half(bits) < half(bits + 1)));
    }

    #[test]
    fn brain_floats() {
        for (bits, value) in [(0x3f80, 1.0), (0xc049, -3.140625), (0x7f80, f32::INFINITY), (0x0000, 0.0)] {
            assert_eq!(brain(bits), value, "{bits:#x}");
        }
    }
}
