//! `wigwag pki`: certificates for trials.

mod check;
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
    Check(check::Args),
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::New(args) => new::run(args),
        Command::Check(args) => check::run(args),
    }
}
