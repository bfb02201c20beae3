//! The licences of everything that programs are built from, and where it comes from.

use serde_json::Value;

use crate::dependencies::metadata;
use crate::run::Result;

/// What may be in a program under MIT or Apache 2.0. Of "A OR B" one is enough, of
/// "A AND B" both are needed.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Where packages come from: crates.io, or the project itself.
const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The workspaces whose programs leave this machine.
pub const MANIFESTS: [&str; 2] = ["Cargo.toml", "embassy-client/boards/Cargo.toml"];

/// What is wrong with the packages of a workspace, a line each.
///
/// # Errors
///
/// cargo cannot tell what they are.
pub fn problems(manifest: &str) -> Result<Vec<String>> {
    let metadata = metadata(manifest, &["--locked"])?;
    Ok(judge(&metadata))
}

fn judge(metadata: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (name, version) = (&package["name"], &package["version"]);
        let name = format!(
            "{} {}",
            name.as_str().unwrap_or("?"),
            version.as_str().unwrap_or("?")
        );
        match package["license"].as_str() {
            Some(licence) if allows(licence) => {}
            Some(licence) => problems.push(format!("{name}: {licence}")),
            None => problems.push(format!("{name}: no licence is named")),
        }
        match package["source"].as_str() {
            None | Some(SOURCE) => {}
            Some(source) => problems.push(format!("{name}: from {source}")),
        }
    }
    problems
}

/// Whether an SPDX expression lets us use what it is about.
fn allows(expression: &str) -> bool {
    // Older packages write a slash for OR. Brackets go around an OR everywhere.
    let plain = expression.replace('/', " OR ").replace(['(', ')'], " ");
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = words.join(" ");
    let parts = plain.split(" AND ");
    parts
        .into_iter()
        .all(|part| part.split(" OR ").any(|one| ALLOWED.contains(&one)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_are_read() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(GPL-2.0 OR GPL-3.0) AND MIT",
            "",
        ] {
            assert!(!allows(bad), "{bad}");
        }
    }

    #[test]
    fn licences_and_sources_are_judged() {
        let metadata = json!({"packages": [
            {"name": "a", "version": "1.0.0", "license": "MIT", "source": SOURCE},
            {"name": "b", "version": "1.0.0", "license": "GPL-3.0", "source": null},
            {"name": "c", "version": "1.0.0", "license": null, "source": SOURCE},
            {"name": "d", "version": "1.0.0", "license": "MIT", "source": "git+https://x"},
        ]});
        let told = judge(&metadata);
        let expected = [
            "b 1.0.0: GPL-3.0",
            "c 1.0.0: no licence is named",
            "d 1.0.0: from git+https://x",
        ];
        assert_eq!(told, expected);
    }
}
