//! `cargo xtask dependencies`.

use xtask::dependencies::{WORKSPACES, unused};
use xtask::run::Result;

/// Whether every dependency that a manifest names is used.
#[derive(clap::Args, Default)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    let problems = unused::problems(&WORKSPACES)?;
    if !problems.is_empty() {
        return Err(format!(
            "take it out of the manifest, or give the reason in \
             harness/xtask/src/dependencies/unused.rs:\n  {}",
            problems.join("\n  ")
        ));
    }
    println!(
        "the dependencies of all {} workspaces are used",
        WORKSPACES.len()
    );
    Ok(())
}
