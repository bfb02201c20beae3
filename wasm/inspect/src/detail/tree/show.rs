//! Values as text for people, cut where they are very long.

use std::fmt::Write;

use wigwag_codec::minijson::Item;

use crate::detail::scalar::Scalar;
use crate::text::{hex, json};

/// Most bytes of text that are shown of one value.
const TEXT: usize = 2048;

/// Most bytes that are shown as hex digits.
const BYTES: usize = 256;

/// `1 byte`, `2 bytes`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Text in quotes, as JSON has it.
pub(crate) fn text(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT);
    let mut shown = String::new();
    json::quote(text.get(..end).unwrap_or(text), &mut shown);
    if end < text.len() {
        // A String takes everything.
        let _ = write!(shown, " … {} bytes", text.len());
    }
    shown
}

/// Bytes as hex digits.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    let mut shown = String::new();
    hex::hex(bytes.get(..BYTES).unwrap_or(bytes), &mut shown);
    if bytes.len() > BYTES {
        let _ = write!(shown, " … {} bytes", bytes.len());
    }
    shown
}

/// Text that may not be UTF-8, with replacement characters then.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    let shown = bytes.get(..TEXT + 4).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(good) => text(good),
        Err(_) => text(&String::from_utf8_lossy(shown)),
    }
}

/// An item of a minijson value; of a container how much is in it.
pub(crate) fn item(item: &Item<'_>) -> String {
    let number = |count: &u32, one, many| self::count(*count as usize, one, many);
    match item {
        Item::Bool(value) => value.to_string(),
        Item::Int(value) => value.to_string(),
        Item::BigInt(value) => value.to_string(),
        Item::Single(value) => format!("{value:?}"),
        Item::Double(value) => format!("{value:?}"),
        Item::Text(value) | Item::Key(value) => lossy(value.as_bytes()),
        Item::Bytes(value) => bytes(value),
        Item::List(count) => number(count, "element", "elements"),
        Item::Map(count) | Item::Sdict(count) => number(count, "entry", "entries"),
        _ => "null".into(),
    }
}

/// A scalar, as [`item`] shows it.
pub(crate) fn scalar(scalar: &Scalar<'_>) -> String {
    match scalar {
        Scalar::Null => "null".into(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Big(value) => value.to_string(),
        Scalar::Single(value) => format!("{value:?}"),
        Scalar::Double(value) => format!("{value:?}"),
        Scalar::Text(value) => text(value),
        Scalar::Bytes(value) => bytes(value),
        Scalar::Numbers(numbers) => count(numbers.len(), "number", "numbers"),
        Scalar::List(number) => count(*number as usize, "element", "elements"),
        Scalar::Map(number) => count(*number as usize, "entry", "entries"),
    }
}
