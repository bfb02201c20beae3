//! TLS 1.3 (RFC 8446), read with the secrets of a key log.
//!
//! The handshake is followed only as far as it is needed: the client's random number
//! finds the secrets, the server's hello tells the cipher suite, and the records of
//! the handshake are opened to find where application data begins. Nothing is
//! verified but the records: whoever recorded them has the keys.

mod hello;
mod keylog;
mod messages;
mod records;
mod session;
mod side;
mod suite;
#[cfg(test)]
mod tests;

pub use keylog::KeyLog;
pub(crate) use records::{Looks, looks};
pub(crate) use session::{Event, Help, Session};
