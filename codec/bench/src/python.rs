//! How long the Python peers take with the same bytes, in the same run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Nanoseconds that a Python peer takes with a document or a packet.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    pub(crate) decode: f64,
    pub(crate) encode: f64,
}

/// The interpreter, and what was measured with it.
pub(crate) struct Python {
    pub(crate) version: String,
    pub(crate) big: Took,
    pub(crate) small: Took,
    pub(crate) command: Took,
    pub(crate) sweep: Took,
}

/// The project's folder, two above this one.
fn project() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Gives minijson the documents, and ncplib the packets of the corpus.
pub(crate) fn measure(big: &[u8], small: &[u8]) -> Result<Python, String> {
    let place = std::env::temp_dir().join(format!("wigwag-python-{}", std::process::id()));
    let outcome = std::fs::create_dir_all(&place)
        .and_then(|()| std::fs::write(place.join("big.mjson"), big))
        .and_then(|()| std::fs::write(place.join("small.mjson"), small))
        .map_err(|error| format!("cannot write to {}: {error}", place.display()))
        .and_then(|()| run(&place));
    // What is left there is in the way of nobody.
    let _ = std::fs::remove_dir_all(&place);
    outcome
}

fn run(place: &Path) -> Result<Python, String> {
    let project = project();
    let corpus = project.join("harness/corpus");
    let output = Command::new(project.join(".venv/bin/python"))
        .arg(project.join("tests/python/codec_figures.py"))
        .args(["big.mjson", "small.mjson"].map(|name| place.join(name)))
        .args(["ncp_command.ncp", "ncp_sweep.ncp"].map(|name| corpus.join(name)))
        .output()
        .map_err(|error| {
            format!("no Python environment ({error}): cargo xtask test --install makes it")
        })?;
    let said = String::from_utf8_lossy(&output.stdout);
    parse(&said).ok_or_else(|| {
        let why = String::from_utf8_lossy(&output.stderr);
        format!("codec_figures.py failed: {why}")
    })
}

/// The version's line, and a line of two numbers for each file.
fn parse(said: &str) -> Option<Python> {
    let mut lines = said.lines();
    let version = lines.next()?.to_owned();
    let mut took = || {
        let (decode, encode) = lines.next()?.split_once(' ')?;
        Some(Took {
            decode: decode.parse().ok()?,
            encode: encode.parse().ok()?,
        })
    };
    Some(Python {
        version,
        big: took()?,
        small: took()?,
        command: took()?,
        sweep: took()?,
    })
}
