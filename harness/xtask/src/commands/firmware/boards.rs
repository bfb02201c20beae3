//! `cargo xtask firmware boards`.

use xtask::firmware::budget::grouped;
use xtask::firmware::hardware::{HARDWARE, Hardware, Weight};
use xtask::firmware::template;
use xtask::run::Result;

/// Build the images of the boards people own and the template's, and print what
/// they take.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Of these boards; without one of all, and of the template.
    boards: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result {
    let chosen: Vec<&Hardware> = if args.boards.is_empty() {
        HARDWARE.iter().collect()
    } else {
        let named = args.boards.iter().map(|name| Hardware::of_name(name));
        named.collect::<Result<_>>()?
    };
    println!("{:<16} {:>12} {:>12}", "board", "flash", "static RAM");
    for board in chosen {
        row(board.name, board.weigh()?);
    }
    if args.boards.is_empty() {
        row("(template)", template::weigh()?);
    }
    Ok(())
}

fn row(name: &str, weight: Weight) {
    println!(
        "{name:<16} {:>12} {:>12}",
        grouped(weight.flash, ','),
        grouped(weight.static_ram, ',')
    );
}
