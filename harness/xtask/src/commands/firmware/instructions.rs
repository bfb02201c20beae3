//! `cargo xtask firmware instructions`.

use xtask::firmware::budget::{Budgets, Table};
use xtask::firmware::{Image, trial};
use xtask::run::Result;

use super::{measured, table};

/// Instructions of what a device does (for NGTT the handshake, an order and a data
/// frame of 1 KiB; for NCP a command and a sweep), as QEMU counts them in a few
/// trials of the silent image, held to their budgets.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Of these images.
    #[arg(default_value = "ngtt")]
    image: Image,

    /// Make what is measured the new budgets.
    #[arg(long)]
    update: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let budgets = Budgets::load(args.image)?;
    let rows = trial::instructions(args.image, &measured::reports(args.image)?)?;
    table::print(Table::Instructions, &rows, &budgets);
    table::conclude(budgets, &[(Table::Instructions, rows)], args.update)
}
