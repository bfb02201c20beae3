//! `cargo xtask linear`.

use xtask::run::Result;
use xtask::{benchmarks, linear, tools};

/// Hold that the codec's cost grows with its input and no faster, whatever the input:
/// by counts of instructions at two sizes (needs valgrind).
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// By times instead, from 1 KiB to 64 MiB, which takes minutes and wants a machine
    /// that does little else.
    #[arg(long)]
    full: bool,

    /// Write what is counted, or timed, into BENCHMARKS.md.
    #[arg(long)]
    update: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    if !args.full {
        (tools::VALGRIND.probe)()?;
    }
    let program = linear::build()?;
    let (curves, unit, floor) = if args.full {
        (linear::time(&program)?, "ns", linear::MEMORY)
    } else {
        (linear::count(&program)?, "instructions", 0.0)
    };
    for curve in &curves {
        let costs: Vec<String> = curve
            .costs
            .iter()
            .map(|cost| format!("{cost:9.2}"))
            .collect();
        println!(
            "{:<17} {:<15} {} {unit} per byte; grows by {:.2}, ordinary × {:.1}",
            curve.way,
            curve.input,
            costs.join(" "),
            curve.growth(),
            curve.excess(&curves)
        );
    }
    if args.update {
        match args.full {
            false => benchmarks::replace("linear", &linear::section(&curves))?,
            true => benchmarks::replace("linear-full", &linear::full_section(&curves))?,
        }
    }
    linear::hold(&curves, floor)
}
