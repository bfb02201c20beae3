//! Building the firmware so that its bytes depend on the sources and on
//! nothing else: no path of a machine, no setting of the person's shell. (The
//! order of its functions still depends on the project's folder, whose path
//! cargo hashes into the names of the crates outside the boards' workspace.)

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::project;
use crate::run::{Result, ask, cargo, command};
use crate::targets;

/// The workspace of the boards, below the project's folder.
pub(super) const BOARDS: &str = "embassy-client/boards";

/// The package that is built.
const BOARD: &str = "qemu-mps2-an386";

/// The package of the boards' workspace that is shared by all boards: it knows
/// no chip, so its tests run on the host.
pub const SHARED: &str = "wigwag-app";

/// The programs for the board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Image {
    /// A device that speaks NGTT, over mutual TLS.
    #[default]
    Ngtt,
    /// A device that speaks NCP, as client and as server.
    Ncp,
}

impl Image {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ngtt, Self::Ncp];

    /// The name of its binary.
    #[must_use]
    pub fn binary(self) -> &'static str {
        match self {
            Self::Ngtt => BOARD,
            Self::Ncp => "ncp",
        }
    }

    /// The file of its budgets, below the project's folder.
    #[must_use]
    pub fn budgets(self) -> &'static str {
        match self {
            Self::Ngtt => "embassy-client/boards/qemu-mps2-an386/budgets.toml",
            Self::Ncp => "embassy-client/boards/qemu-mps2-an386/budgets-ncp.toml",
        }
    }

    /// The file that says where it can panic, below the project's folder.
    #[must_use]
    pub fn panics(self) -> &'static str {
        match self {
            Self::Ngtt => "embassy-client/boards/qemu-mps2-an386/panics.toml",
            Self::Ncp => "embassy-client/boards/qemu-mps2-an386/panics-ncp.toml",
        }
    }

    /// What the commands that are about one image are told; nothing for the
    /// one that they are about otherwise.
    #[must_use]
    pub fn argument(self) -> &'static str {
        match self {
            Self::Ngtt => "",
            Self::Ncp => " ncp",
        }
    }
}

/// The two builds of an image. Each has a profile, and so a folder, of its
/// own: going from one to the other builds nothing anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// With its log (defmt, level `info`): what is run and watched.
    Logged,
    /// Without a log: what is weighed.
    Silent,
}

impl Variant {
    /// The cargo profile, also the name of its folder.
    #[must_use]
    pub fn profile(self) -> &'static str {
        match self {
            Self::Logged => "release",
            Self::Silent => "silent",
        }
    }

    /// What `DEFMT_LOG` is while it is compiled.
    fn log_level(self) -> &'static str {
        match self {
            Self::Logged => "info",
            Self::Silent => "off",
        }
    }
}

/// Builds an image and gives back its ELF file. Quiet when it works; the
/// first build of a variant takes minutes, one without changes under a second.
/// Several processes may build at once: cargo lets them wait for each other.
///
/// # Errors
///
/// The Rust target is missing and cannot be added, or the build failed: the
/// message holds what cargo and the compiler said.
pub fn build(image: Image, variant: Variant) -> Result<PathBuf> {
    targets::ensure(targets::THUMB)?;
    let target = project().join(BOARDS).join("target");
    // So that the folders of the sources are there to be named.
    quietly(&mut boards_cargo(&[
        "fetch",
        "--quiet",
        "--target",
        targets::THUMB,
    ]))?;
    let mut command = boards_cargo(&["build", "--quiet", "--package", BOARD]);
    command
        .args(["--bin", image.binary()])
        .args(["--profile", variant.profile()])
        .args(["--target", targets::THUMB])
        .arg("--target-dir")
        .arg(&target)
        .arg("--config")
        .arg(remap(&renamed_paths()?))
        .env("DEFMT_LOG", variant.log_level());
    quietly(&mut command)?;
    let elf = target
        .join(targets::THUMB)
        .join(variant.profile())
        .join(image.binary());
    if elf.is_file() {
        Ok(elf)
    } else {
        Err(format!("cargo built no {}", elf.display()))
    }
}

/// A cargo in the boards' workspace that hears nothing of the shell's that
/// would change an image.
#[must_use]
pub fn boards_cargo(args: &[&str]) -> Command {
    cargo_in(&project().join(BOARDS), args)
}

/// The same in another workspace for chips.
pub(crate) fn cargo_in(folder: &Path, args: &[&str]) -> Command {
    let mut command = cargo(args);
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if shapes_an_image(&name.to_string_lossy()) {
            command.env_remove(&name);
        }
    }
    command
}

