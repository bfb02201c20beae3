//! The codec for browsers: bytes of a recorded or live conversation go in, and
//! a table of its frames comes out.
//!
//! [`Inspector`] is the core, a normal Rust type that also runs in tests and on
//! servers; [`face`] is what JavaScript sees of it. What frames and payloads
//! mean is decided in `wigwag-codec` alone.

mod columns;
pub mod face;
mod inspector;
mod stream;

pub use columns::Columns;
pub use inspector::{Budget, Direction, Full, Inspector};
