//! `wigwag serve`: servers to try clients against.

pub(crate) mod events;
pub(crate) mod ncp;
mod ngtt;
mod orders;
pub(crate) mod printer;

use std::io;
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

/// Why the folder cannot be used; where one is missing, how to make it.
pub(crate) fn unusable(folder: &Path, error: &PkiError) -> Failure {
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
