//! `wigwag pki`: certificates for trials.

mod new;

use super::outcome::Outcome;

/// Certificates for trials.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    New(new::Args),
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::New(args) => new::run(args),
    }
}
