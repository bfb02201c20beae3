//! Half floats (IEEE 754 binary16), which only CBOR has.

/// The same number as a single; a NaN keeps its sign and payload.
pub(super) fn to_single(bits: u16) -> f32 {
    let bits = u32::from(bits);
    let sign = (bits & 0x8000) << 16;
    let exponent = (bits >> 10) & 0x1F;
    let mantissa = bits & 0x3FF;
    match exponent {
        // Zero and subnormals: the mantissa counts units of 2^-24.
        0 => {
            let magnitude = mantissa as f32 / 16_777_216.0;
            f32::from_bits(sign | magnitude.to_bits())
        }
        31 => f32::from_bits(sign | 0x7F80_0000 | (mantissa << 13)),
        _ => f32::from_bits(sign | (exponent.saturating_add(127 - 15) << 23) | (mantissa << 13)),
    }
}

#[cfg(test)]
mod tests {
    use super::to_single;

    #[test]
    fn examples_of_rfc_8949_appendix_a() {
        assert_eq!(to_single(0x0000).to_bits(), 0);
        assert_eq!(to_single(0x8000).to_bits(), 0x8000_0000);
        assert_eq!(to_single(0x3C00), 1.0);
        assert_eq!(to_single(0x3E00), 1.5);
        assert_eq!(to_single(0x7BFF), 65504.0);
        assert_eq!(to_single(0x0001), 5.960_464_5e-8);
        assert_eq!(to_single(0x0400), 0.000_061_035_156);
        assert_eq!(to_single(0xC400), -4.0);
        assert_eq!(to_single(0x7C00), f32::INFINITY);
        assert_eq!(to_single(0xFC00), f32::NEG_INFINITY);
        assert!(to_single(0x7E00).is_nan());
    }
}
