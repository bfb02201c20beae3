//! `cargo xtask wasm`: the browser's crate, built for the browser; the page as a
//! folder.

use std::path::{Path, PathBuf, absolute};

use xtask::run::{Result, cargo, run as run_command};
use xtask::targets;

/// Build the inspector for browsers. Without an option it is only built.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Write the page to this folder, which any web server can serve. It needs
    /// nothing from elsewhere.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Write the package for JavaScript to this folder, for `npm pack` or `npm
    /// install DIR`.
    #[arg(long, value_name = "DIR")]
    pub(crate) package: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result {
    targets::ensure(targets::WASM)?;
    if args.out.is_none() && args.package.is_none() {
        return run_command(&mut cargo(&["build", "--package", "wigwag-page"]));
    }
    if let Some(folder) = &args.out {
        write(&[], folder)?;
    }
    match &args.package {
        Some(folder) => write(&["--package"], folder),
        None => Ok(()),
    }
}

/// Runs the example of wigwag-page, which holds the files.
fn write(words: &[&str], folder: &Path) -> Result {
    // The command runs in the project's folder, the person maybe elsewhere.
    let folder = absolute(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let example = ["--package", "wigwag-page", "--example", "folder", "--"];
    run_command(
        cargo(&["run", "--quiet"])
            .args(example)
            .args(words)
            .arg(folder),
    )
}
