//! What is counted: the small document in minijson and in CBOR.

use core::hint::black_box;

use minicbor::data::Type;
use minicbor::encode::write::{Cursor, EndOfSlice};
use wigwag_codec::minijson::{Decoder, Encoder, Error, Item, Limits, Value};

use super::document::{Document, Order, Pathpoint, small};
use super::report;

/// Counts everything.
pub(super) fn measure() {
    let document = small();
    let (mut place, mut other) = ([0; 2048], [0; 2048]);
    let length = encode(&document, &mut place).unwrap_or(0);
    let wire = place.get(..length).unwrap_or_default();
    report("memcpy", wire.len(), || {
        if let Some(to) = other.get_mut(..wire.len()) {
            to.copy_from_slice(black_box(wire));
        }
        black_box(&mut other);
    });
    report("walk", wire.len(), || {
        black_box(walk(black_box(wire), true));
    });
    report("lazy_walk", wire.len(), || {
        black_box(walk(black_box(wire), false));
    });
    report("skip", wire.len(), || {
        let mut decoder = Decoder::new(black_box(wire));
        black_box(decoder.skip().is_ok());
    });
    report("check", wire.len(), || {
        black_box(Value::parse_with(black_box(wire), Limits::new()).is_ok());
    });
    report("decode", wire.len(), || {
        black_box(decode(black_box(wire)));
    });
    report("encode", wire.len(), || {
        let _ = black_box(encode(black_box(&document), &mut other));
        black_box(&mut other);
    });
    peer(&document);
}

fn peer(document: &Document) {
    let (mut place, mut other) = ([0; 2048], [0; 2048]);
    let length = encode_cbor(document, &mut place).unwrap_or(0);
    let wire = place.get(..length).unwrap_or_default();
    report("minicbor_walk", wire.len(), || {
        black_box(walk_cbor(black_box(wire)).is_ok());
    });
    report("minicbor_skip", wire.len(), || {
        black_box(minicbor::Decoder::new(black_box(wire)).skip().is_ok());
    });
    report("minicbor_decode", wire.len(), || {
        black_box(decode_cbor(black_box(wire)).is_ok());
    });
    report("minicbor_encode", wire.len(), || {
        black_box(encode_cbor(black_box(document), &mut other).is_ok());
        black_box(&mut other);
    });
}

/// Every item; text as bytes, or checked.
fn walk(wire: &[u8], checked: bool) -> usize {
    let mut count = 0_usize;
    let outcome = Decoder::new(wire).for_each(|item| {
        if let Item::Text(text) | Item::Key(text) = &item
            && checked
        {
            black_box(text.is_utf8());
        }
        black_box(&item);
        count = count.wrapping_add(1);
        Ok::<_, Error>(())
    });
    black_box(outcome.is_ok());
    count
}

fn encode(document: &Document, out: &mut [u8]) -> Result<usize, Error> {
    let mut encoder = Encoder::new(out);
    encoder.map(2)?.key("pathpoints")?;
    encoder.list(document.pathpoints.len())?;
    for point in &document.pathpoints {
        encoder.map(2)?;
        encoder.key("path")?.str(&point.path)?;
        encoder.key("values")?.list(point.values.len())?;
        for (at, value) in &point.values {
            encoder.list(2)?.int(*at)?.f32(*value)?;
        }
    }
    encoder.key("orders")?.list(document.orders.len())?;
    for order in &document.orders {
        encoder.map(5)?;
        encoder.key("type")?.str("write")?;
        encoder.key("path")?.str(&order.path)?;
        encoder.key("value")?.int(order.value.into())?;
        encoder.key("advise")?.uint(order.advise.into())?;
        encoder.key("stale_after")?.uint(order.stale_after.into())?;
    }
    Ok(encoder.finish()?.len())
}

/// Into structs; how many pathpoints and orders.
fn decode(wire: &[u8]) -> Option<(usize, usize)> {
    let mut decoder = Decoder::new(wire);
    let mut counts = (0, 0);
    for _ in 0..decoder.map().ok()? {
        let name = decoder.key().ok()?;
        for _ in 0..decoder.list().ok()? {
            if name == "pathpoints" {
                black_box(&point(&mut decoder)?);
                counts.0 += 1;
            } else {
                black_box(&order(&mut decoder)?);
                counts.1 += 1;
            }
        }
    }
    Some(counts)
}

fn point(decoder: &mut Decoder<'_>) -> Option<Pathpoint> {
    let mut point = Pathpoint::default();
    for _ in 0..decoder.map().ok()? {
        let key = decoder.key().ok()?;
        if key == "path" {
            point.path.push_str(decoder.str().ok()?).ok()?;
        } else if key == "values" {
            for _ in 0..decoder.list().ok()? {
                decoder.list().ok().filter(|length| *length == 2)?;
                let pair = (decoder.int().ok()?, decoder.f32().ok()?);
                point.values.push(pair).ok()?;
            }
        } else {
            decoder.skip().ok()?;
        }
    }
    Some(point)
}

