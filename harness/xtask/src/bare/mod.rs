//! The codec on a bare Cortex-M4, by the programs of `codec/bare`: what they weigh,
//! whether they can panic, and how many instructions they take.

pub mod board;
pub mod flash;
pub mod panics;

use std::path::PathBuf;

use crate::figures;
pub use crate::figures::Figures;
use crate::firmware::{cargo_in, quietly, remap, renamed_paths};
use crate::project;
use crate::run::Result;
use crate::targets;

/// The workspace, below the project's folder.
pub const FOLDER: &str = "codec/bare";

/// What the codec takes of a chip, as it is committed.
pub const FIGURES: figures::File = figures::File {
    path: "codec/bare/figures.toml",
    about: "What the codec takes of a Cortex-M4: flash in bytes, by program and optimisation.",
    command: "cargo xtask size",
    slack: 2,
};

/// How a program is optimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For size, without unrolled loops: "z".
    Smallest,
    /// For size: "s".
    Small,
    /// For speed: 3.
    Fast,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Smallest, Self::Small, Self::Fast];

    /// As cargo's `opt-level` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Smallest => "z",
            Self::Small => "s",
            Self::Fast => "3",
        }
    }

    /// The profile of the workspace.
    fn profile(self) -> &'static str {
        match self {
            Self::Smallest => "release",
            Self::Small => "s",
            Self::Fast => "speed",
        }
    }
}

/// Builds the workspace's programs with some more arguments for cargo, and gives back
/// the folder that holds them.
///
/// # Errors
///
/// The Rust target is missing and cannot be added, or the build failed; the message
/// holds what cargo and the compiler said.
pub fn build(level: Level, arguments: &[&str]) -> Result<PathBuf> {
    targets::ensure(targets::THUMB)?;
    let folder = project().join(FOLDER);
    let mut command = cargo_in(&folder, &["build", "--quiet", "--locked"]);
    command
        .args(["--profile", level.profile(), "--target", targets::THUMB])
        .arg("--target-dir")
        .arg(folder.join("target"))
        .arg("--config")
        .arg(remap(&renamed_paths()?))
        .args(arguments);
    quietly(&mut command)?;
    let built = folder.join("target").join(targets::THUMB);
    Ok(built.join(level.profile()))
}

/// The committed figures.
///
/// # Errors
///
/// The file is missing or damaged.
pub fn committed() -> Result<Figures> {
    Figures::load(&FIGURES)
}
