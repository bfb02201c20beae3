//! The firmware of the board that QEMU emulates: how it is built, what it
//! weighs, and the budgets that hold its figures.
//!
//! ```no_run
//! use xtask::firmware::{Variant, build};
//!
//! let image = build(Variant::Logged)?;
//! println!("qemu-system-arm -M mps2-an386 ... -kernel {}", image.display());
//! # Ok::<(), String>(())
//! ```

pub mod budget;
mod build;
pub mod goals;
pub mod origin;
pub mod size;
pub mod trial;

pub use build::{SHARED, Variant, boards_cargo, build};