fn order(decoder: &mut Decoder<'_>) -> Option<Order> {
    let mut order = Order::default();
    for _ in 0..decoder.map().ok()? {
        let key = decoder.key().ok()?;
        if key == "type" {
            black_box(decoder.str().ok()?);
        } else if key == "path" {
            order.path.push_str(decoder.str().ok()?).ok()?;
        } else if key == "value" {
            order.value = i32::try_from(decoder.int().ok()?).ok()?;
        } else if key == "advise" {
            order.advise = u8::try_from(decoder.int().ok()?).ok()?;
        } else if key == "stale_after" {
            order.stale_after = u32::try_from(decoder.int().ok()?).ok()?;
        } else {
            decoder.skip().ok()?;
        }
    }
    Some(order)
}

type Written = Result<usize, minicbor::encode::Error<EndOfSlice>>;

fn encode_cbor(document: &Document, out: &mut [u8]) -> Written {
    let mut encoder = minicbor::Encoder::new(Cursor::new(out));
    encoder.map(2)?.str("pathpoints")?;
    encoder.array(document.pathpoints.len() as u64)?;
    for point in &document.pathpoints {
        encoder.map(2)?;
        encoder.str("path")?.str(&point.path)?;
        encoder.str("values")?.array(point.values.len() as u64)?;
        for (at, value) in &point.values {
            encoder.array(2)?.i64(*at)?.f32(*value)?;
        }
    }
    encoder.str("orders")?.array(document.orders.len() as u64)?;
    for order in &document.orders {
        encoder.map(5)?;
        encoder.str("type")?.str("write")?;
        encoder.str("path")?.str(&order.path)?;
        encoder.str("value")?.i32(order.value)?;
        encoder.str("advise")?.u8(order.advise)?;
        encoder.str("stale_after")?.u32(order.stale_after)?;
    }
    Ok(encoder.into_writer().position())
}

type Read<T> = Result<T, minicbor::decode::Error>;

fn walk_cbor(wire: &[u8]) -> Read<usize> {
    let mut decoder = minicbor::Decoder::new(wire);
    let mut count = 0_usize;
    while decoder.position() < wire.len() {
        match decoder.datatype()? {
            Type::Map => {
                black_box(decoder.map()?);
            }
            Type::Array => {
                black_box(decoder.array()?);
            }
            Type::String => {
                black_box(decoder.str()?);
            }
            Type::F32 => {
                black_box(decoder.f32()?);
            }
            _ => {
                black_box(decoder.i64()?);
            }
        }
        count = count.wrapping_add(1);
    }
    Ok(count)
}

fn decode_cbor(wire: &[u8]) -> Read<(usize, usize)> {
    let mut decoder = minicbor::Decoder::new(wire);
    let mut counts = (0, 0);
    for _ in 0..decoder.map()?.unwrap_or(0) {
        let name = decoder.str()?;
        for _ in 0..decoder.array()?.unwrap_or(0) {
            if name == "pathpoints" {
                black_box(&point_cbor(&mut decoder)?);
                counts.0 += 1;
            } else {
                black_box(&order_cbor(&mut decoder)?);
                counts.1 += 1;
            }
        }
    }
    Ok(counts)
}

fn point_cbor(decoder: &mut minicbor::Decoder<'_>) -> Read<Pathpoint> {
    let full = || minicbor::decode::Error::message("full");
    let mut point = Pathpoint::default();
    for _ in 0..decoder.map()?.unwrap_or(0) {
        match decoder.str()? {
            "path" => point.path.push_str(decoder.str()?).map_err(|_| full())?,
            "values" => {
                for _ in 0..decoder.array()?.unwrap_or(0) {
                    decoder.array()?;
                    let pair = (decoder.i64()?, decoder.f32()?);
                    point.values.push(pair).map_err(|_| full())?;
                }
            }
            _ => decoder.skip()?,
        }
    }
    Ok(point)
}

fn order_cbor(decoder: &mut minicbor::Decoder<'_>) -> Read<Order> {
    let full = || minicbor::decode::Error::message("full");
    let mut order = Order::default();
    for _ in 0..decoder.map()?.unwrap_or(0) {
        match decoder.str()? {
            "type" => {
                black_box(decoder.str()?);
            }
            "path" => order.path.push_str(decoder.str()?).map_err(|_| full())?,
            "value" => order.value = decoder.i32()?,
            "advise" => order.advise = decoder.u8()?,
            "stale_after" => order.stale_after = decoder.u32()?,
            _ => decoder.skip()?,
        }
    }
    Ok(order)
}
