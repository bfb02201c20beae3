//! `cargo xtask`: the project's own commands, one file each in `commands/`.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{
    api, bench, check, check_features, ci, dependencies, firmware, fuzz, licences, linear, miri,
    panics, size, soak, test, wasm,
};

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(test::Args),
    Check(check::Args),
    Ci(ci::Args),
    Soak(soak::Args),
    CheckFeatures(check_features::Args),
    Dependencies(dependencies::Args),
    Wasm(wasm::Args),
    Firmware(firmware::Args),
    Fuzz(fuzz::Args),
    Miri(miri::Args),
    Bench(bench::Args),
    Size(size::Args),
    Licences(licences::Args),
    Linear(linear::Args),
    Api(api::Args),
    Panics(panics::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test(args) => test::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Ci(args) => ci::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::CheckFeatures(args) => check_features::run(&args),
        Command::Dependencies(args) => dependencies::run(&args),
        Command::Wasm(args) => wasm::run(&args),
        Command::Firmware(args) => firmware::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Miri(args) => miri::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Size(args) => size::run(&args),
        Command::Licences(args) => licences::run(&args),
        Command::Linear(args) => linear::run(&args),
        Command::Api(args) => api::run(&args),
        Command::Panics(args) => panics::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
