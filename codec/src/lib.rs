//! Everything of Wigwag that can be decided without I/O: the minijson codec and
//! the protocol state machines on top of it.
//!
//! `no_std`, no allocator, no unsafe code. Input from outside cannot make it
//! panic, hang or grow: every length, count and depth is checked before use.
//!
//! **No panics, as a promise**: no function of this crate can panic, whatever its
//! arguments are. CI holds that with the compiler's help: an image for thumbv7em that
//! holds every public function is searched for calls of the machinery of panics, at the
//! optimisations z, s and 3 (`cargo xtask panics`). What is left there belongs to other
//! crates, each place with the reason why nothing reaches it (`codec/bare/panics.toml`):
//! `core`'s decimal floats, serde's text of a number that a type cannot take, and the
//! HTTP head and credentials of NCP's tunnel. Text for people (`Display`, `Debug`) is
//! made by `core`'s formatting and is not part of the search.
//!
//! | Module | What it is |
//! |---|---|
//! | [`minijson`] | compact binary JSON: pull decoder, lazy view, encoder, serde, JSON and CBOR |
//! | [`ngtt`] | NGTT frames, typed messages, the client's and the server's session |
//! | [`ncp`] | NCP packets: views, a writer, a framer |
//! | [`framer`] | messages out of a byte stream, in any chunking |
//! | [`prefix`] | messages behind a u32 length |
//! | [`mark`] | messages behind a fixed mark |
//! | `capture` | recorded conversations as a CBOR sequence (feature `cbor`) |
//!
//! A frame out of a stream, and the value in it:
//!
//! ```
//! use wigwag_codec::framer::{FrameReader, Received};
//! use wigwag_codec::ngtt::{Frame, FrameType, NgttFramer};
//!
//! let mut buffer = [0; 256];
//! let mut reader = FrameReader::new(NgttFramer::for_buffer(buffer.len()), &mut buffer);
//! // ORDER, transaction id 7, payload [5]; it arrives in two pieces.
//! assert_eq!(reader.push(&[0, 0, 0, 3, 0, 7]), 6);
//! assert!(reader.next()?.is_none());
//! assert_eq!(reader.push(&[0, 1, 0x41, 0x03, 5]), 5);
//! if let Some(Received::Message { meta, body }) = reader.next()? {
//!     let frame = Frame::new(meta, body);
//!     assert_eq!((frame.kind, frame.tid), (FrameType::Order, 7));
//!     let value = frame.real_data().unwrap().unwrap();
//!     assert_eq!(value.at(0).unwrap().as_i64(), Some(5));
//! } else {
//!     unreachable!("the frame is whole");
//! }
//! # Ok::<(), wigwag_codec::framer::FrameError>(())
//! ```
//!
//! Features, all off by default and all additive:
//! - `serde`: read and write the program's own types as minijson;
//! - `cbor`: between minijson and CBOR; captures;
//! - `defmt`: `defmt::Format` for the public types.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::incompatible_msrv,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(test)]
extern crate std;

mod bytes;
#[cfg(feature = "cbor")]
pub mod capture;
pub mod framer;
pub mod mark;
pub mod minijson;
pub mod ncp;
pub mod ngtt;
pub mod prefix;
mod time;

pub use time::Instant;
