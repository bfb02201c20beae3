#![doc = include_str!("rfc9622.md")]

#[allow(unused_imports)] // What the links of the table start from.
use crate::taps::*;
