//! `cargo xtask test [--install] [ARGS]`: every test of the workspace, and
//! whether each test that a table of conformance names has passed.

use std::process::Command;

use xtask::conformance::run::Run;
use xtask::conformance::{problems, tables};
use xtask::run::{Result, cargo, watch};
use xtask::target;
use xtask::tools;

/// Run all tests; with --install, first install what they need.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install what some tests need: Rust targets, system packages (Debian,
    /// Ubuntu), the Python peers in .venv. Elsewhere the commands are printed.
    #[arg(long)]
    install: bool,

    /// Passed on to `cargo test`, for example `-p wigwag-codec` or a test's name.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result {
    for tool in tools::ALL {
        let Err(missing) = (tool.probe)() else {
            continue;
        };
        eprintln!("missing for {}: {missing}", tool.purpose);
        if args.install
            && let Err(error) = (tool.install)().and_then(|()| (tool.probe)())
        {
            // Not the end: the tests that need it say so themselves.
            eprintln!("not installed: {error}");
        }
    }
    if !args.install && tools::ALL.iter().any(|tool| (tool.probe)().is_err()) {
        eprintln!(
            "tests that need it show as ignored; `{}` installs it",
            tools::INSTALL
        );
    }
    let rest: Vec<&str> = args.rest.iter().map(String::as_str).collect();
    let mut words = vec!["test", "--no-fail-fast"];
    // A package named by the caller narrows the run; otherwise everything.
    if !rest.iter().any(|word| names_package(word)) {
        words.push("--workspace");
    }
    words.extend(&rest);
    let mut seen = Run::default();
    let mut tested = watch(cargo(&words), |line| seen.line(line));
    if rest.is_empty() {
        let page = watch(browser(), |line| seen.line(line));
        tested = match (tested, page) {
            (Err(tests), Err(page)) => Err(format!("{tests}\n{page}")),
            (tested, page) => tested.and(page),
        };
    } else {
        eprintln!("conformance: not looked at, as these are not all tests");
        return tested;
    }
    let conforms = conformance(&seen);
    match (tested, conforms) {
        (Err(tests), Err(tables)) => Err(format!("{tests}\n{tables}")),
        (tested, conforms) => tested.and(conforms),
    }
}

/// The tests of the page in a browser: a workspace of its own, in the same folder of
/// build results.
fn browser() -> Command {
    let manifest = ["--manifest-path", "tests/browser/Cargo.toml"];
    let mut tests = cargo(&["test", "--no-fail-fast"]);
    tests.args(manifest).arg("--target-dir").arg(target());
    tests
}

/// Holds the tables of conformance against the tests that passed.
fn conformance(seen: &Run) -> Result {
    let tables = tables()?;
    let problems = problems(&tables, seen);
    if !problems.is_empty() {
        return Err(format!(
            "conformance: a row names a test that did not pass in this run:\n{}",
            problems.join("\n")
        ));
    }
    let rows: usize = tables.iter().map(|table| table.rows.len()).sum();
    eprintln!("conformance: the tests of all {rows} rows have passed");
    Ok(())
}

fn names_package(word: &str) -> bool {
    word.starts_with("-p") || word.starts_with("--package")
}
