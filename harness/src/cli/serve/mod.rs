//! `wigwag serve`: servers to try clients against.

pub(crate) mod events;
mod ngtt;
mod orders;

use super::outcome::Outcome;

/// Run a server to try clients against, until interrupted.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Ngtt(ngtt::Args),
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Ngtt(args) => ngtt::run(args),
    }
}
