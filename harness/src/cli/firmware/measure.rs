//! `wigwag firmware measure`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::cli::interrupt::interrupted;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::Output;
use crate::firmware;

/// Measure what a device's work costs: stack, and instructions of its processor.
///
/// Runs a trial that is the same every time, several times over, and prints the
/// device's report of each as a line of JSON: `stack_peak` and `stack_size` in
/// bytes, and instructions of `boot`, of reading the `key`, of the two
/// `handshakes` (the second to a server that is known already), of `orders` and
/// of `batches` of 1 KiB. The image can open this machine's files
/// (semihosting): measure only images you trust.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What the device speaks. Of NCP the report has instructions of `boot`, of
    /// the first connection (`connect`), of short `commands` and of `sweeps` of
    /// 4 KiB.
    #[arg(long, value_enum, default_value = "ngtt")]
    protocol: Protocol,
    /// The linked program. One without a log tells what the device costs in the
    /// field: `cargo xtask firmware build --silent`.
    #[arg(long, value_name = "ELF")]
    image: PathBuf,
    /// How often.
    #[arg(long, value_name = "N", default_value = "5")]
    trials: NonZeroU32,
}

/// What a device speaks.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Protocol {
    Ngtt,
    Ncp,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            done = trials(args) => done,
            () = interrupted() => Err(Failure::Work("ended before all was measured".into())),
        }
    })
}

async fn trials(args: &Args) -> Outcome {
    let mut output = Output::new();
    for _ in 0..args.trials.get() {
        let report = match args.protocol {
            Protocol::Ngtt => firmware::measure(&args.image)
                .await
                .map(|report| report.json()),
            Protocol::Ncp => firmware::measure_ncp(&args.image)
                .await
                .map(|report| report.json()),
        };
        let report = report.map_err(|error| Failure::Work(error.to_string()))?;
        output.line(&report.to_string())?;
        output.flush()?;
    }
    output.finish()
}
