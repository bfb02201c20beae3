//! `wigwag device`: a device to try servers against.

mod ncp;
mod net;
mod ngtt;
mod printer;

use super::outcome::Outcome;

/// Run the device's own client on this machine.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Ngtt(ngtt::Args),
    Ncp(ncp::Args),
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Ngtt(args) => ngtt::run(args),
        Command::Ncp(args) => ncp::run(args),
    }
}
