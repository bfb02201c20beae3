//! Tests of the column `type`: numbers of NGTT's frame types, names of NCP's
//! packet types.

use std::borrow::Cow;

use wigwag_codec::ngtt::FrameType;

use super::expr::{Literal, Test};
use super::range::{Ranges, complement, of, whole, within};
use super::text::TextTest;
use super::words::Op;
use crate::Protocol;
use crate::table::kind_name;

/// What is asked of a frame's type. Frames of protocols without types never pass.
#[derive(Clone, Debug)]
pub(super) enum KindTest {
    /// Frame types, and packet types as [`folded`] writes them.
    Number { ngtt: Ranges<u32>, ncp: Ranges<u32> },
    /// About the name.
    Name(TextTest),
}

impl KindTest {
    pub(super) fn new(test: &Test) -> Self {
        match test {
            Test::Compare(Op::Unequal, value) => {
                let (ngtt, ncp) = equal(std::slice::from_ref(value));
                Self::Number {
                    ngtt: complement(&ngtt),
                    ncp: complement(&ncp),
                }
            }
            Test::Compare(Op::Equal, value) => {
                let (ngtt, ncp) = equal(std::slice::from_ref(value));
                Self::Number { ngtt, ncp }
            }
            Test::Compare(op, value) => Self::Number {
                ngtt: match value {
                    Literal::Number(number) => whole(&of(*op, number.as_f64())),
                    _ => Ranges::default(),
                },
                ncp: Ranges::default(),
            },
            Test::In(values) => {
                let (ngtt, ncp) = equal(values);
                Self::Number { ngtt, ncp }
            }
            other => Self::Name(TextTest::new(other)),
        }
    }

    /// Whether a type passes; both numbers are those of the columns.
    #[inline]
    pub(super) fn holds(&self, protocol: u8, kind: u32) -> bool {
        match self {
            Self::Number { ngtt, .. } if protocol == Protocol::Ngtt as u8 => within(ngtt, kind),
            Self::Number { ncp, .. } if protocol == Protocol::Ncp as u8 => {
                within(ncp, folded(kind))
            }
            Self::Number { .. } => false,
            Self::Name(test) => has_types(protocol) && test.text(&name(protocol, kind)),
        }
    }
}

/// Whether frames of a protocol have types.
pub(super) fn has_types(protocol: u8) -> bool {
    protocol == Protocol::Ngtt as u8 || protocol == Protocol::Ncp as u8
}

/// The name of a type, as lists show it.
pub(super) fn name(protocol: u8, kind: u32) -> Cow<'static, str> {
    kind_name(Protocol::from_number(u32::from(protocol)), kind)
}

/// The types of both protocols that one of the values names.
fn equal(values: &[Literal]) -> (Ranges<u32>, Ranges<u32>) {
    let (mut ngtt, mut ncp) = (Vec::new(), Vec::new());
    for value in values {
        match value {
            Literal::Number(number) => ngtt.extend(of(Op::Equal, number.as_f64())),
            Literal::Name(name) => {
                if let Some(kind) = FrameType::from_name(name) {
                    let number = f64::from(kind.as_u16());
                    ngtt.push((number, number));
                }
                if name.len() <= 4 {
                    let mut bytes = [0; 4];
                    bytes[..name.len()].copy_from_slice(name.as_bytes());
                    let number = f64::from(folded(u32::from_be_bytes(bytes)));
                    ncp.push((number, number));
                }
            }
            _ => {}
        }
    }
    (whole(&ngtt), whole(&ncp))
}

/// A packet type in capitals, with NUL for the spaces at its end.
#[inline]
fn folded(kind: u32) -> u32 {
    let mut bytes = kind.to_be_bytes();
    bytes.make_ascii_uppercase();
    for byte in bytes.iter_mut().rev() {
        match *byte {
            b' ' => *byte = 0,
            0 => {}
            _ => break,
        }
    }
    u32::from_be_bytes(bytes)
}
