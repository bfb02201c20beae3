//! The inspector for browsers: [`wigwag_inspect`] with a face for JavaScript.
//!
//! Nothing is decided here: bytes go in, and columns come out as typed arrays, one
//! call for as many rows as a page shows; what is looked at one by one comes as JSON.
//! The names and shapes that JavaScript sees are in the TypeScript declarations that
//! are made of this crate (`cargo xtask wasm --package DIR`).

mod export;
mod fault;
mod frames;
mod inspector;
mod json;
mod names;
#[cfg(not(feature = "packets"))]
mod packets;
mod plots;
mod search;
mod types;
mod view;
mod whole;
mod window;

pub use export::{Exporter, Writer};
pub use inspector::Inspector;
pub use plots::{Plot, PlotPoints, Rate};
pub use search::Search;
pub use window::Window;
