//! Everything of Wigwag that can be decided without I/O: the minijson codec and
//! the protocol state machines on top of it.
//!
//! `no_std`, no allocator, no unsafe code. Input from outside cannot make it
//! panic, hang or grow: every length, count and depth is checked before use.
//!
//! Features, all off by default and all additive:
//! - `serde`: read and write the program's own types as minijson;
//! - `cbor`: between minijson and CBOR;
//! - `defmt`: `defmt::Format` for the public types.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(test)]
extern crate std;

pub mod framer;
pub mod minijson;
pub mod ngtt;
pub mod prefix;
mod time;

pub use time::Instant;
