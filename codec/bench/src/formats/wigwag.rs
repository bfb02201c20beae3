//! minijson, as this project reads and writes it: by hand and through serde.

use std::hint::black_box;

use wigwag_codec::minijson::{
    Decoder, Encoder, Error, Item, Limits, Options, Value, canonical, from_slice, to_slice,
};

use super::{ACCESS, CANONICAL, CHECK, DECODE, ENCODE, LAZY, SKIP, WALK};
use crate::case::Case;
use crate::document::{Document, Order, Pathpoint};

const BY_HAND: &str = "wigwag";
const SERDE: &str = "wigwag, serde";

pub(crate) fn add(cases: &mut Vec<Case>, name: &'static str, document: &'static Document<'static>) {
    let mut out = vec![0; 2 << 20];
    let length = encode(document, &mut out).expect("it fits");
    let wire: &'static [u8] = Box::leak(out[..length].to_vec().into_boxed_slice());
    assert_eq!(to_slice(document, &mut out).map(|n| &out[..n]), Ok(wire));
    assert_eq!(decode(wire).as_ref(), Ok(document));
    assert_eq!(from_slice(wire).as_ref(), Ok(document));
    let bytes = wire.len();
    let last = document.orders.len() - 1;
    assert_eq!(
        access(wire, last),
        Some(i64::from(document.orders[last].value))
    );

    let mut add = |case| cases.push(case);
    add(Case::new(DECODE, name, BY_HAND, bytes, move || {
        decode(black_box(wire))
    }));
    add(Case::new(DECODE, name, SERDE, bytes, move || {
        from_slice::<Document<'_>>(black_box(wire))
    }));
    add(Case::new(WALK, name, BY_HAND, bytes, move || {
        walk::<true>(black_box(wire))
    }));
    add(Case::new(LAZY, name, BY_HAND, bytes, move || {
        walk::<false>(black_box(wire))
    }));
    add(Case::new(CHECK, name, BY_HAND, bytes, move || {
        Value::parse(black_box(wire)).is_ok()
    }));
    add(Case::new(SKIP, name, BY_HAND, bytes, move || {
        Decoder::new(black_box(wire)).skip()
    }));
    add(Case::new(ACCESS, name, BY_HAND, bytes, move || {
        access(black_box(wire), last)
    }));
    let mut place = vec![0; bytes + 64];
    add(Case::new(ENCODE, name, BY_HAND, bytes, move || {
        encode(black_box(document), black_box(&mut place))
    }));
    let mut place = vec![0; bytes + 64];
    add(Case::new(ENCODE, name, SERDE, bytes, move || {
        to_slice(black_box(document), black_box(&mut place))
    }));
    let value = Value::parse(wire).expect("it was just written");
    let mut place = vec![0; bytes + 64];
    add(Case::new(CANONICAL, name, BY_HAND, bytes, move || {
        canonical(black_box(value), black_box(&mut place), Options::new())
    }));
}

/// The last order's value, out of a document that was not looked at before.
fn access(wire: &[u8], index: usize) -> Option<i64> {
    let document = Value::parse_structure(wire, Limits::new()).ok()?;
    document.get("orders")?.at(index)?.get("value")?.as_i64()
}

/// Every value once. The sum makes sure that each was looked at.
fn walk<const VALIDATE: bool>(wire: &[u8]) -> Result<u64, Refused> {
    let mut decoder = Decoder::new(wire);
    let mut sum = 0_u64;
    decoder.for_each(|item| {
        let more = match item {
            Item::Int(int) => int.cast_unsigned(),
            Item::Single(single) => u64::from(single.to_bits()),
            Item::Double(double) => double.to_bits(),
            Item::Text(text) | Item::Key(text) => {
                if VALIDATE && !text.is_utf8() {
                    return Err(Refused(0));
                }
                text.as_bytes().len() as u64
            }
            Item::Bytes(bytes) => bytes.len() as u64,
            Item::List(count) | Item::Map(count) => u64::from(count),
            _ => 1,
        };
        sum = sum.wrapping_add(more);
        Ok(())
    })?;
    Ok(sum)
}

/// Encoding by hand.
fn encode(document: &Document<'_>, out: &mut [u8]) -> Result<usize, Error> {
    let mut encoder = Encoder::new(out);
    encoder.map(2)?;
    encoder.key("pathpoints")?.list(document.pathpoints.len())?;
    for point in &document.pathpoints {
        encoder.map(2)?.entry("path", point.path)?;
        encoder.entry("values", point.values.as_slice())?;
    }
    encoder.key("orders")?.list(document.orders.len())?;
    for order in &document.orders {
        encoder.map(5)?;
        encoder.entry("type", order.kind)?;
        encoder.entry("path", order.path)?;
        encoder.entry("value", &order.value)?;
        encoder.entry("advise", &order.advise)?;
        encoder.entry("stale_after", &order.stale_after)?;
    }
    Ok(encoder.finish()?.len())
}

/// Why a document is none: at this place of the input.
#[derive(Debug, PartialEq)]
struct Refused(usize);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(error.offset)
    }
}

type Read<T> = Result<T, Refused>;

/// Decoding by hand, as a program does that wants its own types.
fn decode(wire: &[u8]) -> Read<Document<'_>> {
    let mut decoder = Decoder::new(wire);
    let mut document = Document::default();
    for _ in 0..decoder.map()? {
        match decoder.key()?.as_bytes() {
            b"pathpoints" => {
                let count = decoder.list()?;
                document.pathpoints.reserve(count as usize);
                for _ in 0..count {
                    document.pathpoints.push(pathpoint(&mut decoder)?);
                }
            }
            b"orders" => {
                let count = decoder.list()?;
                document.orders.reserve(count as usize);
                for _ in 0..count {
                    document.orders.push(order(&mut decoder)?);
                }
            }
            _ => decoder.skip()?,
        }
    }
    decoder.finish()?;
    Ok(document)
}

fn pathpoint<'a>(decoder: &mut Decoder<'a>) -> Read<Pathpoint<'a>> {
    let mut point = Pathpoint::default();
    for _ in 0..decoder.map()? {
        let key = decoder.key()?;
        if key == "path" {
            point.path = decoder.str()?;
        } else if key == "values" {
            let count = decoder.list()?;
            point.values.reserve(count as usize);
            for _ in 0..count {
                if decoder.list()? != 2 {
                    return Err(Refused(decoder.position()));
                }
                point.values.push((decoder.int()?, decoder.f32()?));
            }
        } else {
            decoder.skip()?;
        }
    }
    Ok(point)
}

fn order<'a>(decoder: &mut Decoder<'a>) -> Read<Order<'a>> {
    let mut order = Order::default();
    for _ in 0..decoder.map()? {
        let key = decoder.key()?;
        if key == "type" {
            order.kind = decoder.str()?;
        } else if key == "path" {
            order.path = decoder.str()?;
        } else if key == "value" {
            order.value = number(decoder)?;
        } else if key == "advise" {
            order.advise = number(decoder)?;
        } else if key == "stale_after" {
            order.stale_after = number(decoder)?;
        } else {
            decoder.skip()?;
        }
    }
    Ok(order)
}

#[inline(always)]
fn number<T: TryFrom<i64>>(decoder: &mut Decoder<'_>) -> Read<T> {
    T::try_from(decoder.int()?).map_err(|_| Refused(decoder.position()))
}
