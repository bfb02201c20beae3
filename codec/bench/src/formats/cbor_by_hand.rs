//! CBOR by hand, with minicbor's decoder and encoder.

use std::hint::black_box;

use minicbor::data::Type;
use minicbor::decode::Error;
use minicbor::encode::write::{Cursor, EndOfSlice};
use minicbor::{Decoder, Encoder, encode};

use super::{DECODE, ENCODE, SKIP, WALK};
use crate::case::Case;
use crate::document::{Document, Order, Pathpoint};

const WHO: &str = "minicbor, by hand";

pub(super) fn add(cases: &mut Vec<Case>, name: &'static str, document: &'static Document<'static>) {
    let wire: &'static [u8] = minicbor_serde::to_vec(document).expect("it fits").leak();
    let bytes = wire.len();
    let mut place = vec![0; bytes + 64];
    let length = write(document, &mut place).expect("it fits");
    assert_eq!(read(&place[..length]).expect("it was written"), *document);

    let mut add = |case| cases.push(case);
    add(Case::new(DECODE, name, WHO, bytes, move || {
        read(black_box(wire))
    }));
    add(Case::new(WALK, name, WHO, bytes, move || {
        walk(black_box(wire))
    }));
    add(Case::new(SKIP, name, WHO, bytes, move || {
        Decoder::new(black_box(wire)).skip()
    }));
    add(Case::new(ENCODE, name, WHO, bytes, move || {
        write(black_box(document), black_box(&mut place))
    }));
}

fn unknown() -> Error {
    Error::message("of another length")
}

fn read(wire: &[u8]) -> Result<Document<'_>, Error> {
    let mut decoder = Decoder::new(wire);
    let mut document = Document::default();
    for _ in 0..decoder.map()?.ok_or_else(unknown)? {
        match decoder.str()? {
            "pathpoints" => {
                let count = decoder.array()?.ok_or_else(unknown)?;
                document.pathpoints.reserve(count as usize);
                for _ in 0..count {
                    document.pathpoints.push(pathpoint(&mut decoder)?);
                }
            }
            "orders" => {
                let count = decoder.array()?.ok_or_else(unknown)?;
                document.orders.reserve(count as usize);
                for _ in 0..count {
                    document.orders.push(order(&mut decoder)?);
                }
            }
            _ => decoder.skip()?,
        }
    }
    Ok(document)
}

fn pathpoint<'a>(decoder: &mut Decoder<'a>) -> Result<Pathpoint<'a>, Error> {
    let mut point = Pathpoint::default();
    for _ in 0..decoder.map()?.ok_or_else(unknown)? {
        match decoder.str()? {
            "path" => point.path = decoder.str()?,
            "values" => {
                let count = decoder.array()?.ok_or_else(unknown)?;
                point.values.reserve(count as usize);
                for _ in 0..count {
                    if decoder.array()? != Some(2) {
                        return Err(unknown());
                    }
                    let when = decoder.i64()?;
                    point.values.push((when, decoder.f32()?));
                }
            }
            _ => decoder.skip()?,
        }
    }
    Ok(point)
}

fn order<'a>(decoder: &mut Decoder<'a>) -> Result<Order<'a>, Error> {
    let mut order = Order::default();
    for _ in 0..decoder.map()?.ok_or_else(unknown)? {
        match decoder.str()? {
            "type" => order.kind = decoder.str()?,
            "path" => order.path = decoder.str()?,
            "value" => order.value = decoder.i32()?,
            "advise" => order.advise = decoder.u8()?,
            "stale_after" => order.stale_after = decoder.u32()?,
            _ => decoder.skip()?,
        }
    }
    Ok(order)
}

fn write(document: &Document<'_>, out: &mut [u8]) -> Result<usize, encode::Error<EndOfSlice>> {
    let mut encoder = Encoder::new(Cursor::new(out));
    encoder.map(2)?.str("pathpoints")?;
    encoder.array(document.pathpoints.len() as u64)?;
    for point in &document.pathpoints {
        encoder
            .map(2)?
            .str("path")?
            .str(point.path)?
            .str("values")?;
        encoder.array(point.values.len() as u64)?;
        for (when, value) in &point.values {
            encoder.array(2)?.i64(*when)?.f32(*value)?;
        }
    }
    encoder.str("orders")?.array(document.orders.len() as u64)?;
    for order in &document.orders {
        encoder.map(5)?.str("type")?.str(order.kind)?;
        encoder.str("path")?.str(order.path)?;
        encoder.str("value")?.i32(order.value)?;
        encoder.str("advise")?.u8(order.advise)?;
        encoder.str("stale_after")?.u32(order.stale_after)?;
    }
    Ok(encoder.into_writer().position())
}

/// Every value once; containers have nothing to close.
fn walk(wire: &[u8]) -> Result<u64, Error> {
    let mut decoder = Decoder::new(wire);
    let mut sum = 0_u64;
    let mut left = 1_u64;
    while left > 0 {
        left -= 1;
        let more = match decoder.datatype()? {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64()?,
            Type::I8 | Type::I16 | Type::I32 | Type::I64 => decoder.i64()?.cast_unsigned(),
            Type::F32 => u64::from(decoder.f32()?.to_bits()),
            Type::F64 => decoder.f64()?.to_bits(),
            Type::String => decoder.str()?.len() as u64,
            Type::Bytes => decoder.bytes()?.len() as u64,
            Type::Array => {
                let count = decoder.array()?.ok_or_else(unknown)?;
                left += count;
                count
            }
            Type::Map => {
                let count = decoder.map()?.ok_or_else(unknown)?;
                left += 2 * count;
                count
            }
            _ => {
                decoder.skip()?;
                1
            }
        };
        sum = sum.wrapping_add(more);
    }
    Ok(sum)
}
