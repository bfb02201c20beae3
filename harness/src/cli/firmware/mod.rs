//! `wigwag firmware`: the device's program on an emulated board.

mod measure;
mod printer;
mod run;
mod settings;

use super::outcome::Outcome;

/// Run the device's program on an emulated board.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Measure(measure::Args),
    Run(run::Args),
    Settings(settings::Args),
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Measure(args) => measure::run(args),
        Command::Run(args) => run::run(args),
        Command::Settings(args) => settings::run(args),
    }
}
