//! The ways in, each with an input as a whole or in chunks. None of them may allocate:
//! what they write to is there before.

use std::fmt;
use std::hint::black_box;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use wigwag_codec::capture::{self, Reader, Step};
use wigwag_codec::framer::{FrameReader, Framer, Received};
use wigwag_codec::minijson::{
    Decoder, Error, Limits, Options, Value, canonical, cbor, from_slice, json,
};
use wigwag_codec::ncp::{NcpFramer, Packet};
use wigwag_codec::ngtt::NgttFramer;
use wigwag_codec::prefix::PrefixFramer;

use crate::inputs::Format;

/// Does it to an input, with a place to write to; false if the input is refused.
pub(crate) type Work = fn(&[u8], &mut [u8]) -> bool;

/// Each way in: its name, the format it takes, what it does, and how many times as much
/// per byte it may take at the largest size as at the smallest.
pub(crate) const WAYS: [(&str, Format, Work, f64); 16] = [
    ("decode", Format::Minijson, decode, FLAT),
    (
        "skip",
        Format::Minijson,
        |input, _| Decoder::new(input).skip().is_ok(),
        FLAT,
    ),
    (
        "view",
        Format::Minijson,
        |input, _| Value::parse(input).is_ok(),
        FLAT,
    ),
    (
        "serde",
        Format::Minijson,
        |input, _| from_slice::<Anything>(input).is_ok(),
        FLAT,
    ),
    ("canonical", Format::Minijson, in_order, SORTED),
    ("to-json", Format::Minijson, to_json, FLAT),
    ("to-cbor", Format::Minijson, to_cbor, FLAT),
    (
        "from-json",
        Format::Json,
        |input, out| json::read(input, out).is_ok(),
        FLAT,
    ),
    (
        "from-cbor",
        Format::Cbor,
        |input, out| cbor::read(input, out).is_ok(),
        FLAT,
    ),
    (
        "frames",
        Format::Ngtt,
        |input, _| stream(NgttFramer::new(LONGEST), input, 4096),
        FLAT,
    ),
    (
        "frames-by-bytes",
        Format::Ngtt,
        |input, _| stream(NgttFramer::new(LONGEST), input, 1),
        FLAT,
    ),
    ("packet", Format::Ncp, packet, FLAT),
    (
        "packets-by-bytes",
        Format::NcpStream,
        |input, _| stream(NcpFramer::new(LONGEST), input, 1),
        FLAT,
    ),
    (
        "prefix-by-bytes",
        Format::Prefix,
        |input, _| stream(PrefixFramer::new(LONGEST), input, 1),
        FLAT,
    ),
    (
        "capture",
        Format::Capture,
        |input, _| records(input, input.len()),
        FLAT,
    ),
    (
        "capture-by-bytes",
        Format::Capture,
        |input, _| records(input, 1),
        FLAT,
    ),
];

/// What is the same for each byte, but for the noise of a clock.
const FLAT: f64 = 1.5;

/// Sorting in place: the logarithm of the entries, twice (merges of merges).
const SORTED: f64 = 8.0;

fn decode(input: &[u8], _: &mut [u8]) -> bool {
    let mut decoder = Decoder::new(input);
    loop {
        match decoder.next() {
            Ok(Some(item)) => {
                black_box(&item);
            }
            Ok(None) => return decoder.finish().is_ok(),
            Err(_) => return false,
        }
    }
}

/// Whatever is there, all of it looked at.
struct Anything;

impl<'de> serde::Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self)
    }
}

macro_rules! visits {
    ($($visit:ident: $number:ty,)*) => {$(
        fn $visit<E>(self, value: $number) -> Result<Self, E> {
            black_box(value);
            Ok(self)
        }
    )*};
}

impl<'de> Visitor<'de> for Anything {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    visits! {
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128, visit_u128: u128,
        visit_f32: f32, visit_f64: f64, visit_borrowed_str: &'de str,
        visit_borrowed_bytes: &'de [u8],
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

fn in_order(input: &[u8], out: &mut [u8]) -> bool {
    let sorted = |value| canonical(value, out, Options::new().with_strict_order(true));
    Value::parse(input).and_then(sorted).is_ok()
}

/// Counts what it is given.
struct Sink(usize);

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.wrapping_add(text.len());
        Ok(())
    }
}

fn to_json(input: &[u8], _: &mut [u8]) -> bool {
    let mut sink = Sink(0);
    let write = |value| json::write(value, &mut sink);
    Value::parse(input).and_then(write).is_ok()
}

fn to_cbor(input: &[u8], out: &mut [u8]) -> bool {
    let write = |value: Value<'_>| -> Result<usize, Error> { cbor::write(value, out) };
    Value::parse_with(input, Limits::new())
        .and_then(write)
        .is_ok()
}

/// Bytes that a stream's reader holds: less than the smallest input has, so that one frame
/// as long as the input is dropped in all sizes. Keeping costs less, and is what the
/// ordinary frames are for.
const BUFFER: usize = 512;

/// The longest body that is kept, in bytes.
const LONGEST: usize = 400;

/// Cuts messages out of a stream that comes in chunks.
fn stream<F: Framer>(framer: F, input: &[u8], chunk: usize) -> bool {
    let mut reader = FrameReader::new(framer, [0; BUFFER]);
    for mut chunk in input.chunks(chunk) {
        while !chunk.is_empty() {
            let taken = reader.push(chunk);
            chunk = chunk.get(taken..).unwrap_or_default();
            loop {
                match reader.next() {
                    Ok(Some(Received::Message { body, .. })) => {
                        black_box(body);
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => return false,
                }
            }
        }
    }
    true
}

fn packet(input: &[u8], _: &mut [u8]) -> bool {
    let Ok(packet) = Packet::decode(input) else {
        return false;
    };
    for field in packet.fields() {
        black_box(&field);
        for param in field.params() {
            black_box((&param, &param.value().is_ok()));
        }
    }
    true
}

/// Reads a capture of which so many bytes more arrive at a time.
fn records(input: &[u8], chunk: usize) -> bool {
    let mut reader = Reader::new(capture::Limits::new());
    let (mut at, mut arrived) = (0_usize, 0_usize);
    loop {
        let there = input.get(at..arrived).unwrap_or_default();
        match reader.step(there) {
            Ok(Step::Need(_)) if arrived < input.len() => {
                arrived = arrived.saturating_add(chunk).min(input.len());
            }
            Ok(Step::Need(_)) => return true,
            Ok(
                Step::Label { consumed }
                | Step::Record { consumed, .. }
                | Step::Skipped { consumed },
            ) => at = at.saturating_add(consumed),
            Err(_) => return false,
        }
    }
}
