//! `cargo xtask licences`.

use xtask::licences::{MANIFESTS, problems};
use xtask::run::Result;

/// Whether everything that programs are built from may be in them: licences, and that it
/// comes from crates.io.
#[derive(clap::Args, Default)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    for manifest in MANIFESTS {
        let problems = problems(manifest)?;
        if !problems.is_empty() {
            return Err(format!(
                "{manifest}: not allowed (harness/xtask/src/licences.rs):\n  {}",
                problems.join("\n  ")
            ));
        }
        println!("{manifest}: licences and sources are allowed");
    }
    Ok(())
}
