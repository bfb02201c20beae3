//! By hand, item by item: the smallest way.

use wigwag_codec::minijson::{Decoder, Encoder, Error, Item};

use super::Reading;

/// Reads a map in which the fields come in any order, with others between them.
#[must_use]
pub fn decode(input: &[u8]) -> Option<Reading<'_>> {
    let mut decoder = Decoder::new(input);
    let mut reading = Reading::default();
    let Ok(Some(Item::Map(count))) = decoder.next() else {
        return None;
    };
    for _ in 0..count {
        let Ok(Some(Item::Key(key))) = decoder.next() else {
            return None;
        };
        match key.as_bytes() {
            b"id" => match decoder.next() {
                Ok(Some(Item::Int(id))) => reading.id = u32::try_from(id).ok()?,
                _ => return None,
            },
            b"name" => match decoder.next() {
                Ok(Some(Item::Text(name))) => reading.name = name.to_str().ok()?,
                _ => return None,
            },
            b"level" => match decoder.next() {
                Ok(Some(Item::Single(level))) => reading.level = level,
                _ => return None,
            },
            b"at" => match decoder.next() {
                Ok(Some(Item::Int(at))) => reading.at = at,
                _ => return None,
            },
            _ => decoder.skip().ok()?,
        }
    }
    decoder.finish().ok()?;
    Some(reading)
}

/// Writes the map; how many bytes, or nothing where they do not fit.
#[must_use]
pub fn encode(reading: &Reading<'_>, out: &mut [u8]) -> Option<usize> {
    write(reading, out).ok()
}

fn write(reading: &Reading<'_>, out: &mut [u8]) -> Result<usize, Error> {
    let mut encoder = Encoder::new(out);
    encoder.map(4)?;
    encoder.key("id")?.uint(reading.id.into())?;
    encoder.key("name")?.str(reading.name)?;
    encoder.key("level")?.f32(reading.level)?;
    encoder.key("at")?.int(reading.at)?;
    Ok(encoder.finish()?.len())
}
