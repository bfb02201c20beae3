//! `cargo xtask firmware`: the firmware of the emulated board, one command a
//! file.

mod boards;
mod build;
mod instructions;
mod measured;
mod panics;
mod run;
mod size;
mod stack;
mod table;

use xtask::run::Result;
use xtask::{qemu, tools};

/// Build, run and measure firmware: of the board that QEMU emulates, except for
/// `boards`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Boards(boards::Args),
    Build(build::Args),
    Run(run::Args),
    Size(size::Args),
    Stack(stack::Args),
    Instructions(instructions::Args),
    Panics(panics::Args),
}

pub(crate) fn run(args: &Args) -> Result {
    match &args.command {
        Command::Boards(args) => boards::run(args),
        Command::Build(args) => build::run(args),
        Command::Run(args) => run::run(args),
        Command::Size(args) => size::run(args),
        Command::Stack(args) => stack::run(args),
        Command::Instructions(args) => instructions::run(args),
        Command::Panics(args) => panics::run(args),
    }
}

/// Builds the images of all boards people own, and prints what they take.
pub(crate) fn boards() -> Result {
    boards::run(&boards::Args::default())
}

/// QEMU, or the command that installs it: said before minutes of building.
fn need_qemu() -> Result {
    qemu::probe().map_err(|missing| format!("{missing}; to install it: {}", tools::INSTALL))
}
