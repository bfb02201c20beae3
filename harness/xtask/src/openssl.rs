//! OpenSSL's command-line tool, whose server the TLS tests speak to.

use crate::run::{Result, ask, command};
use crate::system::{self, Package};

/// The tool.
pub const PROGRAM: &str = "openssl";

/// The first version with TLS 1.3: <https://www.openssl.org/news/openssl-1.1.1-notes.html>.
const OLDEST: (u32, u32, u32) = (1, 1, 1);

const PACKAGE: Package = Package {
    debian: "openssl",
    elsewhere: "OpenSSL 1.1.1 or later, not LibreSSL: `sudo dnf install openssl` (Fedora), `sudo \
        pacman -S openssl` (Arch), `sudo zypper install openssl` (openSUSE), `brew install \
        openssl` (macOS; put its folder first in PATH)",
};

/// Whether OpenSSL is there and new enough.
///
/// # Errors
///
/// What is missing, in words.
pub fn probe() -> Result {
    let said = ask(&mut command(PROGRAM, &["version"]))
        .ok_or_else(|| format!("{PROGRAM} is not installed"))?;
    match version(&said) {
        Some(version) if version >= OLDEST => Ok(()),
        _ => Err(format!(
            "{PROGRAM} is not OpenSSL {}.{}.{} or later but {said}",
            OLDEST.0, OLDEST.1, OLDEST.2
        )),
    }
}

/// Installs OpenSSL, or says how.
///
/// # Errors
///
/// As [`system::install`].
pub fn install() -> Result {
    system::install(&[PACKAGE])
}

/// The version from `OpenSSL 3.0.19 27 Jan 2026 (...)`; other makes have none.
fn version(said: &str) -> Option<(u32, u32, u32)> {
    let number = said.strip_prefix("OpenSSL ")?.split(' ').next()?;
    // 1.1.1 counts on in letters: 1.1.1w.
    let mut parts = number.split(|c: char| !c.is_ascii_digit());
    let mut part = || parts.next()?.parse().ok();
    Some((part()?, part()?, part()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_version_is_read_and_other_makes_are_told_apart() {
        let debian = "OpenSSL 3.0.19 27 Jan 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)";
        assert_eq!(version(debian), Some((3, 0, 19)));
        assert_eq!(version("OpenSSL 1.1.1w  11 Sep 2023"), Some((1, 1, 1)));
        assert_eq!(version("LibreSSL 3.3.6"), None);
        assert_eq!(version(""), None);
    }
}
