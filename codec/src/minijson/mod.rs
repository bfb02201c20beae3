//! minijson: a compact binary form of JSON with bytes, exact integers and maps
//! with any keys, as spoken by the Python package of that name (3.1.1).
//!
//! Three ways in, by cost:
//! - [`Decoder`] reads one item at a time and skips without recursion;
//! - [`Value`] is a view that is checked once and then read by need;
//! - serde (feature `serde`) fills the program's own types.
//!
//! Two ways out: the [`Encoder`] writes value by value, serde whole types, both
//! into a slice of the caller's and in the shortest form.
//! No way in trusts a length, a count or a depth before it was checked against
//! the input and the [`Limits`]; no way out leaves half a value behind.
//!
//! # The format
//! A value begins with a type byte. Numbers, lengths (in bytes) and counts (in
//! elements) are big-endian.
//!
//! | type byte | then | value |
//! |---|---|---|
//! | 80..FF | as many bytes as the low 7 bits say | text (UTF-8) |
//! | 40..4F | as many values as the low 4 bits say | list |
//! | 50..5F | as many entries: key as u8 length and text, value | map with text keys |
//! | 60..6F | as many entries: value, value | map with any keys |
//! | 00, 0D, 0E | u8, u16, u32 length, bytes | text |
//! | 03, 02, 01 | 1, 2, 4 bytes | integer with sign |
//! | 06, 05, 0C, 04 | 1, 2, 3, 4 bytes | integer without sign |
//! | 18 | u8 length, bytes | integer, two's complement |
//! | 07, 0F, 10 | u8, u16, u32 count, values | list |
//! | 0B, 11, 12 | u8, u16, u32 count, entries | map with text keys |
//! | 14, 15, 13 | u8, u16, u32 count, entries | map with any keys |
//! | 08, 16, 17 | | null, true, false |
//! | 09, 0A | 4, 8 bytes | IEEE 754 single, double |
//! | 19, 1A, 1B | u8, u16, u32 length, bytes | bytes |
//!
//! # Where this reader is stricter than the Python one
//! Refused here and accepted (or fatal) there: bytes missing behind types 18 to
//! 1B, lengths of 1B that overflow 32 bits, bytes behind the value, nesting deeper
//! than the limit. Refused in both, but here always with an [`Error`]: counts from
//! 2^31 on, text that is not UTF-8, lists and maps as keys.
//!
//! Keys that come twice are allowed: views show all of them, look-ups take the
//! last one as Python does, and nothing merges `1`, `1.0` and `true`.

mod bigint;
mod bigint_buf;
mod block;
mod budget;
mod canonical;
#[cfg(feature = "cbor")]
pub mod cbor;
mod code;
mod container;
mod decoder;
mod due;
mod encode;
mod encode_impls;
mod encoder;
mod error;
mod expect;
mod expect_slow;
mod fault;
mod float;
mod frame;
mod growing;
mod head;
mod hop;
mod integer;
mod iter;
pub mod json;
mod limits;
mod order;
mod pass;
mod pen;
mod quick;
mod reader;
mod refusal;
mod text;
#[cfg(feature = "serde")]
pub mod typed;
mod value;
mod walk;
mod whole;
mod writer;

pub use bigint::{BigInt, MAX_INT_BYTES};
pub use bigint_buf::BigIntBuf;
pub use canonical::{Options, canonical};
pub use decoder::{Decoder, Item};
pub use encode::{Bytes, Encode};
pub use encoder::Encoder;
pub use error::{Error, ErrorKind};
pub use float::Floats;
pub use iter::{Entries, Items, Key};
pub use limits::{Limits, MAX_DEPTH, MAX_LENGTH};
pub use text::Text;
#[cfg(feature = "serde")]
pub use typed::{from_slice, from_slice_with, to_slice, to_slice_with};
pub use value::{Kind, Value};
