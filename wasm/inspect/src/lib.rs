//! What an inspector is made of, without a browser and without a terminal:
//! bytes of a recording or of a live conversation go in, a table of frames comes
//! out, to be looked at, filtered, plotted and exported.
//!
//! | Module | What it is |
//! |---|---|
//! | [`mod@diff`] | what is different in two frames |
//! | [`edit`] | a frame as JSON to be edited, and back |
//! | [`export`] | rows as captures, JSON lines, CSV, pcapng, bytes |
//! | [`filter`] | which frames to show: a small language over columns and fields |
//! | [`input`] | what recordings are written in, found out and read |
//! | [`json`] | a frame as JSON, as `wigwag decode --json` prints it |
//! | [`net`] | recordings of packets (pcap, pcapng), put together to streams |
//! | [`detail`] | what is in a frame: its tree, paths, meanings |
//! | [`piece`] | what every input becomes: bytes of a connection, gaps, ends, problems |
//! | [`plot`] | numbers over time: fields, rates, arrays |
//! | [`mod@summary`] | a frame in one line |
//! | [`table`] | the frames of all connections: columns, and the bytes behind them |
//! | [`tls`] | TLS 1.3, decrypted with the secrets of a key log |
//! | [`text`] | JSON text, read and written |
//!
//! What frames and payloads mean is decided in `wigwag-codec` alone. The crate runs
//! in browsers (`wigwag-wasm`), in the command line and in tests, and does no I/O.
#![forbid(unsafe_code)]

pub mod detail;
pub mod diff;
pub mod edit;
pub mod export;
pub mod filter;
pub mod input;
pub mod json;
pub mod net;
mod order;
pub mod piece;
pub mod plot;
pub mod summary;
pub mod table;
pub mod text;
pub mod tls;

pub use piece::{About, ConnectionId, Direction, Piece, Protocol, Sink};
pub use summary::summary;
pub use table::{Budget, Columns, Connection, Expert, Frame, Problem, Table};
