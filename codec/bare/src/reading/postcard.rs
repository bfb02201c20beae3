//! By postcard, whose bytes tell neither names nor types.

use super::Reading;

/// Reads the derived struct.
#[must_use]
pub fn decode(input: &[u8]) -> Option<Reading<'_>> {
    postcard::from_bytes(input).ok()
}

/// Writes it.
#[must_use]
pub fn encode(reading: &Reading<'_>, out: &mut [u8]) -> Option<usize> {
    postcard::to_slice(reading, out)
        .ok()
        .map(|written| written.len())
}
