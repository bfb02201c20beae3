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

mod build;

pub use build::{Variant, build};
