//! Recorded conversations: a file or a live stream of what two ends said, feature
//! `cbor`.
//!
//! A capture is a CBOR sequence (RFC 8742): items of RFC 8949, one after another,
//! nothing before, between or behind them. So it can be written while the
//! conversation goes on, cut anywhere between two items, and appended to. It begins
//! with a label after RFC 9277, by which files are recognised:
//!
//! | bytes | meaning |
//! |---|---|
//! | `d9 d9f8` | tag 55800: the label of a CBOR sequence |
//! | `da 57475747` | tag 0x57475747, "WGWG": captures of this project |
//! | `43 424f52` | the byte string "BOR", as the RFC wants it |
//!
//! A label that comes again begins another capture: connections are counted anew
//! (so two captures can be joined by `cat`). Every other item is a record: an array
//! whose first element is the kind.
//!
//! | kind | elements behind it | meaning |
//! |---|---|---|
//! | 0 | connection, time, protocol, device, server | a connection begins |
//! | 1 | connection, time, direction, bytes | bytes of a connection |
//! | 2 | connection, time, direction, missing, aligned | bytes that are not there |
//! | 3 | connection, time, reason | a connection has ended |
//! | 4 | time, count | records that were left out before this one |
//!
//! | element | CBOR | meaning |
//! |---|---|---|
//! | connection | unsigned, below 2^32 | a number that the recorder chose, unique in the capture |
//! | time | unsigned | microseconds since 1970-01-01T00:00:00Z |
//! | protocol | unsigned below 2^32, or null | 1 NGTT, 2 NCP, 3 messages behind a u32 length, 4 minijson values; null: not known |
//! | device, server, reason | text | addresses or names, and words, for people; may be empty |
//! | direction | unsigned | 0 to the server, 1 to the device |
//! | bytes | byte string | the stream's bytes, decrypted; cut anywhere, not only between frames |
//! | missing | unsigned | how many bytes; 0: not known |
//! | aligned | true or false | whether the next byte begins a frame for certain |
//! | count | unsigned | how many |
//!
//! # Rules for readers
//! - Items of other kinds, items that are not arrays, and elements behind the known
//!   ones are skipped, whatever their size: a later version adds to the format
//!   without a new label.
//! - Every item has a definite length, also those to be skipped. One of indefinite
//!   length ends the reading.
//! - Items to be skipped are nested at most [`MAX_DEPTH`] deep.
//! - Lengths are checked against [`Limits`] before they are believed.
//! - Heads may be longer than they have to be (RFC 8949 section 4.2.1 prefers the
//!   shortest; [`Record::write`] writes those).
//!
//! # Example
//! A connection, the order with transaction id 7 sent to the device, and the end:
//!
//! ```text
//! d9d9f8 da57475747 43424f52                          label
//! 86 00 01 1b00063d129c39c000 01 63 6f6e65 60         [0, 1, time, 1, "one", ""]
//! 85 01 01 1b00063d129c39c3e8 01 48 00 00 00 00 00 07 00 01
//! 84 03 01 1b00063d129c39c7d0 66 636c6f736564         [3, 1, time, "closed"]
//! ```
//!
//! Writing and reading it:
//!
//! ```
//! use wigwag_codec::capture::{Direction, LABEL, Limits, Reader, Record, Step};
//!
//! let record = Record::Bytes {
//!     connection: 1,
//!     time: 1_756_000_000_000_000,
//!     direction: Direction::ToDevice,
//!     bytes: &[0, 0, 0, 0, 0, 7, 0, 1],
//! };
//! let mut capture = [0; 64];
//! capture[..LABEL.len()].copy_from_slice(&LABEL);
//! let end = LABEL.len() + record.write(&mut capture[LABEL.len()..])?;
//! assert_eq!(end, LABEL.len() + record.encoded_len());
//!
//! let mut reader = Reader::new(Limits::new());
//! let mut rest = &capture[..end];
//! assert_eq!(reader.step(rest)?, Step::Label { consumed: 12 });
//! rest = &rest[12..];
//! assert_eq!(reader.step(rest)?, Step::Record { record, consumed: rest.len() });
//! # Ok::<(), wigwag_codec::capture::CaptureError>(())
//! ```

mod error;
mod head;
mod reader;
mod record;
mod skip;
#[cfg(test)]
mod tests;

pub use error::{CaptureError, CaptureErrorKind};
pub use reader::{Limits, Reader, Step};
pub use record::{Direction, MAX_BYTES_HEAD, Record, bytes_head};
pub use skip::MAX_DEPTH;

/// What a capture begins with.
pub const LABEL: [u8; 12] = *b"\xd9\xd9\xf8\xda\x57\x47\x57\x47\x43BOR";
