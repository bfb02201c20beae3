//! `cargo xtask firmware instructions`.

use xtask::firmware::budget::{Budgets, Table};
use xtask::firmware::trial;
use xtask::run::Result;

use super::{measured, table};

/// Instructions of the handshake, of an order and of a data frame of 1 KiB, as
/// QEMU counts them in a few trials of the silent image, held to their budgets.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Make what is measured the new budgets.
    #[arg(long)]
    update: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let budgets = Budgets::load()?;
    let rows = trial::instructions(&measured::reports()?)?;
    table::print(Table::Instructions, &rows, &budgets);
    table::conclude(budgets, &[(Table::Instructions, rows)], args.update)
}
