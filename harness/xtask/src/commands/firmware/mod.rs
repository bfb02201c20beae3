//! `cargo xtask firmware`: the firmware of the emulated board, one command a
//! file.

mod build;
mod instructions;
mod measured;
mod run;
mod size;
mod stack;
mod table;

use xtask::run::Result;
use xtask::{qemu, tools};

/// Build, run and measure the firmware of the board that QEMU emulates.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Build(build::Args),
    Run(run::Args),
    Size(size::Args),
    Stack(stack::Args),
    Instructions(instructions::Args),
}

pub(crate) fn run(args: &Args) -> Result {
    match &args.command {
        Command::Build(args) => build::run(args),
        Command::Run(args) => run::run(args),
        Command::Size(args) => size::run(args),
        Command::Stack(args) => stack::run(args),
        Command::Instructions(args) => instructions::run(args),
    }
}

/// QEMU, or the command that installs it: said before minutes of building.
fn need_qemu() -> Result {
    qemu::probe().map_err(|missing| format!("{missing}; to install it: {}", tools::INSTALL))
}
