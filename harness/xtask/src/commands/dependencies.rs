//! `cargo xtask dependencies`.

use xtask::dependencies::{WORKSPACES, bans, compiler, metadata, minimal, unused};
use xtask::licences::MANIFESTS;
use xtask::run::Result;
use xtask::targets::THUMB;

/// Whether every dependency that a manifest names is used, none is there that may not be,
/// and the oldest versions and the oldest compiler that manifests allow will do.
#[derive(clap::Args, Default)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    refuse(
        unused::problems(&WORKSPACES)?,
        "take it out of the manifest, or give the reason in \
         harness/xtask/src/dependencies/unused.rs",
    )?;
    println!(
        "the dependencies of all {} workspaces are used",
        WORKSPACES.len()
    );
    for manifest in MANIFESTS {
        let all = metadata(manifest, &["--locked", "--all-features"])?;
        refuse(
            bans::banned(&all),
            &format!("{manifest}: banned (harness/xtask/src/dependencies/bans.rs)"),
        )?;
    }
    let device = metadata(bans::DEVICE, &["--locked", "--filter-platform", THUMB])?;
    refuse(
        bans::on_device(&device),
        "not for a device (harness/xtask/src/dependencies/bans.rs)",
    )?;
    println!("no crate is there that is banned, and on the device none twice without a reason");
    refuse(
        compiler::problems(&WORKSPACES)?,
        "rust-version is not true (harness/xtask/src/dependencies/compiler.rs)",
    )?;
    compiler::check()?;
    minimal::check()
}

fn refuse(problems: Vec<String>, words: &str) -> Result {
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("{words}:\n  {}", problems.join("\n  ")))
}
