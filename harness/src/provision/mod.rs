//! A device's settings in the forms in which they get into its flash.
//!
//! [`Settings::write`](wigwag_embassy::settings::Settings::write) makes the
//! image; a [`Board`] says where it has to stand; a [`Format`] wraps it for the
//! program that puts it there. `wigwag provision` does all three.
//!
//! ```
//! use wigwag_harness::provision::{Board, Format};
//!
//! let board = Board::of_name("rp2350-w5500").unwrap();
//! let file = Format::Uf2.wrap(b"an image", board, board.address)?;
//! assert_eq!(&file[..4], b"UF2\n");
//! # Ok::<(), wigwag_harness::provision::FormatError>(())
//! ```

mod board;
mod elf;
mod format;
mod hex;
mod uf2;

pub use board::{BOARDS, Board, Machine, Writer};
pub use format::{Format, FormatError, PAGE};
