//! By hand, item by item: the smallest way.

use wigwag_codec::minijson::{Decoder, Encoder, Error, ErrorKind};

use super::Reading;

/// Reads a map in which the fields come in any order, with others between them.
#[must_use]
pub fn decode(input: &[u8]) -> Option<Reading<'_>> {
    read(input).ok()
}

fn read(input: &[u8]) -> Result<Reading<'_>, Error> {
    let mut decoder = Decoder::new(input);
    let mut reading = Reading::default();
    for _ in 0..decoder.map()? {
        let key = decoder.key()?;
        if key == "id" {
            let offset = decoder.position();
            reading.id = u32::try_from(decoder.int()?).map_err(|_| Error {
                kind: ErrorKind::OutOfRange,
                offset,
            })?;
        } else if key == "name" {
            reading.name = decoder.str()?;
        } else if key == "level" {
            reading.level = decoder.f32()?;
        } else if key == "at" {
            reading.at = decoder.int()?;
        } else {
            decoder.skip()?;
        }
    }
    decoder.finish()?;
    Ok(reading)
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
