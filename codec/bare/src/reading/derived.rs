//! By minicbor's derive: numbers as keys, which is what it has.

use minicbor::encode::write::Cursor;
use minicbor::{Decode, Encode};

use super::Reading;

#[derive(Decode, Encode)]
#[cbor(map)]
struct Numbered<'a> {
    #[n(0)]
    id: u32,
    #[b(1)]
    name: &'a str,
    #[n(2)]
    level: f32,
    #[n(3)]
    at: i64,
}

/// Reads the derived struct.
#[must_use]
pub fn decode(input: &[u8]) -> Option<Reading<'_>> {
    let Numbered {
        id,
        name,
        level,
        at,
    } = minicbor::decode(input).ok()?;
    Some(Reading {
        id,
        name,
        level,
        at,
    })
}

/// Writes it.
#[must_use]
pub fn encode(reading: &Reading<'_>, out: &mut [u8]) -> Option<usize> {
    let Reading {
        id,
        name,
        level,
        at,
    } = *reading;
    let mut cursor = Cursor::new(out);
    let numbered = Numbered {
        id,
        name,
        level,
        at,
    };
    minicbor::encode(&numbered, &mut cursor).ok()?;
    Some(cursor.position())
}
