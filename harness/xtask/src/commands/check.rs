//! `cargo xtask check`: everything CI holds beside the tests.

use xtask::run::{Result, cargo, run as run_command};
use xtask::targets;

use super::{check_features, footprint, wasm};

/// Formatting, lints, documentation, feature combinations for the bare target,
/// the browser's crate, and the client linked for a
/// microcontroller.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    targets::ensure_component("fmt", "rustfmt")?;
    targets::ensure_component("clippy", "clippy")?;
    run_command(&mut cargo(&["fmt", "--all", "--check"]))?;
    run_command(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run_command(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    check_features::run(&check_features::Args {})?;
    wasm::run(&wasm::Args {})?;
    // Linked for a bare target, the client cannot have an allocator.
    footprint::run(&footprint::Args {})
}
