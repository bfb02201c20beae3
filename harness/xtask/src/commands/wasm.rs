//! `cargo xtask wasm`: the browser's crate, built for the browser; the page as a
//! folder.

use std::path::{Path, PathBuf, absolute};

use xtask::run::{Result, cargo, run as run_command};
use xtask::targets;

/// Build the inspector for browsers. Without an option it is only built.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the page to this folder, which any web server can serve. It needs
    /// nothing from elsewhere.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result {
    targets::ensure(targets::WASM)?;
    match &args.out {
        None => run_command(&mut cargo(&["build", "--package", "wigwag-page"])),
        Some(folder) => write("folder", folder),
    }
}

/// Runs an example of wigwag-page, which holds the files.
fn write(example: &str, folder: &Path) -> Result {
    // The command runs in the project's folder, the person maybe elsewhere.
    let folder = absolute(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let package = ["run", "--quiet", "--package", "wigwag-page"];
    run_command(
        cargo(&package)
            .args(["--example", example, "--"])
            .arg(folder),
    )
}
