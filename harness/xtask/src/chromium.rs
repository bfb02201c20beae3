//! Chromium, the browser in which the page is tested.

use std::path::PathBuf;

use crate::run::{Result, ask, command};
use crate::system::{self, Package};

/// Its names: Debian's, that of others, and Google's build of it.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

const PACKAGE: Package = Package {
    debian: "chromium",
    elsewhere: "Chromium: `sudo dnf install chromium` (Fedora), `sudo pacman -S chromium` (Arch), \
        `sudo zypper install chromium` (openSUSE), `brew install chromium` (macOS)",
};

/// The program, if there is one.
#[must_use]
pub fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut places = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.find(|place| place.is_file())
}

/// Whether it is there and starts.
///
/// # Errors
///
/// What is missing, in words.
pub fn probe() -> Result {
    let program = program().ok_or("Chromium is not installed")?;
    ask(&mut command(program, &["--version"]))
        .map(|_| ())
        .ok_or_else(|| "Chromium is there and does not start".into())
}

/// Installs it, or says how.
///
/// # Errors
///
/// As [`system::install`].
pub fn install() -> Result {
    system::install(&[PACKAGE])
}
