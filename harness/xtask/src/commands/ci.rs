//! `cargo xtask ci`: what CI runs, on your machine. `.ci/run` is the one place
//! that says what that is.

use xtask::run::{Result, command, run as run_command};

/// Run what CI runs: .ci/run.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    run_command(&mut command("sh", &[".ci/run"]))
}
