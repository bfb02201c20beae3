//! What the packages of this repository depend on: that all of it is used, that nothing
//! is in a program that may not be there, and that the versions they declare are true.

pub mod bans;
pub mod compiler;
pub mod minimal;
pub mod sources;
pub mod tree;
pub mod unused;

use serde_json::Value;

use crate::run::{Result, ask, cargo};

/// All workspaces of the repository, by their manifests.
pub const WORKSPACES: [&str; 13] = [
    "Cargo.toml",
    "codec/bare/Cargo.toml",
    "codec/bench/Cargo.toml",
    "codec/fuzz/Cargo.toml",
    "codec/linear/Cargo.toml",
    "embassy-client/boards/Cargo.toml",
    "embassy-client/boards/esp32c6/Cargo.toml",
    "embassy-client/boards/rp2350-w5500/Cargo.toml",
    "embassy-client/boards/stm32h7-nucleo/Cargo.toml",
    "embassy-client/template/Cargo.toml",
    "harness/xtask/api/Cargo.toml",
    "tests/browser/Cargo.toml",
    "wasm/inspect/fuzz/Cargo.toml",
];

/// What cargo knows of a workspace; with `options`, for example `--no-deps`, with which
/// nothing is downloaded and no lock file is needed.
///
/// # Errors
///
/// cargo cannot tell.
pub fn metadata(manifest: &str, options: &[&str]) -> Result<Value> {
    let words = ["metadata", "--format-version", "1", "--manifest-path"];
    let said = ask(cargo(&words).arg(manifest).args(options))
        .ok_or_else(|| format!("`cargo metadata` of {manifest} failed: run it to see why"))?;
    serde_json::from_str(&said).map_err(|error| format!("cargo metadata is not JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::project;

    /// The manifests below a folder that begin a workspace.
    fn workspaces(folder: &Path, found: &mut Vec<String>) {
        let entries = std::fs::read_dir(folder).expect("a folder of the project");
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.')
            {
                workspaces(&path, found);
            } else if name == "Cargo.toml" {
                let text = std::fs::read_to_string(&path).expect("a manifest");
                if text.lines().any(|line| line == "[workspace]") {
                    let below = path.strip_prefix(project()).expect("below the project");
                    found.push(below.to_string_lossy().replace('\\', "/"));
                }
            }
        }
    }

    #[test]
    fn no_workspace_is_left_out() {
        let mut found = Vec::new();
        workspaces(&project(), &mut found);
        found.sort();
        assert_eq!(found, WORKSPACES);
    }
}
