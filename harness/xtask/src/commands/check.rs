//! `cargo xtask check`: everything CI holds beside the tests.

use xtask::firmware::hardware::HARDWARE;
use xtask::firmware::{SHARED, boards_cargo};
use xtask::run::{Result, cargo, run as run_command};
use xtask::target;
use xtask::targets;

use super::{
    api, bench, check_features, dependencies, firmware, licences, linear, panics, size, wasm,
};

/// Formatting, lints and documentation of all workspaces, feature combinations
/// for the bare target, the browser's crate; what the codec takes, that it cannot
/// panic, that its cost is linear; public API, licences and dependencies.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    targets::ensure_component("fmt", "rustfmt")?;
    targets::ensure_component("clippy", "clippy")?;
    run_command(&mut cargo(&["fmt", "--all", "--check"]))?;
    run_command(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run_command(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    boards()?;
    hardware()?;
    apart("codec/bench", &[])?;
    apart("codec/bench", &["--features", "peers"])?;
    apart(
        "tests/browser",
        &["--target-dir", &target().display().to_string()],
    )?;
    apart("codec/linear", &[])?;
    apart("harness/xtask/api", &[])?;
    bare()?;
    licences::run(&licences::Args::default())?;
    dependencies::run(&dependencies::Args::default())?;
    api::run(&api::Args::default())?;
    bench::gate()?;
    panics::run(&panics::Args::default())?;
    size::run(&size::Args::default())?;
    linear::run(&linear::Args::default())?;
    check_features::run(&check_features::Args {})?;
    wasm::run(&wasm::Args::default())
}

/// A workspace of its own: what measures the codec, what drives a browser.
fn apart(folder: &str, options: &[&str]) -> Result {
    let manifest = format!("{folder}/Cargo.toml");
    let manifest = ["--manifest-path", &manifest];
    run_command(cargo(&["fmt", "--check"]).args(manifest))?;
    let strict = ["--all-targets", "--", "-D", "warnings"];
    run_command(cargo(&["clippy"]).args(manifest).args(options).args(strict))
}

/// The codec's programs for a bare chip.
fn bare() -> Result {
    targets::ensure(targets::THUMB)?;
    let manifest = ["--manifest-path", "codec/bare/Cargo.toml"];
    run_command(cargo(&["fmt", "--check"]).args(manifest))?;
    let on_chip = ["--release", "--target", targets::THUMB, "--features", "all"];
    let strict = ["--", "-D", "warnings"];
    run_command(cargo(&["clippy"]).args(manifest).args(on_chip).args(strict))
}

/// The boards' workspace: all of it as it is for a chip; what is shared by all
/// boards also as its tests see it, which run here.
fn boards() -> Result {
    targets::ensure(targets::THUMB)?;
    let on_chip = ["--workspace", "--target", targets::THUMB];
    let strict = ["--", "-D", "warnings"];
    run_command(&mut boards_cargo(&["fmt", "--all", "--check"]))?;
    run_command(boards_cargo(&["clippy"]).args(on_chip).args(strict))?;
    run_command(
        boards_cargo(&["doc", "--no-deps"])
            .args(on_chip)
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    run_command(boards_cargo(&["clippy", "--package", SHARED, "--all-targets"]).args(strict))
}

/// The boards people own, each a workspace of its own.
fn hardware() -> Result {
    for board in &HARDWARE {
        run_command(&mut board.fmt())?;
        run_command(board.cargo("clippy")?.args(["--", "-D", "warnings"]))?;
        run_command(
            board
                .cargo("doc")?
                .arg("--no-deps")
                .env("RUSTDOCFLAGS", "-D warnings"),
        )?;
    }
    firmware::boards()
}
