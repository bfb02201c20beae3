//! What a change of the public API means for the version: it is compared with that of
//! the last release, which is the last tag `v...`.
//!
//! The committed text is compared, not the programs' meaning. It shows what is gone, what
//! has another signature, and variants that are new in an enum which programs may match
//! to the end. It does not show whether a trait's new function has a body of its own, nor
//! whether something does another thing than before: those are for who reads the change.

use std::collections::BTreeSet;

use super::names::without_generics;
use super::{Crate, differences};
use crate::dependencies::metadata;
use crate::run::{Result, ask, command};

/// What has changed since a release, as far as programs notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The tag.
    pub tag: String,
    /// What programs for it would miss, or would no longer compile with.
    pub breaks: Vec<String>,
    /// The version that the package has now.
    pub version: String,
    /// Whether that version says as much.
    pub told: bool,
}

/// Compares the committed API with that of the last release; nothing where there is none
/// yet.
///
/// # Errors
///
/// The tag has no such file, or is no version.
pub fn since_release(of: Crate) -> Result<Option<Since>> {
    let describe = ["describe", "--tags", "--abbrev=0", "--match", "v*"];
    let Some(tag) = ask(&mut command("git", &describe)) else {
        return Ok(None);
    };
    let file = format!("{tag}:{}", of.file);
    let released = ask(&mut command("git", &["show", &file]))
        .ok_or_else(|| format!("{tag} has no {}", of.file))?;
    let metadata = metadata("Cargo.toml", &["--no-deps"])?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let version = packages
        .into_iter()
        .find(|package| package["name"] == of.package)
        .and_then(|package| package["version"].as_str())
        .ok_or_else(|| format!("{} has no version", of.package))?;
    compare(&tag, &released, version, &of.committed()?).map(Some)
}

/// The same from texts.
fn compare(tag: &str, released: &str, version: &str, now: &str) -> Result<Since> {
    let breaks = breaks(released, now);
    let told = breaks.is_empty() || is_incompatible(tag, version)?;
    Ok(Since {
        tag: tag.to_owned(),
        breaks,
        version: version.to_owned(),
        told,
    })
}

/// The lines that are gone, and the variants that are new in exhaustive enums.
fn breaks(released: &str, now: &str) -> Vec<String> {
    let exhaustive: BTreeSet<String> = released
        .lines()
        .filter_map(|line| line.strip_prefix("pub enum "))
        .map(without_generics)
        .collect();
    // A variant, or a field of one: nothing else stands there without a keyword.
    let is_variant = |line: &str| {
        let path = line.strip_prefix("+ pub ").map(without_generics);
        let path = path.as_deref().unwrap_or_default();
        let path = path.split(['(', ' ']).next().unwrap_or_default();
        let above = |path: &str| path.rsplit_once("::").map(|(above, _)| above.to_owned());
        let above = [above(path), above(path).and_then(|it| above(&it))];
        above.iter().flatten().any(|it| exhaustive.contains(it))
    };
    let mut told = differences(released, now);
    told.retain(|line| line.starts_with('-') || is_variant(line));
    told
}

/// Whether cargo takes a version for incompatible with that of a tag: another first
/// number that is not 0, and nothing but zeros before it.
fn is_incompatible(tag: &str, version: &str) -> Result<bool> {
    let before = numbers(tag.trim_start_matches('v'))?;
    let now = numbers(version)?;
    let decisive = before.iter().position(|part| *part != 0).unwrap_or(2);
    Ok(now.get(..=decisive) > before.get(..=decisive))
}

/// A version's three numbers, without what follows `-` or `+`.
fn numbers(version: &str) -> Result<[u64; 3]> {
    let wrong = || format!("`{version}` is no version");
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<u64> = plain
        .split('.')
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| wrong())?;
    parts.try_into().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASED: &str = "pub enum w::Open<'a>\npub w::Open::A\npub w::Open::B(u8)\n\
        #[non_exhaustive] pub enum w::Kind\npub w::Kind::X\n\
        pub fn w::f(u8) -> u8\npub struct w::S\npub w::S::field: u8\n";

    #[test]
    fn what_programs_would_miss_is_a_break() {
        let without = RELEASED.replace("pub fn w::f(u8) -> u8\n", "");
        assert_eq!(breaks(RELEASED, &without), ["- pub fn w::f(u8) -> u8"]);
        let other = RELEASED.replace("f(u8) -> u8", "f(u16) -> u8");
        assert_eq!(breaks(RELEASED, &other), ["- pub fn w::f(u8) -> u8"]);
        let shut = format!("{RELEASED}pub w::Open::C\npub w::Open<'a>::D(u8)\n");
        let told = ["+ pub w::Open::C", "+ pub w::Open<'a>::D(u8)"];
        assert_eq!(breaks(RELEASED, &shut), told);
        let wider = format!("{RELEASED}pub w::Open::A::field: u8\n");
        assert_eq!(breaks(RELEASED, &wider), ["+ pub w::Open::A::field: u8"]);
    }

    #[test]
    fn what_is_new_beside_the_old_breaks_nothing() {
        let more = format!(
            "{RELEASED}pub w::Kind::Y\npub fn w::Open::g(&self)\npub enum w::New\n\
             pub w::New::A\npub w::S::other: u8\n"
        );
        assert_eq!(breaks(RELEASED, &more), Vec::<String>::new());
        assert_eq!(breaks(RELEASED, RELEASED), Vec::<String>::new());
    }

    #[test]
    fn versions_are_incompatible_as_cargo_has_it() {
        for (tag, version, is) in [
            ("v1.2.3", "2.0.0", true),
            ("v1.2.3", "1.9.9", false),
            ("v1.2.3", "1.2.3", false),
            ("v0.1.0", "0.2.0", true),
            ("v0.1.0", "0.1.9", false),
            ("v0.1.0", "1.0.0", true),
            ("v0.0.3", "0.0.4", true),
            ("v0.0.3", "0.0.3", false),
            ("v0.2.0", "0.1.0", false),
            ("v0.9.0", "0.10.0-rc.1", true),
        ] {
            assert_eq!(is_incompatible(tag, version), Ok(is), "{tag} {version}");
        }
        for wrong in ["v1", "v1.2.x", "v", "v1.2.3.4"] {
            assert!(is_incompatible(wrong, "1.0.0").is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_break_needs_a_version_that_tells() {
        let without = RELEASED.replace("pub fn w::f(u8) -> u8\n", "");
        for (version, now, told) in [
            ("0.1.1", without.as_str(), false),
            ("0.2.0", without.as_str(), true),
            ("0.1.0", RELEASED, true),
        ] {
            let since = compare("v0.1.0", RELEASED, version, now).unwrap();
            assert_eq!(since.told, told, "{version}");
            assert_eq!(since.breaks.is_empty(), now == RELEASED, "{version}");
        }
        // Nobody has to name tags as versions until something breaks.
        assert!(compare("vacation", RELEASED, "0.1.0", RELEASED).is_ok());
        assert!(compare("vacation", RELEASED, "0.1.0", "").is_err());
    }
}
