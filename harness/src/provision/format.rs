//! The kinds of file that carry an image to a board.

use std::fmt;

use super::{Board, elf, hex, uf2};

/// Images are filled up with 0xFF to a multiple of this many bytes, so that
/// flash that is written in words or pages gets whole ones. Nobody looks at what
/// follows a payload.
pub const PAGE: usize = 256;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The bytes alone; who writes them has to know the address.
    Bin,
    /// An executable of one segment, for debuggers and programmers.
    Elf,
    /// Microsoft's format for drives that are a board's flash.
    Uf2,
    /// Intel HEX.
    Hex,
}

/// Why an image cannot be had in a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// The board has no bootloader that takes UF2.
    NoUf2 {
        /// The board's name.
        board: &'static str,
    },
    /// The image would not begin where the flash is erased from.
    NotASector {
        /// The address.
        address: u32,
        /// Bytes that the board erases at once.
        sector: u32,
    },
    /// The image would end behind the last address.
    BeyondTheEnd {
        /// The address.
        address: u32,
    },
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUf2 { board } => write!(
                f,
                "{board} has no bootloader that takes UF2: choose bin, elf or hex"
            ),
            Self::NotASector { address, sector } => write!(
                f,
                "{address:#010x} is no multiple of {sector:#x}, which the board erases at once: \
                 choose such an address"
            ),
            Self::BeyondTheEnd { address } => write!(
                f,
                "from {address:#010x} on there is no room for the settings: choose a lower address"
            ),
        }
    }
}

impl std::error::Error for FormatError {}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bin, Self::Elf, Self::Uf2, Self::Hex];

    /// Its name, which is the usual extension of such a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bin => "bin",
            Self::Elf => "elf",
            Self::Uf2 => "uf2",
            Self::Hex => "hex",
        }
    }

    /// The file that puts `image` to `address` of `board`.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn wrap(self, image: &[u8], board: &Board, address: u32) -> Result<Vec<u8>, FormatError> {
        if !address.is_multiple_of(board.sector) {
            return Err(FormatError::NotASector {
                address,
                sector: board.sector,
            });
        }
        let mut pages = image.to_vec();
        pages.resize(image.len().next_multiple_of(PAGE), 0xff);
        let end = u64::from(address) + pages.len() as u64;
        if end > 1 << 32 {
            return Err(FormatError::BeyondTheEnd { address });
        }
        Ok(match self {
            Self::Bin => pages,
            Self::Elf => elf::write(&pages, address, board.machine),
            Self::Hex => hex::write(&pages, address),
            Self::Uf2 => {
                let family = board
                    .uf2_family
                    .ok_or(FormatError::NoUf2 { board: board.name })?;
                uf2::write(&pages, address, family)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_where_nothing_can_stand_are_refused() {
        let pico = Board::of_name("rp2350-w5500").unwrap();
        for format in Format::ALL {
            for address in [0, 0x1000, 0x101f_e000, 0xffff_f000] {
                assert!(format.wrap(&[7; 4096], pico, address).is_ok());
            }
            for address in [1, 0x100, 0x101f_f800] {
                assert_eq!(
                    format.wrap(&[7], pico, address),
                    Err(FormatError::NotASector {
                        address,
                        sector: 4096
                    })
                );
            }
            let last = 0xffff_f000;
            assert_eq!(
                format.wrap(&[7; 4097], pico, last),
                Err(FormatError::BeyondTheEnd { address: last })
            );
        }
    }

    #[test]
    fn uf2_is_for_boards_that_take_it() {
        for board in &super::super::BOARDS {
            let made = Format::Uf2.wrap(&[7], board, board.address);
            assert_eq!(made.is_ok(), board.name == "rp2350-w5500");
        }
    }
}
