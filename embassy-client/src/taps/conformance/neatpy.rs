#![doc = include_str!("neatpy.md")]

#[allow(unused_imports)] // What the links of the table start from.
use crate::taps::{neat::*, *};
