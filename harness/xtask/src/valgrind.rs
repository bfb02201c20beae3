//! Valgrind, whose callgrind counts instructions.

use crate::run::{Result, ask, command};
use crate::system::{self, Package};

/// The tool.
pub const PROGRAM: &str = "valgrind";

const PACKAGE: Package = Package {
    debian: "valgrind",
    elsewhere: "Valgrind: `sudo dnf install valgrind` (Fedora), `sudo pacman -S valgrind` (Arch), \
        `sudo zypper install valgrind` (openSUSE)",
};

/// Whether Valgrind is there.
///
/// # Errors
///
/// What is missing, in words.
pub fn probe() -> Result {
    ask(&mut command(PROGRAM, &["--version"]))
        .map(drop)
        .ok_or_else(|| format!("{PROGRAM} is not installed"))
}

/// Installs Valgrind, or says how.
///
/// # Errors
///
/// As [`system::install`].
pub fn install() -> Result {
    system::install(&[PACKAGE])
}
