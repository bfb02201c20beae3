//! The first bytes of what has a length: texts, bytes and containers, in the shortest
//! form.

use super::code;
use super::container::Container;

/// A head, and how many of its bytes count.
pub(crate) type Head = ([u8; 5], usize);

/// The head of text of so many bytes, if the format can count them.
#[inline]
pub(crate) fn text(length: usize) -> Option<Head> {
    match u8::try_from(length) {
        Ok(length @ 0..=0x7F) => Some(([code::TEXT7 | length, 0, 0, 0, 0], 1)),
        Ok(length) => Some(([code::TEXT8, length, 0, 0, 0], 2)),
        Err(_) => long(code::TEXT16, code::TEXT32, length),
    }
}

/// The head of so many bytes, if the format can count them.
#[inline]
pub(crate) fn bytes(length: usize) -> Option<Head> {
    match u8::try_from(length) {
        Ok(length) => Some(([code::BYTES8, length, 0, 0, 0], 2)),
        Err(_) => long(code::BYTES16, code::BYTES32, length),
    }
}

/// The head of something longer than a u8 counts.
fn long(code16: u8, code32: u8, length: usize) -> Option<Head> {
    if let Ok(length) = u16::try_from(length) {
        let [a, b] = length.to_be_bytes();
        return Some(([code16, a, b, 0, 0], 3));
    }
    let [a, b, c, d] = u32::try_from(length).ok()?.to_be_bytes();
    Some(([code32, a, b, c, d], 5))
}

/// The type bytes of a form of container: count in the low four bits, and behind it
/// in 1, 2 and 4 bytes. An empty map of any keys is written as an empty map of text
/// keys, as in Python.
#[inline]
const fn codes(form: Container, count: u32) -> (u8, u8, u8, u8) {
    match form {
        Container::List => (code::LIST4, code::LIST8, code::LIST16, code::LIST32),
        Container::Sdict if count > 0 => (code::SDICT4, code::SDICT8, code::SDICT16, code::SDICT32),
        Container::Map | Container::Sdict => (code::MAP4, code::MAP8, code::MAP16, code::MAP32),
    }
}

/// The one byte that opens a container of at most fifteen elements or entries.
#[inline]
pub(crate) const fn short_container(form: Container, count: u32) -> Option<u8> {
    let (code4, ..) = codes(form, count);
    if count <= 15 {
        Some(code4 | count as u8)
    } else {
        None
    }
}

/// The bytes that open a container, and how many of them count.
#[inline]
pub(crate) const fn container(form: Container, count: u32) -> Head {
    let (code4, code8, code16, code32) = codes(form, count);
    let [a, b, c, d] = count.to_be_bytes();
    match count {
        0..=15 => ([code4 | d, 0, 0, 0, 0], 1),
        16..=0xFF => ([code8, d, 0, 0, 0], 2),
        0x100..=0xFFFF => ([code16, c, d, 0, 0], 3),
        _ => ([code32, a, b, c, d], 5),
    }
}
