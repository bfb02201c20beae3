//! `cargo xtask firmware size`.

use xtask::firmware::budget::{self, Budgets, Table, grouped};
use xtask::firmware::{Image, Variant, build, size};
use xtask::run::Result;

use super::table;

/// Flash by crate and static RAM of the firmware without its log, held to the
/// budgets.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Of these images.
    #[arg(default_value = "ngtt")]
    image: Image,

    /// Make what is measured the new budgets.
    #[arg(long)]
    update: bool,

    /// How many of the largest statics to list.
    #[arg(long, default_value_t = 12)]
    statics: usize,
}

pub(crate) fn run(args: &Args) -> Result {
    let budgets = Budgets::load(args.image)?;
    let sizes = size::read(&build(args.image, Variant::Silent)?)?;
    let totals = budget::totals(&sizes);
    let crates = if args.update {
        budget::new_crates(&sizes)
    } else {
        budgets.crates(&sizes)
    };
    table::print(Table::Size, &totals, &budgets);
    println!(
        "flash: code {}, constants {}, initial values {}\n\
         static RAM: initialised {}, zeroed {}\n",
        grouped(sizes.code, ','),
        grouped(sizes.constants, ','),
        grouped(sizes.initialised, ','),
        grouped(sizes.initialised, ','),
        grouped(sizes.zeroed, ','),
    );
    table::print(Table::Crates, &crates, &budgets);
    println!("the largest statics in RAM");
    for (name, bytes) in sizes.statics.iter().take(args.statics) {
        println!("{:>11} {name}", grouped(*bytes, ','));
    }
    println!();
    table::conclude(
        budgets,
        &[(Table::Size, totals), (Table::Crates, crates)],
        args.update,
    )
}
