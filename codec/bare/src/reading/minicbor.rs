//! By minicbor's decoder and encoder, by hand, with text as keys: what
//! [`minijson`](super::minijson) does, in CBOR.

use minicbor::encode::write::{Cursor, EndOfSlice};
use minicbor::{Decoder, Encoder};

use super::Reading;

/// Reads a map in which the fields come in any order, with others between them.
#[must_use]
pub fn decode(input: &[u8]) -> Option<Reading<'_>> {
    read(input).ok()
}

fn read(input: &[u8]) -> Result<Reading<'_>, minicbor::decode::Error> {
    let mut decoder = Decoder::new(input);
    let mut reading = Reading::default();
    let count = decoder.map()?;
    for _ in 0..count.ok_or_else(|| minicbor::decode::Error::message("length"))? {
        match decoder.str()? {
            "id" => reading.id = decoder.u32()?,
            "name" => reading.name = decoder.str()?,
            "level" => reading.level = decoder.f32()?,
            "at" => reading.at = decoder.i64()?,
            _ => decoder.skip()?,
        }
    }
    Ok(reading)
}

/// Writes the map; how many bytes, or nothing where they do not fit.
#[must_use]
pub fn encode(reading: &Reading<'_>, out: &mut [u8]) -> Option<usize> {
    write(reading, out).ok()
}

fn write(
    reading: &Reading<'_>,
    out: &mut [u8],
) -> Result<usize, minicbor::encode::Error<EndOfSlice>> {
    let mut encoder = Encoder::new(Cursor::new(out));
    encoder.map(4)?;
    encoder.str("id")?.u32(reading.id)?;
    encoder.str("name")?.str(reading.name)?;
    encoder.str("level")?.f32(reading.level)?;
    encoder.str("at")?.i64(reading.at)?;
    Ok(encoder.into_writer().position())
}
