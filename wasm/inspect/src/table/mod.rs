//! The table of frames.

mod columns;

pub use columns::{Columns, NO_ROW, flags};

use crate::{Direction, Protocol};

/// A whole frame as it was on the wire, its head included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub protocol: Protocol,
    /// Which way it went.
    pub direction: Direction,
    /// All its bytes.
    pub bytes: &'a [u8],
}

/// The frames of all connections of an input, in the order in which they were
/// complete.
#[derive(Debug, Default)]
pub struct Table {
    columns: Columns,
}

impl Table {
    /// The columns.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }
}
