//! One command a file: its arguments and `run`.

pub(crate) mod api;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod check_features;
pub(crate) mod ci;
pub(crate) mod dependencies;
pub(crate) mod firmware;
pub(crate) mod fuzz;
pub(crate) mod licences;
pub(crate) mod linear;
pub(crate) mod miri;
pub(crate) mod panics;
pub(crate) mod size;
pub(crate) mod soak;
pub(crate) mod test;
pub(crate) mod wasm;
