//! What of RFC 9622 and of NEATPy is here, one row an item: where it is, what
//! it does on a device, and the tests that show it.
//!
//! | Table | Items |
//! |---|---|
//! | [`rfc9622`] | properties with their defaults, actions, events, errors, states and callbacks of RFC 9622, and what RFC 9623 adds |
//! | [`neatpy`] | members, properties, defaults, events and faults of NEATPy, which followed a draft of it |
//!
//! `cargo xtask test` holds the tables against the tests that passed: a row
//! whose test does not exist, did not run or failed makes it fail.

pub mod neatpy;
pub mod rfc9622;
