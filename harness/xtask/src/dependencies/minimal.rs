//! Whether the libraries that devices are built on work with the oldest versions that
//! their manifests allow.
//!
//! A lock file has the newest versions, so that nobody would notice a manifest that says
//! "0.103" and means 0.103.16. cargo picks the oldest ones of what a package names itself
//! (`-Z direct-minimal-versions`), for which the pinned compiler is told to be a nightly
//! one; what those need in turn is the newest, as their manifests are not ours to mend.
//! It happens in a copy, so that the committed lock file stays as it is.

use std::path::{Path, PathBuf};

use crate::run::{Result, cargo, run};
use crate::targets::{self, THUMB};
use crate::{project, target};

/// The packages, with their folders.
const PACKAGES: [(&str, &str); 3] = [
    ("wigwag-codec", "codec"),
    ("wigwag-embassy", "embassy-client"),
    ("lan9118", "embassy-client/lan9118"),
];

/// Checks that they compile for a bare Cortex-M4F, with all their features.
///
/// # Errors
///
/// No versions fit together, or something does not compile with them.
pub fn check() -> Result {
    targets::ensure(THUMB)?;
    let folder = target().join("minimal");
    let manifest = copy(&folder)?;
    let manifest = manifest.display().to_string();
    let manifest = ["--manifest-path", manifest.as_str()];
    let oldest = [
        "generate-lockfile",
        "--quiet",
        "-Z",
        "direct-minimal-versions",
    ];
    run(cargo(&oldest).args(manifest).env("RUSTC_BOOTSTRAP", "1"))?;
    let mut check = cargo(&["check", "--quiet", "--locked", "--lib", "--all-features"]);
    for (package, _) in PACKAGES {
        check.args(["--package", package]);
    }
    let built = folder.join("target");
    run(check
        .args(manifest)
        .args(["--target", THUMB, "--target-dir"])
        .arg(built))
    .map_err(|error| {
        format!(
            "{error}\nthat is with the oldest versions that Cargo.toml allows: raise the one \
             that lacks something"
        )
    })
}

/// Makes a workspace of the packages alone, and gives its manifest.
fn copy(folder: &Path) -> Result<PathBuf> {
    let from = project();
    let text = read(&from.join("Cargo.toml"))?;
    for (_, package) in PACKAGES {
        let old = folder.join(package);
        if old.exists() {
            std::fs::remove_dir_all(&old).map_err(|error| told(&old, &error))?;
        }
    }
    for (_, package) in PACKAGES {
        copy_package(&from.join(package), &folder.join(package))?;
    }
    let manifest = folder.join("Cargo.toml");
    let text = reduced(&text, &PACKAGES.map(|(_, package)| package));
    std::fs::write(&manifest, text).map_err(|error| told(&manifest, &error))?;
    Ok(manifest)
}

/// A workspace's manifest with these members and without profiles.
fn reduced(manifest: &str, members: &[&str]) -> String {
    let mut kept = String::new();
    let mut in_profile = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_profile = line.starts_with("[profile");
        }
        if line.starts_with("members = ") {
            kept.push_str(&format!("members = {members:?}\n"));
        } else if !in_profile
            && !line.starts_with("default-members = ")
            && !line.starts_with("exclude = ")
        {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Copies a package without other packages that are in its folder.
fn copy_package(from: &Path, to: &Path) -> Result {
    std::fs::create_dir_all(to).map_err(|error| told(to, &error))?;
    let entries = std::fs::read_dir(from).map_err(|error| told(from, &error))?;
    for entry in entries.flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if !path.is_dir() {
            std::fs::copy(&path, &target).map_err(|error| told(&path, &error))?;
        } else if entry.file_name() != "target" && !path.join("Cargo.toml").exists() {
            copy_package(&path, &target)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| told(file, &error))
}

fn told(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_keeps_what_members_inherit() {
        let whole = "[workspace]\nmembers = [\"a\", \"b\"]\ndefault-members = [\"a\"]\n\
            exclude = [\"c\"]\n[profile.dev]\ndebug = 1\n[workspace.package]\nversion = \"1\"\n";
        let expected = "[workspace]\nmembers = [\"b\"]\n[workspace.package]\nversion = \"1\"\n";
        assert_eq!(reduced(whole, &["b"]), expected);
    }

    #[test]
    fn the_copy_is_a_workspace_of_the_packages_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        for _ in 0..2 {
            let manifest = copy(folder.path()).expect("a copy");
            let text = read(&manifest).expect("a manifest");
            assert!(text.contains("[workspace.dependencies]"), "{text}");
            assert!(!text.contains("harness/xtask"), "{text}");
            // What is left of an earlier copy would be compiled.
            let gone = folder.path().join("codec/src/gone.rs");
            assert!(!gone.exists());
            std::fs::write(gone, "").expect("a file");
        }
        let has = |path| folder.path().join(path).exists();
        assert!(has("codec/src/lib.rs") && has("embassy-client/lan9118/src/lib.rs"));
        assert!(!has("codec/fuzz") && !has("embassy-client/boards/Cargo.toml"));
    }
}
