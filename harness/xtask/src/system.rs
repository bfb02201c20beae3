//! Packages of the operating system. Debian and what derives from it is
//! installed; for others the commands are said, not run.

use crate::run::{Result, ask, command, run};

/// A program or library that comes with the operating system.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// Its name in Debian and Ubuntu.
    pub debian: &'static str,
    /// The command for other systems, as advice.
    pub elsewhere: &'static str,
}

/// Installs the packages, or says how.
///
/// # Errors
///
/// The system is not one we install on, we may not install on it, or the
/// package manager failed. The message holds the commands to run by hand.
pub fn install(packages: &[Package]) -> Result {
    if packages.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = packages.iter().map(|package| package.debian).collect();
    if !is_debian() {
        let advice: Vec<&str> = packages.iter().map(|package| package.elsewhere).collect();
        return Err(format!(
            "missing: {}. Install with your system's package manager, for example:\n  {}",
            names.join(", "),
            advice.join("\n  ")
        ));
    }
    let by_hand = format!("sudo apt-get install -y {}", names.join(" "));
    let Some(sudo) = privilege() else {
        return Err(format!(
            "missing: {}. Neither root nor sudo here; run:\n  {by_hand}",
            names.join(", ")
        ));
    };
    let apt = |args: &[&str]| {
        let words: Vec<&str> = sudo.iter().copied().chain(args.iter().copied()).collect();
        let (program, rest) = words.split_first().unwrap_or((&"apt-get", &[]));
        run(command(*program, rest).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install: Vec<&str> = ["apt-get", "install", "-y", "--no-install-recommends"]
        .into_iter()
        .chain(names.iter().copied())
        .collect();
    apt(&["apt-get", "update"])
        .and_then(|()| apt(&install))
        .map_err(|error| format!("{error}. By hand:\n  {by_hand}"))
}

/// Whether `apt-get` is this system's way, by its own word in os-release(5).
fn is_debian() -> bool {
    std::fs::read_to_string("/etc/os-release").is_ok_and(|text| names_debian(&text))
}

fn names_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim_matches('"').split_whitespace())
        .any(|word| word == "debian" || word == "ubuntu")
}

/// The words to put before a command that must run as root.
fn privilege() -> Option<Vec<&'static str>> {
    let root = ask(&mut command("id", &["-u"])).is_some_and(|id| id == "0");
    if root {
        return Some(Vec::new());
    }
    ask(&mut command("sudo", &["--version"])).map(|_| vec!["sudo"])
}

#[cfg(test)]
mod tests {
    use super::names_debian;

    #[test]
    fn debian_and_its_children_are_known_by_os_release() {
        assert!(names_debian("PRETTY_NAME=\"Debian 12\"\nID=debian\n"));
        assert!(names_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!names_debian("NAME=Fedora\nID=fedora\n"));
        assert!(!names_debian(
            "ID=arch\nHOME_URL=\"https://debian.example\"\n"
        ));
    }
}
