//! Between the two widths of float, with NaN handled the same on every machine.

/// How floats are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Floats {
    /// Every float as a single, as the Python encoder does unless it is told
    /// otherwise: half the bytes, about seven digits. A finite number that is too
    /// large for a single is refused.
    #[default]
    Single,
    /// Every float as a double.
    Double,
    /// Each float in the width that it has: an `f32` as a single, an `f64` as a
    /// double.
    Kept,
}

const SINGLE_QUIET: u32 = 0x0040_0000;
const DOUBLE_QUIET: u64 = 0x0008_0000_0000_0000;

/// The nearest single, or nothing if that would make a finite number infinite. A
/// NaN stays one and keeps its sign and the upper bits of its payload.
pub(crate) fn narrow(value: f64) -> Option<f32> {
    if value.is_nan() {
        let bits = value.to_bits();
        let sign = ((bits >> 32) as u32) & 0x8000_0000;
        let payload = ((bits >> 29) as u32) & 0x007F_FFFF;
        return Some(f32::from_bits(sign | 0x7F80_0000 | SINGLE_QUIET | payload));
    }
    let single = value as f32;
    (single.is_finite() || value.is_infinite()).then_some(single)
}

/// The same number as a double. A NaN keeps sign and payload, made quiet.
pub(crate) fn widen(value: f32) -> f64 {
    if value.is_nan() {
        let bits = u64::from(value.to_bits());
        let sign = (bits & 0x8000_0000) << 32;
        let payload = (bits & 0x007F_FFFF) << 29;
        return f64::from_bits(sign | 0x7FF0_0000_0000_0000 | DOUBLE_QUIET | payload);
    }
    f64::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrows_to_the_nearest_single() {
        assert_eq!(narrow(0.1).unwrap().to_bits(), 0x3DCC_CCCD);
        assert_eq!(narrow(-0.0).unwrap().to_bits(), 0x8000_0000);
        assert_eq!(narrow(f64::NEG_INFINITY), Some(f32::NEG_INFINITY));
        assert_eq!(narrow(1e39), None);
        // Half a unit above the largest single rounds to infinity, less does not.
        assert_eq!(narrow(f64::from_bits(0x47EF_FFFF_F000_0000)), None);
        let below = f64::from_bits(0x47EF_FFFF_EFFF_FFFF);
        assert_eq!(narrow(below), Some(f32::MAX));
    }

    #[test]
    fn nan_stays_nan_with_sign_and_payload() {
        let nan = narrow(f64::from_bits(0xFFF0_0000_2000_0000)).unwrap();
        assert_eq!(nan.to_bits(), 0xFFC0_0001);
        assert_eq!(widen(nan).to_bits(), 0xFFF8_0000_2000_0000);
        // A signalling NaN whose payload does not fit must not become infinite.
        assert!(
            narrow(f64::from_bits(0x7FF0_0000_0000_0001))
                .unwrap()
                .is_nan()
        );
    }
}
