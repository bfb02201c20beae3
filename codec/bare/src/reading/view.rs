//! By the lazy view: checked once, then read by key.

use wigwag_codec::minijson::Value;

use super::Reading;

/// Reads the fields of a map by their keys.
#[must_use]
pub fn decode(input: &[u8]) -> Option<Reading<'_>> {
    let value = Value::parse(input).ok()?;
    Some(Reading {
        id: u32::try_from(value.get("id")?.as_u64()?).ok()?,
        name: value.get("name")?.as_str()?,
        level: value.get("level")?.as_f32()?,
        at: value.get("at")?.as_i64()?,
    })
}
