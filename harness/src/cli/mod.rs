//! The command line `wigwag`: a person's tool that scripts can drive too.
//!
//! One file (or folder) a command, each with its `Args` and `run`. A command
//! that takes `--json` prints one JSON object a line on standard output and
//! nothing else there; messages for people go to standard error. The exit
//! status is 0 when the work is done, 1 when the work itself failed (a bad
//! frame, a refused certificate, a lost order), 2 when the command was used
//! wrongly.

mod buffer;
mod completions;
mod convert;
mod decode;
mod demo;
mod device;
mod encode;
mod filter;
mod firmware;
mod format;
mod hex;
mod input;
mod inspect;
mod interrupt;
mod outcome;
mod output;
mod params;
mod pem;
mod pki;
mod plan;
mod problem;
mod provision;
mod recording;
mod serve;
mod style;
mod tap;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use outcome::Outcome;

/// Framed messages between small devices and their servers: servers to try
/// against, a device, and a look at every frame.
#[derive(Parser)]
#[command(name = "wigwag", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Device(device::Args),
    Tap(tap::Args),
    Inspect(inspect::Args),
    Provision(Box<provision::Args>),
    Firmware(firmware::Args),
    Pki(pki::Args),
    Decode(decode::Args),
    Encode(encode::Args),
    Convert(convert::Args),
    Plan(plan::Args),
    Completions(completions::Args),
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    outcome::status(run(Cli::parse()))
}

fn run(cli: Cli) -> Outcome {
    // Without a command it is the demonstration.
    let command = cli.command.unwrap_or(Command::Demo(demo::Args::default()));
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Device(args) => device::run(&args),
        Command::Tap(args) => tap::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Provision(args) => provision::run(&args),
        Command::Firmware(args) => firmware::run(&args),
        Command::Pki(args) => pki::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Encode(args) => encode::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
