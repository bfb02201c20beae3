//! `wigwag completions SHELL`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::outcome::Outcome;
use super::output::Output;

/// Print completions for a shell, to be saved where that shell looks for them.
#[derive(clap::Args)]
pub(crate) struct Args {
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut super::Cli::command(),
        "wigwag",
        &mut script,
    );
    let mut output = Output::new();
    output.bytes(&script)?;
    output.finish()
}
