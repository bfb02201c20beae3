//! The boards people own: how their images are built, and what those take.
//!
//! Each is a workspace of its own, because what one chip needs would change the
//! images of another. They build into the folder of the boards' workspace
//! nevertheless: what they have in common is built once.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::build::{BOARDS, cargo_in, quietly};
use super::size;
use crate::project;
use crate::run::Result;
use crate::targets;

/// A board that somebody owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hardware {
    /// Its name: of its folder and of its image.
    pub name: &'static str,
    /// The Rust target.
    pub triple: &'static str,
    /// Addresses of its RAM.
    pub ram: [Range<u64>; 2],
}

/// All of them.
pub static HARDWARE: [Hardware; 3] = [
    Hardware {
        name: "stm32h7-nucleo",
        triple: targets::THUMB,
        ram: [0x2000_0000..0x2002_0000, 0x2400_0000..0x2408_0000],
    },
    Hardware {
        name: "rp2350-w5500",
        triple: targets::THUMB_V8M,
        ram: [0x2000_0000..0x2008_0000, 0x2008_0000..0x2008_2000],
    },
    Hardware {
        name: "esp32c6",
        triple: targets::RISCV,
        ram: [0x4080_0000..0x4090_0000, 0x5000_0000..0x5000_4000],
    },
];

/// What an image takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Bytes of flash.
    pub flash: u64,
    /// Bytes of RAM from the start: without the stack, and with the heap where
    /// there is one.
    pub static_ram: u64,
}

impl Hardware {
    /// The board of this name.
    ///
    /// # Errors
    ///
    /// There is none; the message names those there are.
    pub fn of_name(name: &str) -> Result<&'static Self> {
        let found = HARDWARE.iter().find(|board| board.name == name);
        let names = || HARDWARE.iter().map(|board| board.name).collect::<Vec<_>>();
        found.ok_or_else(|| format!("no board {name}: there are {}", names().join(", ")))
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        project().join(BOARDS).join(self.name)
    }

    /// A cargo in its workspace that looks at the formatting.
    #[must_use]
    pub fn fmt(&self) -> Command {
        cargo_in(&self.folder(), &["fmt", "--check"])
    }

    /// A cargo in its workspace, which builds for it and at release, and hears
    /// nothing of the shell's that would change an image.
    ///
    /// # Errors
    ///
    /// The Rust target is missing and cannot be added.
    pub fn cargo(&self, subcommand: &str) -> Result<Command> {
        targets::ensure(self.triple)?;
        let mut command = cargo_in(&self.folder(), &[subcommand, "--release"]);
        command
            .args(["--target", self.triple])
            .arg("--target-dir")
            .arg(project().join(BOARDS).join("target"))
            .env("DEFMT_LOG", "info");
        Ok(command)
    }

    /// Builds its image, with its log, and gives back the ELF file. Quiet when it
    /// works.
    ///
    /// # Errors
    ///
    /// As [`cargo`](Self::cargo), or the build failed: the message holds what
    /// cargo and the compiler said.
    pub fn build(&self) -> Result<PathBuf> {
        quietly(self.cargo("build")?.arg("--quiet"))?;
        let elf = project()
            .join(BOARDS)
            .join("target")
            .join(self.triple)
            .join("release")
            .join(self.name);
        if elf.is_file() {
            Ok(elf)
        } else {
            Err(format!("cargo built no {}", elf.display()))
        }
    }

    /// Builds its image and weighs it.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), or the image cannot be read.
    pub fn weigh(&self) -> Result<Weight> {
        self.weight_of(&self.build()?)
    }
}

impl Hardware {
    /// What an image for its chip takes.
    ///
    /// # Errors
    ///
    /// The image cannot be read.
    pub fn weight_of(&self, image: &Path) -> Result<Weight> {
        let (flash, static_ram) = size::weigh(image, &self.ram)?;
        Ok(Weight { flash, static_ram })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_has_a_folder_and_its_name_finds_it() {
        for board in &HARDWARE {
            assert!(
                board.folder().join("Cargo.toml").is_file(),
                "{}",
                board.name
            );
            assert_eq!(Hardware::of_name(board.name), Ok(board));
        }
        let unknown = Hardware::of_name("abacus").unwrap_err();
        assert!(
            unknown.contains("stm32h7-nucleo, rp2350-w5500, esp32c6"),
            "{unknown}"
        );
    }
}
