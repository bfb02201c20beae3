//! Between minijson and CBOR (RFC 8949), feature `cbor`.
//!
//! | minijson | CBOR |
//! |---|---|
//! | null, true, false, text, bytes, list | the same |
//! | integer from -2^64 to 2^64 - 1 | integer |
//! | any other integer | big number, tag 2 or 3 |
//! | single, double | float of the same width |
//! | map of either form | map |
//!
//! [`write()`](write()) loses nothing and uses definite lengths; floats keep their
//! width (it is not the shortest form that the RFC's section 4.1 prefers).
//!
//! [`read`] takes indefinite lengths and half floats (as singles) too. It refuses
//! what minijson has no value for: other tags, `undefined`, simple values, arrays
//! and maps as keys. A map becomes a map with text keys if all its keys are text
//! of at most 255 bytes.

mod half;
mod read;
mod write;

pub use read::{read, read_with};
pub use write::write;
