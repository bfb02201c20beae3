//! `wigwag serve`: servers to try clients against.

pub(crate) mod events;
pub(crate) mod ncp;
mod ngtt;
mod orders;
pub(crate) mod printer;

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use super::outcome::{Failure, Outcome};
use crate::pki::PkiError;

/// Run a server to try clients against, until interrupted.
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

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "it is an IP address and a port, such as 127.0.0.1:2405 or [::1]:2405")
}

/// Why the folder cannot be used; where one is missing, how to make it.
fn unusable(folder: &Path, error: &PkiError) -> Failure {
    let hint = match error {
        PkiError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            format!(
                "; `wigwag pki new {}` makes such a folder",
                folder.display()
            )
        }
        _ => String::new(),
    };
    Failure::Work(format!("{error}{hint}"))
}
