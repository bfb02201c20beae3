//! Tests of what stands in a frame.

use wigwag_codec::minijson::{Decoder, Item, Limits, MAX_DEPTH};
use wigwag_codec::ncp::{self, Packet};
use wigwag_codec::ngtt::HEADER_LEN;

use super::expr::{Literal, Test};
use super::text::TextTest;
use super::words::Op;
use crate::Protocol;
use crate::detail::{Path, Scalar};
use crate::table::Frame;

/// A path, and what is asked of the values that it finds.
#[derive(Clone, Debug)]
pub(super) struct FieldTest {
    path: Path,
    /// The path is one of the words for all that a frame carries.
    all: bool,
    ask: Ask,
}

#[derive(Clone, Debug)]
enum Ask {
    Exists,
    Compare(Op, Literal),
    In(Box<[Literal]>),
    Text(TextTest),
}

impl FieldTest {
    pub(super) fn new(path: &Path, test: &Test) -> Self {
        let ask = match test {
            Test::Exists => Ask::Exists,
            Test::Compare(op, value) => Ask::Compare(*op, value.clone()),
            Test::In(values) => Ask::In(values.as_slice().into()),
            other => Ask::Text(TextTest::new(other)),
        };
        let all = matches!(path.to_string().as_str(), "payload" | "message" | "fields");
        Self {
            path: path.clone(),
            all,
            ask,
        }
    }

    /// Whether a frame passes.
    pub(super) fn holds(&self, frame: Frame<'_>) -> bool {
        match &self.ask {
            Ask::Exists if self.all => !carried(frame).is_empty(),
            Ask::Exists => self.any(frame, |_| true),
            // Wireshark's meaning: there are some, and all of them differ.
            Ask::Compare(Op::Unequal, value) => {
                let (mut some, mut same) = (false, false);
                self.path.find(frame, &mut |scalar| {
                    some = true;
                    same |= compare(scalar, Op::Equal, value);
                });
                some && !same
            }
            Ask::Compare(op, value) => self.any(frame, |scalar| compare(scalar, *op, value)),
            Ask::In(values) => self.any(frame, |scalar| {
                values.iter().any(|value| compare(scalar, Op::Equal, value))
            }),
            Ask::Text(test @ TextTest::Bytes(_)) if self.all => test.bytes(carried(frame)),
            Ask::Text(test) if self.all => any_text(frame, test),
            Ask::Text(test) => self.any(frame, |scalar| match scalar {
                Scalar::Text(text) => test.text(text),
                Scalar::Bytes(bytes) => test.bytes(bytes),
                _ => false,
            }),
        }
    }

    fn any(&self, frame: Frame<'_>, holds: impl Fn(Scalar<'_>) -> bool) -> bool {
        let mut found = false;
        self.path
            .find(frame, &mut |scalar| found = found || holds(scalar));
        found
    }
}

/// What a frame carries: all of it but its head.
fn carried<'a>(frame: Frame<'a>) -> &'a [u8] {
    let head = match frame.protocol {
        Protocol::Ngtt => HEADER_LEN,
        Protocol::Ncp => ncp::HEADER_LEN,
        Protocol::Prefix => 4,
        Protocol::Minijson | Protocol::Unknown => 0,
    };
    let tail = match frame.protocol {
        Protocol::Ncp => ncp::FOOTER_LEN,
        _ => 0,
    };
    let end = frame.bytes.len().saturating_sub(tail);
    frame.bytes.get(head..end).unwrap_or_default()
}

/// Whether one of the texts (or byte strings) that a frame carries passes; of one
/// that is malformed those before the fault are looked at.
fn any_text(frame: Frame<'_>, test: &TextTest) -> bool {
    match frame.protocol {
        Protocol::Ngtt | Protocol::Minijson => {
            let limits = Limits::new().with_depth(MAX_DEPTH);
            let mut decoder = Decoder::with_limits(carried(frame), limits);
            while let Ok(Some(item)) = decoder.next() {
                let passes = match item {
                    Item::Text(text) => match std::str::from_utf8(text.as_bytes()) {
                        Ok(text) => test.text(text),
                        Err(_) => test.bytes(text.as_bytes()),
                    },
                    Item::Bytes(bytes) => test.bytes(bytes),
                    _ => false,
                };
                if passes {
                    return true;
                }
            }
            false
        }
        Protocol::Ncp => Packet::decode(frame.bytes).is_ok_and(|packet| {
            let mut params = packet.fields().flat_map(|field| field.params());
            params.any(|param| match param.value() {
                Ok(ncp::Value::Str(text)) => test.text(text),
                Ok(ncp::Value::Raw(bytes) | ncp::Value::Unknown { bytes, .. }) => test.bytes(bytes),
                _ => false,
            })
        }),
        Protocol::Prefix | Protocol::Unknown => test.bytes(carried(frame)),
    }
}

/// Whether a value of a frame compares so with one of the filter. Values of
/// different kinds are unequal and have no order; numbers are of one kind, and
/// bytes are compared with text as its UTF-8.
fn compare(scalar: Scalar<'_>, op: Op, value: &Literal) -> bool {
    let order = match (scalar, value) {
        (Scalar::Integer(int), Literal::Number(number)) => Some(number.order_int(int)),
        (Scalar::Big(big), Literal::Number(number)) => Some(number.order_big(big)),
        (Scalar::Single(float), Literal::Number(number)) => number.order_float(f64::from(float)),
        (Scalar::Double(float), Literal::Number(number)) => number.order_float(float),
        (Scalar::Numbers(numbers), value) => {
            let mut each = (0..numbers.len()).filter_map(|index| numbers.get(index));
            return each.any(|number| compare(number, op, value));
        }
        (Scalar::Text(text), Literal::Text(value)) => Some(text.cmp(value.as_str())),
        (Scalar::Bytes(bytes), Literal::Text(value)) => Some(bytes.cmp(value.as_bytes())),
        (Scalar::Bytes(bytes), Literal::Bytes(value)) => Some(bytes.cmp(value.as_slice())),
        (Scalar::Text(text), Literal::Bytes(value)) => Some(text.as_bytes().cmp(value.as_slice())),
        (Scalar::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Scalar::Null, Literal::Null) => Some(std::cmp::Ordering::Equal),
        _ => None,
    };
    order.is_some_and(|order| op.holds(order))
}
