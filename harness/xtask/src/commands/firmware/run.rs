//! `cargo xtask firmware run`.

use xtask::firmware::{Image, Variant, build};
use xtask::run::{Result, cargo};

/// Build the firmware and run it in QEMU against a mock server, its log on the
/// terminal. The exit status is the runner's: 0 only if the device did its work
/// and the server's book agrees.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Passed on to `wigwag firmware run`, which tells what there is with --help.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result {
    super::need_qemu()?;
    eprintln!("building the firmware (the first time takes minutes)");
    let image = build(Image::Ngtt, Variant::Logged)?;
    let status = cargo(&["run", "--quiet", "--", "firmware", "run", "--image"])
        .arg(image)
        .args(&args.rest)
        .status()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    match status.code() {
        Some(0) => Ok(()),
        // The runner has said what was wrong.
        Some(code) => std::process::exit(code),
        None => Err(format!("the runner ended by {status}")),
    }
}
