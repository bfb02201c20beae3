//! TLS 1.3 (RFC 8446), read with the secrets of a key log.

#[cfg_attr(not(test), expect(dead_code, reason = "read by the record layer"))]
mod keylog;

pub use keylog::KeyLog;
