//! One struct of four fields, decoded and encoded in every format: by hand, with text
//! as keys and with keys that are not known skipped; by minicbor and postcard; by serde.

pub mod derived;
pub mod minicbor;
pub mod minijson;
pub mod postcard;
pub mod typed;
pub mod view;

use core::hint::black_box;

/// What a sensor says.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Reading<'a> {
    /// Which sensor.
    pub id: u32,
    /// What it is called.
    pub name: &'a str,
    /// What it measured.
    pub level: f32,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// A reading of which the compiler knows nothing.
#[must_use]
pub fn unknown() -> Reading<'static> {
    black_box(Reading {
        id: 1,
        name: "W1",
        level: 0.5,
        at: 2,
    })
}
