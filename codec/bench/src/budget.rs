//! What an operation may take.

use crate::operation::{File, Operation};

/// Instructions of an operation as they were counted when this was committed, on
/// `x86_64` with the pinned compiler. `None` where the C library's memcpy decides.
pub(crate) const fn instructions(operation: Operation) -> Option<f64> {
    Some(match operation {
        Operation::View(File::Command) => 197.0,
        Operation::Walk(File::Command) => 604.0,
        Operation::Write(File::Command) => 248.0,
        Operation::View(File::Sweep) => 470.0,
        Operation::Walk(File::Sweep) => 2213.0,
        Operation::ArrayCopy(_) => 13_490.0,
        _ => return None,
    })
}

/// How much more than its budget an operation may take.
pub(crate) const SLACK: f64 = 1.05;

/// The least part of memcpy's speed at which arrays are read.
pub(crate) const OF_MEMCPY: f64 = 0.5;

/// How many times as fast as ncplib an operation is at least. There is no such
/// goal where 60 kB are copied: that takes what memcpy takes, for ncplib too.
pub(crate) const fn of_ncplib(operation: Operation) -> Option<f64> {
    match operation {
        Operation::Walk(_) | Operation::Write(File::Command) => Some(100.0),
        _ => None,
    }
}
