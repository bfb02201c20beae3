//! How long ncplib takes in CPython.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Nanoseconds that ncplib takes with a packet.
pub(crate) struct Took {
    pub(crate) decode: f64,
    pub(crate) encode: f64,
}

const FILES: [&str; 2] = [
    "harness/corpus/ncp_command.ncp",
    "harness/corpus/ncp_sweep.ncp",
];

/// The project's folder, two above this one.
fn project() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// With the command, and with the sweep.
pub(crate) fn measure() -> Result<[Took; 2], String> {
    let project = project();
    let output = Command::new(project.join(".venv/bin/python"))
        .arg(project.join("tests/python/ncp_figures.py"))
        .args(FILES.map(|file| project.join(file)))
        .output()
        .map_err(|error| {
            format!("no Python environment ({error}): cargo xtask test --install makes it")
        })?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut lines = said.lines().map(|line| {
        let (decode, encode) = line.split_once(' ')?;
        Some(Took {
            decode: decode.parse().ok()?,
            encode: encode.parse().ok()?,
        })
    });
    match (lines.next().flatten(), lines.next().flatten()) {
        (Some(command), Some(sweep)) => Ok([command, sweep]),
        _ => Err(format!(
            "ncp_figures.py failed: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}
