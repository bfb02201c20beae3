//! The oldest compiler that packages are said to work with (`rust-version`).
//!
//! Three things hold it: clippy's `incompatible_msrv` (a function of the standard library
//! that is newer), what is looked at here, and a build with that very compiler where it
//! is installed. Only the last one notices newer grammar.

use serde_json::Value;

use super::metadata;
use super::tree::{list, reached, text};
use crate::project;
use crate::run::{Result, ask, command, run};
use crate::target;

/// The package that works with older compilers than the one the project is built with.
const CODEC: &str = "wigwag-codec";

/// A version as `rust-version` has it: what is missing is 0.
type Version = [u32; 3];

/// What is wrong in all workspaces, a line each.
///
/// # Errors
///
/// cargo cannot tell what they are, or `rust-toolchain.toml` cannot be read.
pub fn problems(manifests: &[&str]) -> Result<Vec<String>> {
    let pinned = pinned()?;
    let mut problems = Vec::new();
    for manifest in manifests {
        problems.extend(too_new(&metadata(manifest, &["--no-deps"])?, &pinned)?);
    }
    let all = metadata("Cargo.toml", &["--locked", "--all-features"])?;
    let declared = declared(&all)?;
    problems.extend(needs_newer(&all, &declared)?);
    Ok(problems)
}

/// Compiles the codec with the compiler it declares, and says how to get that where it
/// is not installed.
///
/// # Errors
///
/// It does not compile, or cargo cannot tell which compiler it declares.
pub fn check() -> Result {
    let declared = declared(&metadata("Cargo.toml", &["--no-deps"])?)?;
    let name = toolchain(&declared)?;
    let installed = ask(&mut command("rustup", &["toolchain", "list"])).unwrap_or_default();
    if !installed
        .lines()
        .any(|line| line.starts_with(&format!("{name}-")))
    {
        println!(
            "{CODEC} is not compiled with Rust {name}, which is not installed: \
             rustup toolchain install {name} --profile minimal"
        );
        return Ok(());
    }
    let words = [
        "run", &name, "cargo", "check", "--quiet", "--locked", "--lib",
    ];
    run(command("rustup", &words)
        .args(["--all-features", "--package", CODEC, "--target-dir"])
        .arg(target().join("oldest"))
        .env_remove("CARGO")
        .env_remove("RUSTC")
        .env_remove("RUSTDOC"))
}

/// The version in `rust-toolchain.toml`.
fn pinned() -> Result<String> {
    let file = project().join("rust-toolchain.toml");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let table = text
        .parse::<toml::Table>()
        .map_err(|error| format!("rust-toolchain.toml: {error}"))?;
    let channel = table.get("toolchain").and_then(|it| it.get("channel"));
    channel
        .and_then(toml::Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| "rust-toolchain.toml has no channel".to_owned())
}

/// What the codec declares.
fn declared(metadata: &Value) -> Result<String> {
    let codec = list(&metadata["packages"]).find(|package| package["name"] == CODEC);
    codec
        .and_then(|package| package["rust_version"].as_str())
        .map(str::to_owned)
        .ok_or_else(|| format!("{CODEC} declares no rust-version"))
}

/// The packages of a workspace that declare a newer compiler than the pinned one.
fn too_new(metadata: &Value, pinned: &str) -> Result<Vec<String>> {
    let limit = version(pinned)?;
    let mut problems = Vec::new();
    for package in list(&metadata["packages"]) {
        let Some(declared) = package["rust_version"].as_str() else {
            continue;
        };
        if version(declared)? > limit {
            let name = text(package, "name");
            problems.push(format!(
                "{name}: rust-version {declared}, rust-toolchain.toml has {pinned}"
            ));
        }
    }
    Ok(problems)
}

/// What the codec depends on that declares a newer compiler than the codec does. Not
/// looked at is what its tests alone depend on.
fn needs_newer(metadata: &Value, declared: &str) -> Result<Vec<String>> {
    let limit = version(declared)?;
    let mut problems = Vec::new();
    let codec = list(&metadata["packages"]).filter(|package| package["name"] == CODEC);
    let codec = codec.map(|package| text(package, "id"));
    for package in reached(metadata, codec, |_, kind| kind != Some("dev")) {
        let Some(needed) = package["rust_version"].as_str() else {
            continue;
        };
        if version(needed)? > limit {
            let name = text(package, "name");
            problems.push(format!(
                "{name}: rust-version {needed}, {CODEC} has {declared}"
            ));
        }
    }
    Ok(problems)
}

fn version(text: &str) -> Result<Version> {
    let wrong = || format!("`{text}` is no version of Rust");
    let mut version = [0; 3];
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > version.len() {
        return Err(wrong());
    }
    for (place, part) in version.iter_mut().zip(parts) {
        *place = part.parse().map_err(|_| wrong())?;
    }
    Ok(version)
}

/// The name rustup has for a version.
fn toolchain(declared: &str) -> Result<String> {
    version(declared).map(|parts| parts.map(|part| part.to_string()).join("."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tree;
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("1.100").unwrap() > version("1.95.0").unwrap());
        assert_eq!(version("1.95"), version("1.95.0"));
        assert_eq!(toolchain("1.90").as_deref(), Ok("1.90.0"));
        for wrong in ["", "stable", "1.95.0.0", "1.x"] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_declares_more_than_what_is_pinned() {
        let metadata = json!({"packages": [
            {"name": "a", "rust_version": "1.95"},
            {"name": "b", "rust_version": "1.96"},
            {"name": "c", "rust_version": null},
        ]});
        let told = too_new(&metadata, "1.95.0").unwrap();
        assert_eq!(
            told,
            ["b: rust-version 1.96, rust-toolchain.toml has 1.95.0"]
        );
        assert_eq!(declared(&metadata).ok(), None);
    }

    #[test]
    fn what_the_codec_needs_declares_no_more_than_the_codec() {
        let package = |name: &str, rust_version: &str| {
            let mut package = tree::package(name, "1", "lib");
            package["rust_version"] = json!(rust_version);
            package
        };
        let metadata = json!({
            "packages": [
                package(CODEC, "1.90"), package("old", "1.60"), package("new", "1.91"),
                package("test", "1.95"), package("other", "1.95"),
            ],
            "resolve": {"nodes": [
                tree::node("wigwag-codec 1", &[("old 1", None), ("test 1", Some("dev"))]),
                tree::node("old 1", &[("new 1", Some("build"))]),
                tree::node("new 1", &[]),
                tree::node("test 1", &[]),
                tree::node("other 1", &[]),
            ]},
        });
        let told = needs_newer(&metadata, &declared(&metadata).unwrap()).unwrap();
        assert_eq!(told, ["new: rust-version 1.91, wigwag-codec has 1.90"]);
    }
}
