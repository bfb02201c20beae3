//! `cargo xtask wasm`: the browser's crate, built for the browser.

use xtask::run::{Result, cargo, run as run_command};
use xtask::targets;

/// Build wigwag-wasm for wasm32-unknown-unknown.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    targets::ensure(targets::WASM)?;
    run_command(&mut cargo(&[
        "build",
        "--package",
        "wigwag-wasm",
        "--target",
        targets::WASM,
    ]))
}