/// Whether an environment variable changes what cargo builds for a chip.
fn shapes_an_image(name: &str) -> bool {
    const NAMES: [&str; 4] = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CARGO_BUILD_RUSTFLAGS",
    ];
    const BEGINNINGS: [&str; 5] = [
        "CARGO_PROFILE_",
        "CARGO_TARGET_RISCV",
        "CARGO_TARGET_THUMB",
        "DEFMT_",
        "ESP_",
    ];
    NAMES.contains(&name)
        || BEGINNINGS
            .iter()
            .any(|beginning| name.starts_with(beginning))
}

/// The folders of this machine whose names the compiler would put into the
/// image (for a panic's place), each with the name that stands for it.
pub(crate) fn renamed_paths() -> Result<Vec<(PathBuf, String)>> {
    let mut renamed = vec![(project(), "/wigwag".to_owned())];
    if let Ok(real) = fs::canonicalize(project()) {
        renamed.push((real, "/wigwag".to_owned()));
    }
    // The folder below is named after the registry, or the mirror in use.
    let sources = cargo_home()?.join("registry/src");
    let registries = fs::read_dir(&sources)
        .map_err(|error| format!("cannot read {}: {error}", sources.display()))?;
    let mut registries: Vec<PathBuf> = registries.flatten().map(|entry| entry.path()).collect();
    registries.sort();
    renamed.extend(
        registries
            .into_iter()
            .map(|path| (path, "/registry".to_owned())),
    );
    renamed.extend(standard_library());
    renamed.dedup();
    Ok(renamed)
}

/// Where `core` stands if its source is installed; otherwise the compiler says
/// by itself what is said here.
fn standard_library() -> Option<(PathBuf, String)> {
    let root = ask(&mut command("rustc", &["--print", "sysroot"]))?;
    let version = ask(&mut command("rustc", &["--version", "--verbose"]))?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "))?;
    let source = Path::new(&root).join("lib/rustlib/src/rust");
    Some((source, format!("/rustc/{commit}")))
}

fn cargo_home() -> Result<PathBuf> {
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")))
        .ok_or_else(|| "no home folder: set CARGO_HOME to where cargo keeps its registry".into())
}

/// cargo's `--config` that renames the paths: a list there is joined with the
/// board's own flags, where an environment variable would replace them.
pub(crate) fn remap(renamed: &[(PathBuf, String)]) -> String {
    let flags: Vec<String> = renamed
        .iter()
        .map(|(path, name)| {
            let flag = format!("--remap-path-prefix={}={name}", path.display());
            // A JSON string without surrogates is a TOML string.
            serde_json::Value::from(flag).to_string()
        })
        .collect();
    format!("target.{}.rustflags=[{}]", targets::THUMB, flags.join(","))
}

/// Runs without a word; what the program said is the error when it fails.
pub(crate) fn quietly(command: &mut Command) -> Result {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.display().to_string())
        .collect();
    Err(format!(
        "`cargo {}` in {} failed:\n{}",
        words.join(" "),
        command
            .get_current_dir()
            .unwrap_or(Path::new("."))
            .display(),
        String::from_utf8_lossy(&output.stderr).trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shapes_an_image_does_not_come_from_the_shell() {
        for name in [
            "RUSTFLAGS",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_TARGET_THUMBV7EM_NONE_EABIHF_RUSTFLAGS",
            "DEFMT_LOG",
        ] {
            assert!(shapes_an_image(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_BUILD_JOBS", "PATH", "CARGO_TARGET_DIR"] {
            assert!(!shapes_an_image(name), "{name}");
        }
    }

    #[test]
    fn paths_are_renamed_in_a_list_that_toml_can_read() {
        let renamed = [(PathBuf::from("/a \"b\""), "/x".to_owned())];
        assert_eq!(
            remap(&renamed),
            "target.thumbv7em-none-eabihf.rustflags=[\"--remap-path-prefix=/a \\\"b\\\"=/x\"]"
        );
    }

    #[test]
    fn the_project_the_registry_and_core_are_renamed() {
        let renamed = renamed_paths().unwrap();
        for name in ["/wigwag", "/registry"] {
            assert!(renamed.iter().any(|(_, to)| to == name), "{name}");
        }
        assert!(renamed.iter().any(|(_, to)| to.starts_with("/rustc/")));
        assert!(renamed.iter().all(|(from, _)| from.is_absolute()));
    }
}
