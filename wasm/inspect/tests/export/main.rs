//! Exports, and what comes of them when they are read again.

mod common;
mod forms;
mod round_trip;
mod steps;
