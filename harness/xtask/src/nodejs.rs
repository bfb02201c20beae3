//! Node.js, which runs the tests of the page's modules and of the npm package.

use crate::run::{Result, ask, command};
use crate::system::{self, Package};

/// The program.
pub const PROGRAM: &str = "node";

/// The first version with `node --test`, and the one of Debian 12.
const OLDEST: u32 = 18;

const PACKAGES: [Package; 2] = [
    Package {
        debian: "nodejs",
        elsewhere: "Node.js 18 or later: `sudo dnf install nodejs` (Fedora), `sudo pacman -S nodejs` \
            (Arch), `sudo zypper install nodejs` (openSUSE), `brew install node` (macOS)",
    },
    Package {
        debian: "npm",
        elsewhere: "npm, where it does not come with Node.js: `sudo pacman -S npm` (Arch)",
    },
];

/// Whether Node.js is there and new enough, and npm beside it.
///
/// # Errors
///
/// What is missing, in words.
pub fn probe() -> Result {
    let said = ask(&mut command(PROGRAM, &["--version"]))
        .ok_or_else(|| format!("{PROGRAM} is not installed"))?;
    if version(&said).is_none_or(|version| version < OLDEST) {
        return Err(format!(
            "{PROGRAM} is {}, older than v{OLDEST}",
            said.trim()
        ));
    }
    ask(&mut command("npm", &["--version"]))
        .map(drop)
        .ok_or_else(|| "npm is not installed".to_owned())
}

/// Installs Node.js and npm, or says how.
///
/// # Errors
///
/// As [`system::install`].
pub fn install() -> Result {
    system::install(&PACKAGES)
}

/// The major version from `v20.20.2`.
fn version(said: &str) -> Option<u32> {
    said.trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(version("v20.20.2\n"), Some(20));
        assert_eq!(version("v8.0.0"), Some(8));
        assert_eq!(version("20"), None);
        assert_eq!(version(""), None);
    }
}
