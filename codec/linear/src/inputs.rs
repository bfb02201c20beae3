//! The inputs: an ordinary one of each format, and those that cost most per byte.

use wigwag_codec::capture::{Direction, LABEL, Record};
use wigwag_codec::minijson::{Encoder, Value, cbor, json};
use wigwag_codec::ncp::packet;
use wigwag_codec::ngtt::{Frame, FrameType};

/// The format of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Minijson,
    Json,
    Cbor,
    Ngtt,
    Ncp,
    NcpStream,
    Prefix,
    Capture,
}

/// An input of about so many bytes.
pub(crate) type Make = fn(usize) -> Vec<u8>;

/// Its name, its format, and how it is made. The first of a format is the ordinary one.
pub(crate) const INPUTS: [(&str, Format, Make); 26] = [
    ("ordinary", Format::Minijson, ordinary),
    ("nulls", Format::Minijson, |size| values(size, &[0x08])),
    ("empty-lists", Format::Minijson, |size| {
        values(size, &[0x40])
    }),
    ("deepest", Format::Minijson, |size| {
        values(size, &nested(0x41, 29, &[0x08]))
    }),
    ("tiny-maps", Format::Minijson, |size| {
        values(size, b"\x51\x01k\x08")
    }),
    ("longest-keys", Format::Minijson, long_keys),
    ("wide-map", Format::Minijson, wide_map),
    ("long-integers", Format::Minijson, |size| {
        values(size, &long_integer())
    }),
    ("time-stamps", Format::Minijson, |size| {
        values(size, &[0x18, 6, 1, 2, 3, 4, 5, 6])
    }),
    ("one-text", Format::Minijson, one_text),
    ("ordinary", Format::Json, |size| as_json(&ordinary(size))),
    ("digits", Format::Json, |size| list(size, b"1")),
    ("floats", Format::Json, |size| {
        list(size, b"2.2250738585072011e-308")
    }),
    ("escapes", Format::Json, |size| {
        list(size, b"\"\\u00e9\\n\"")
    }),
    ("deep-and-wide", Format::Json, deep_and_wide),
    ("ordinary", Format::Cbor, |size| as_cbor(&ordinary(size))),
    ("endless", Format::Cbor, endless),
    ("ordinary", Format::Ngtt, |size| frames(size, 64)),
    ("empty-frames", Format::Ngtt, |size| frames(size, 0)),
    ("one-frame", Format::Ngtt, |size| frames(size, size)),
    ("ordinary", Format::Ncp, |size| fields(size, true)),
    ("empty-fields", Format::Ncp, |size| fields(size, false)),
    ("ordinary", Format::NcpStream, |size| {
        repeat(size, &fields(64, true))
    }),
    ("ordinary", Format::Prefix, |size| messages(size, 64)),
    ("empty-messages", Format::Prefix, |size| messages(size, 0)),
    ("ordinary", Format::Capture, records),
];

/// Repeats until the size is reached.
fn repeat(size: usize, piece: &[u8]) -> Vec<u8> {
    piece.repeat((size / piece.len()).max(1))
}

/// A minijson list of one value over and over.
fn values(size: usize, value: &[u8]) -> Vec<u8> {
    let count = u32::try_from((size / value.len()).max(1)).unwrap_or(u32::MAX);
    let mut bytes = vec![0x10];
    bytes.extend(count.to_be_bytes());
    bytes.extend(repeat(size, value));
    bytes
}

/// A value inside so many lists or maps of one element.
fn nested(code: u8, depth: usize, inside: &[u8]) -> Vec<u8> {
    let mut bytes = vec![code; depth];
    bytes.extend(inside);
    bytes
}

/// Orders, as a server sends them.
fn ordinary(size: usize) -> Vec<u8> {
    let mut order = [0; 128];
    let mut encoder = Encoder::new(&mut order);
    let written = (|| {
        encoder.map(5)?;
        encoder.key("type")?.str("write")?;
        encoder.key("path")?.str("r0123")?;
        encoder.key("value")?.float(21.5)?;
        encoder.key("advise")?.int(1)?;
        encoder.key("stale_after")?.int(1_623_801_600_000)?;
        encoder.finish()
    })();
    values(size, written.expect("it fits"))
}

