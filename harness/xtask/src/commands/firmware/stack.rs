//! `cargo xtask firmware stack`.

use xtask::firmware::budget::{Budgets, Table, grouped};
use xtask::firmware::{Image, trial};
use xtask::run::Result;

use super::{measured, table};

/// The deepest that the stack (which is painted at the start) has been in a few
/// trials of the silent image, held to its budget.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Of these images.
    #[arg(default_value = "ngtt")]
    image: Image,

    /// Make what is measured the new budget.
    #[arg(long)]
    update: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let budgets = Budgets::load(args.image)?;
    let reports = measured::reports(args.image)?;
    let rows = trial::stack(&reports)?;
    table::print(Table::Stack, &rows, &budgets);
    if let Some(size) = reports
        .first()
        .and_then(|report| report["stack_size"].as_u64())
    {
        println!("of {} bytes that there are\n", grouped(size, ','));
    }
    table::conclude(budgets, &[(Table::Stack, rows)], args.update)
}
