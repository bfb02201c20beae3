//! `cargo xtask size`.

use xtask::bare::{self, board, flash};
use xtask::benchmarks;
use xtask::run::Result;

/// What the codec takes of a Cortex-M4, held to what is committed: flash of decoding
/// and encoding, and of the sessions; instructions, counted by QEMU. Beside postcard and
/// minicbor.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Commit what is measured: the files in codec/bare, and BENCHMARKS.md.
    #[arg(long)]
    update: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let flash = flash::measure()?;
    let section = flash::section(&flash);
    println!("{section}");
    let lines = board::measure()?;
    let on_board = board::section(&lines);
    println!("{on_board}");
    let (flash, instructions) = (flash::held(&flash), board::held(&lines));
    if args.update {
        flash.save(&bare::FIGURES)?;
        benchmarks::replace("flash", &section)?;
        instructions.save(&board::FIGURES)?;
        return benchmarks::replace("cortex-m4", &on_board);
    }
    let flash = bare::committed()?.hold(&bare::FIGURES, &flash);
    let committed = bare::Figures::load(&board::FIGURES)?;
    let instructions = committed.hold(&board::FIGURES, &instructions);
    match (flash, instructions) {
        (Err(flash), Err(instructions)) => Err(format!("{flash}\n{instructions}")),
        (flash, instructions) => flash.and(instructions),
    }
}
