//! `cargo xtask bench`: what the codec takes, beside other crates and the Python
//! packages.

use xtask::run::{Result, cargo, run as run_command};
use xtask::{benchmarks, target, tools};

/// Measure the codec beside its peers, and write the sections `host` and `python`
/// of BENCHMARKS.md. Needs valgrind and the Python peers: `cargo xtask test
/// --install` installs both. codec/bench/README.md tells what the lines are.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only hold the counts of instructions against their budgets, which takes
    /// seconds
    #[arg(long)]
    gate: bool,
    /// With --gate: write what is counted as the new budgets
    #[arg(long, requires = "gate")]
    update: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    if args.update {
        (tools::VALGRIND.probe)()?;
        return run_command(&mut measure(&[], &["--update"]));
    }
    if args.gate {
        return gate();
    }
    (tools::VALGRIND.probe)()?;
    (tools::PYTHON_PEERS.probe)()?;
    let folder = target().join("bench");
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let sections = ["--sections", &folder.display().to_string()];
    run_command(&mut measure(&["--features", "peers"], &sections))?;
    for name in ["host", "python"] {
        let path = folder.join(name).with_extension("md");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        benchmarks::replace(name, &text)?;
    }
    Ok(())
}

/// Holds the counts of instructions against their budgets.
pub(super) fn gate() -> Result {
    (tools::VALGRIND.probe)()?;
    run_command(&mut measure(&[], &["--gate"]))
}

fn measure(features: &[&str], args: &[&str]) -> std::process::Command {
    let mut command = cargo(&["run", "--release", "--locked"]);
    command.args(["--manifest-path", "codec/bench/Cargo.toml"]);
    command.args(features).arg("--").args(args);
    command
}
