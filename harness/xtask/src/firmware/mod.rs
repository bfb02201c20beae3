//! The images of the board that QEMU emulates: how they are built, what they
//! weigh, and the budgets that hold their figures. Those of boards people own are
//! in [`hardware`].
//!
//! ```no_run
//! use xtask::firmware::{Image, Variant, build};
//!
//! let image = build(Image::Ngtt, Variant::Logged)?;
//! println!("qemu-system-arm -M mps2-an386 ... -kernel {}", image.display());
//! # Ok::<(), String>(())
//! ```

pub mod budget;
mod build;
pub mod goals;
pub mod hardware;
pub mod origin;
pub mod panics;
pub mod section;
pub mod size;
pub mod template;
pub mod trial;

pub use build::{Image, SHARED, Variant, boards_cargo, build};
pub(crate) use build::{cargo_in, quietly, remap, renamed_paths};