fn long_keys(size: usize) -> Vec<u8> {
    let mut entry = vec![0x51, 255];
    entry.extend([b'k'; 255]);
    entry.push(0x08);
    values(size, &entry)
}

/// One map of many short keys in falling order, none twice.
fn wide_map(size: usize) -> Vec<u8> {
    let count = u32::try_from((size / 6).max(1)).unwrap_or(u32::MAX);
    let mut bytes = vec![0x12];
    bytes.extend(count.to_be_bytes());
    for key in (0..count).rev() {
        bytes.push(4);
        bytes.extend(key.to_be_bytes().map(|byte| byte & 0x7F));
        bytes.push(0x08);
    }
    bytes
}

fn long_integer() -> Vec<u8> {
    let mut bytes = vec![0x18, 255];
    bytes.extend([0x55; 255]);
    bytes
}

fn one_text(size: usize) -> Vec<u8> {
    let mut bytes = vec![0x0E];
    bytes.extend(u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(repeat(size, "é".as_bytes()));
    bytes.truncate(size + 5);
    bytes
}

fn as_json(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 4 * bytes.len() + 64];
    let value = Value::parse(bytes).expect("it is sound");
    let length = json::to_slice(value, &mut out).expect("it fits");
    out.truncate(length);
    out
}

fn as_cbor(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 2 * bytes.len() + 64];
    let value = Value::parse(bytes).expect("it is sound");
    let length = cbor::write(value, &mut out).expect("it fits");
    out.truncate(length);
    out
}

/// A JSON list.
fn list(size: usize, item: &[u8]) -> Vec<u8> {
    let mut with_comma = item.to_vec();
    with_comma.push(b',');
    let mut bytes = vec![b'['];
    bytes.extend(repeat(size, &with_comma));
    bytes.pop();
    bytes.push(b']');
    bytes
}

/// Each container needs a longer head than was expected, so that all inside it is moved.
fn deep_and_wide(size: usize) -> Vec<u8> {
    const DEPTH: usize = 31;
    let mut bytes = vec![b'['; DEPTH];
    bytes.extend(repeat(size, b"1,"));
    bytes.pop();
    for _ in 0..DEPTH {
        bytes.extend(b",1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]");
    }
    bytes
}

/// CBOR arrays of indefinite length in each other, over and over.
fn endless(size: usize) -> Vec<u8> {
    let mut piece = vec![0x9F; 28];
    piece.push(0xF6);
    piece.extend([0xFF; 28]);
    let mut bytes = vec![0x9F];
    bytes.extend(repeat(size, &piece));
    bytes.push(0xFF);
    bytes
}

fn frames(size: usize, body: usize) -> Vec<u8> {
    let payload = vec![0x08; body];
    let frame = Frame {
        tid: 7,
        kind: FrameType::DataStream,
        payload: &payload,
    };
    let mut wire = vec![0; body + 8];
    let length = frame.write(&mut wire).expect("it fits");
    repeat(size, &wire[..length])
}

fn fields(size: usize, with_params: bool) -> Vec<u8> {
    let mut place = vec![0; size + 256];
    let mut writer = packet(&mut place, "DSPC");
    let each = if with_params { 12 + 12 + 16 } else { 12 };
    for id in 0..size / each {
        writer = writer.numbered_field("TIME", u32::try_from(id).unwrap_or(0));
        if with_params {
            writer = writer.param("SAMP", 1024).param("NAME", "node-7");
        }
    }
    writer.finish().expect("it fits").to_vec()
}

fn messages(size: usize, body: usize) -> Vec<u8> {
    let mut message = u32::try_from(body).unwrap_or(0).to_be_bytes().to_vec();
    message.resize(4 + body, b'x');
    repeat(size, &message)
}

fn records(size: usize) -> Vec<u8> {
    let record = Record::Bytes {
        connection: 1,
        time: 1_756_000_000_000_000,
        direction: Direction::ToDevice,
        bytes: &[0, 0, 0, 0, 0, 7, 0, 1],
    };
    let mut wire = [0; 64];
    let length = record.write(&mut wire).expect("it fits");
    let mut bytes = LABEL.to_vec();
    bytes.extend(repeat(size, &wire[..length]));
    bytes
}
