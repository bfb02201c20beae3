//! By minijson's serde.

use wigwag_codec::minijson::{from_slice, to_slice};

use super::Reading;

/// Reads the derived struct.
#[must_use]
pub fn decode(input: &[u8]) -> Option<Reading<'_>> {
    from_slice(input).ok()
}

/// Writes it.
#[must_use]
pub fn encode(reading: &Reading<'_>, out: &mut [u8]) -> Option<usize> {
    to_slice(reading, out).ok()
}
