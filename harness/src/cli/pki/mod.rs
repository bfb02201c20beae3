//! `wigwag pki`: certificates for trials.

mod check;
mod new;
mod sign;

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
    Sign(sign::Args),
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::New(args) => new::run(args),
        Command::Check(args) => check::run(args),
        Command::Sign(args) => sign::run(args),
    }
}
