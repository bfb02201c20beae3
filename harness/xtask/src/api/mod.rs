//! The public API of the crates that programs depend on, as committed text files: who
//! changes one changes the file in the same commit, so that a reader sees what programs
//! will notice.
//!
//! rustdoc's JSON is not stable yet, so the pinned compiler is told to be a nightly one
//! for it (`RUSTC_BOOTSTRAP`), in a folder of build results of its own; the program in
//! `harness/xtask/api` makes lines of it.

pub mod names;
pub mod release;

use std::path::PathBuf;
use std::process::Stdio;

use crate::run::{Result, cargo};
use crate::{project, target};

/// A crate whose API is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crate {
    /// The package's name.
    pub package: &'static str,
    /// Its features that add something public; `defmt` adds implementations only.
    pub features: &'static str,
    /// The committed file, below the project's folder.
    pub file: &'static str,
}

/// The codec.
pub const CODEC: Crate = Crate {
    package: "wigwag-codec",
    features: "serde,cbor",
    file: "codec/public-api.txt",
};

/// The device's crate.
pub const EMBASSY: Crate = Crate {
    package: "wigwag-embassy",
    features: "",
    file: "embassy-client/public-api.txt",
};

/// All of them.
pub const CRATES: [Crate; 2] = [CODEC, EMBASSY];

/// The command that writes the files.
pub const UPDATE: &str = "cargo xtask api --update";

impl Crate {
    /// The committed text.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn committed(&self) -> Result<String> {
        std::fs::read_to_string(project().join(self.file))
            .map_err(|error| format!("cannot read {}: {error}", self.file))
    }

    /// The API as the sources have it, an item a line.
    ///
    /// # Errors
    ///
    /// rustdoc or the program that reads its JSON failed.
    pub fn read(&self) -> Result<String> {
        let json = self.json()?;
        let output = cargo(&["run", "--quiet", "--release", "--locked"])
            .args(["--manifest-path", "harness/xtask/api/Cargo.toml", "--"])
            .arg(json)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot start cargo: {error}"))?;
        if !output.status.success() {
            return Err(format!("the API of {} cannot be read", self.package));
        }
        String::from_utf8(output.stdout).map_err(|error| error.to_string())
    }

    /// Makes rustdoc's JSON, and says where it is.
    fn json(&self) -> Result<PathBuf> {
        let folder = target().join("api");
        let status = cargo(&["rustdoc", "--quiet", "--lib", "--package", self.package])
            .args(["--features", self.features])
            .arg("--target-dir")
            .arg(&folder)
            .args(["--", "-Z", "unstable-options", "--output-format", "json"])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTDOCFLAGS", "")
            .status()
            .map_err(|error| format!("cannot start cargo: {error}"))?;
        if !status.success() {
            return Err(format!("rustdoc of {} failed: {status}", self.package));
        }
        let file = format!("{}.json", self.package.replace('-', "_"));
        Ok(folder.join("doc").join(file))
    }
}

/// What is in one text and not in the other: `-` before what is gone, `+` before what
/// is new.
#[must_use]
pub fn differences(committed: &str, now: &str) -> Vec<String> {
    let counted = |text: &'_ str| {
        let mut lines = std::collections::BTreeMap::<String, i64>::new();
        for line in text.lines() {
            *lines.entry(line.to_owned()).or_default() += 1;
        }
        lines
    };
    let (mut lines, before) = (counted(now), counted(committed));
    for (line, count) in before {
        *lines.entry(line).or_default() -= count;
    }
    let changed = lines.into_iter().filter(|(_, count)| *count != 0);
    changed
        .map(|(line, count)| format!("{} {line}", if count > 0 { '+' } else { '-' }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_and_what_is_new_is_told() {
        let told = differences("a\nb\nb\n", "a\nb\nc\n");
        assert_eq!(told, ["- b", "+ c"]);
        assert_eq!(differences("a\n", "a\n"), Vec::<String>::new());
    }
}
