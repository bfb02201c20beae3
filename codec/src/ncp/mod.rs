//! NCP, the protocol of CRFS nodes: packets of named fields of typed
//! parameters.
//!
//! A [`Packet`] is a view of received bytes. Its structure is checked once, by
//! [`Packet::decode`]; after that fields and parameters are walked without
//! another look at their sizes. A [`PacketWriter`] puts a packet together in a
//! place of the caller's, and [`NcpFramer`] cuts packets out of a byte stream.
//!
//! ```
//! use wigwag_codec::ncp::{Packet, Time, Value, packet};
//!
//! let mut place = [0; 128];
//! let wire = packet(&mut place, "DSPC")
//!     .at(Time::from_secs(1_600_000_000))
//!     .field("TIME")
//!     .param("SAMP", 1024)
//!     .param("NAME", "node")
//!     .finish()?;
//!
//! let packet = Packet::decode(wire)?;
//! let field = packet.field("TIME").unwrap();
//! assert_eq!(field.param("SAMP").unwrap().value()?, Value::I32(1024));
//! assert_eq!(field.param("NAME").unwrap().value()?, Value::Str("node"));
//! # Ok::<(), wigwag_codec::ncp::NcpError>(())
//! ```
//!
//! On the wire all numbers are little-endian, and all sizes count words of four
//! bytes, headers included:
//!
//! | | header | then |
//! |---|---|---|
//! | packet | 32 bytes: magic, type, size, id, version, seconds and nanoseconds since 1970, sender | fields, a footer of 8 bytes: checksum (0), mark |
//! | field | 12 bytes: name, size of 24 bits, a type that is 0, id | parameters |
//! | parameter | 8 bytes: name, size of 24 bits, type | the value, padded with zeros to a whole word |
//!
//! What is written is what ncplib 6.1.0 writes. What is read is at least what it
//! reads, but for what it crashes on, hangs on or misreads: that is an
//! [`NcpError`] with its place, or, where the rest can still be read, an
//! [`NcpWarning`].

mod array;
mod error;
pub mod exchange;
mod framer;
mod header;
mod ident;
pub mod link;
mod packet;
mod rest;
mod rules;
mod to_value;
mod value;
mod writer;

pub use array::{Array, Element, Elements};
pub use error::{NcpError, NcpErrorKind, NcpWarning, NcpWarningKind};
pub use framer::NcpFramer;
pub use header::{Header, Time};
pub use ident::{Ident, IdentError};
pub use packet::{Field, Fields, Packet, Param, Params, Warnings};
pub use rules::CommandFault;
pub use to_value::ToValue;
pub use value::{Value, ValueType};
pub use writer::{PacketWriter, packet};

/// Bytes of a word, in which sizes are counted.
pub const WORD: usize = 4;

/// Bytes of a packet's header.
pub const HEADER_LEN: usize = 32;

/// Bytes of a packet's footer: a checksum, written as 0 and not looked at, and
/// the mark AA BB CC DD.
pub const FOOTER_LEN: usize = 8;

/// Bytes of a field's header.
pub const FIELD_HEADER_LEN: usize = 12;

/// Bytes of a parameter's header.
pub const PARAM_HEADER_LEN: usize = 8;

/// The most words that a field or a parameter has, its header included: 24 bits.
pub const MAX_WORDS: usize = 0x00ff_ffff;

/// What a packet begins with.
const MAGIC: [u8; 4] = [0xdd, 0xcc, 0xbb, 0xaa];

/// What a packet ends with.
const MARK: [u8; 4] = [0xaa, 0xbb, 0xcc, 0xdd];

/// A footer with a checksum of zero, as every known program writes it. Real nodes
/// put such bytes between fields and parameters, too.
pub const FOOTER: [u8; FOOTER_LEN] = [0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd];
