//! `cargo xtask footprint`: what the client takes of a microcontroller.

use std::fs;
use std::path::Path;

use object::{Object as _, ObjectSection as _, SectionFlags, elf};
use xtask::project;
use xtask::run::{Result, cargo, run as run_command};
use xtask::targets;

/// Flash and static RAM of the README's device program, linked for a Cortex-M4F
/// at opt-level "s": client, TLS and network stack, without a board's drivers.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Sizes in bytes.
#[derive(Default)]
struct Sizes {
    code: u64,
    constants: u64,
    initialised: u64,
    zeroed: u64,
}

pub(crate) fn run(_: &Args) -> Result {
    targets::ensure(targets::THUMB)?;
    let folder = project().join("embassy-client/boards/footprint");
    run_command(cargo(&["build", "--release"]).current_dir(&folder))?;
    let image = folder
        .join("target")
        .join(targets::THUMB)
        .join("release/footprint");
    let sizes = read(&image)?;
    println!(
        "flash {} bytes: code {}, constants {}, initial values {}",
        sizes.code + sizes.constants + sizes.initialised,
        sizes.code,
        sizes.constants,
        sizes.initialised,
    );
    println!(
        "static RAM {} bytes: initialised {}, zeroed {}",
        sizes.initialised + sizes.zeroed,
        sizes.initialised,
        sizes.zeroed,
    );
    Ok(())
}

fn read(image: &Path) -> Result<Sizes> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", image.display());
    let bytes = fs::read(image).map_err(|error| wrong(&error))?;
    let file = object::File::parse(&*bytes).map_err(|error| wrong(&error))?;
    let mut sizes = Sizes::default();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags } = section.flags() else {
            continue;
        };
        let has = |flag: u32| sh_flags & u64::from(flag) != 0;
        if !has(elf::SHF_ALLOC) {
            continue;
        }
        let place = if section.kind() == object::SectionKind::UninitializedData {
            &mut sizes.zeroed
        } else if has(elf::SHF_WRITE) {
            &mut sizes.initialised
        } else if has(elf::SHF_EXECINSTR) {
            &mut sizes.code
        } else {
            &mut sizes.constants
        };
        *place += section.size();
    }
    Ok(sizes)
}
