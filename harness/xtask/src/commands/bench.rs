//! `cargo xtask bench`: what the codec takes, beside memcpy and ncplib.

use xtask::run::{Result, cargo, run as run_command};

/// Measure the codec: times beside memcpy and ncplib, and instructions against
/// their budgets (needs valgrind). codec/bench/README.md tells what the lines are.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    run_command(&mut cargo(&[
        "run",
        "--release",
        "--manifest-path",
        "codec/bench/Cargo.toml",
    ]))
}
