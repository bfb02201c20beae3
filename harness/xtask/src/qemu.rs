//! QEMU, the emulator that stands in for a board.

use crate::run::{Result, ask, command};
use crate::system::{self, Package};

/// The emulator of 32-bit Arm machines.
pub const PROGRAM: &str = "qemu-system-arm";

/// The first version with `-netdev stream`, which joins a board to the virtual
/// network: <https://wiki.qemu.org/ChangeLog/7.2>.
const OLDEST: (u32, u32) = (7, 2);

const PACKAGE: Package = Package {
    debian: "qemu-system-arm",
    elsewhere: "QEMU 7.2 or later: `sudo dnf install qemu-system-arm` (Fedora), `sudo pacman -S \
        qemu-system-arm` (Arch), `sudo zypper install qemu-arm` (openSUSE), `brew install qemu` \
        (macOS)",
};

/// Whether QEMU is there and new enough.
///
/// # Errors
///
/// What is missing, in words.
pub fn probe() -> Result {
    let said = ask(&mut command(PROGRAM, &["--version"]))
        .ok_or_else(|| format!("{PROGRAM} is not installed"))?;
    let version = version(&said)
        .ok_or_else(|| format!("{PROGRAM} does not tell its version; it said: {said}"))?;
    if version >= OLDEST {
        return Ok(());
    }
    Err(format!(
        "{PROGRAM} is version {}.{}, older than {}.{}",
        version.0, version.1, OLDEST.0, OLDEST.1
    ))
}

/// Installs QEMU, or says how.
///
/// # Errors
///
/// As [`system::install`].
pub fn install() -> Result {
    system::install(&[PACKAGE])
}

/// Major and minor version from `QEMU emulator version 7.2.22 (...)`.
fn version(said: &str) -> Option<(u32, u32)> {
    let number = said.split("version ").nth(1)?;
    let mut parts = number.split(|c: char| !c.is_ascii_digit());
    let mut part = || parts.next()?.parse().ok();
    Some((part()?, part()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_as_distributions_write_it() {
        let debian = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright (c)";
        assert_eq!(version(debian), Some((7, 2)));
        assert_eq!(version("QEMU emulator version 10.0.0"), Some((10, 0)));
        assert_eq!(version("QEMU emulator version 9.1-rc2"), Some((9, 1)));
        assert_eq!(version("something else"), None);
    }

    #[test]
    fn the_oldest_version_is_the_first_with_stream_sockets() {
        assert!(version("QEMU emulator version 6.2.0").unwrap() < OLDEST);
        assert!(version("QEMU emulator version 10.0.1").unwrap() >= OLDEST);
    }
}
