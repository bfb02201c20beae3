//! Recordings for tests: those of the repository, and what is made of them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize as _;
use serde_json::Value as Json;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::{PATIENCE, Result, wigwag};

/// A file of the repository.
#[must_use]
pub fn repository(path: &str) -> PathBuf {
    // Browsers open no path with `..` in it.
    let browser = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = browser.ancestors().nth(2).unwrap_or(browser);
    root.join(path)
}

/// A recording of packets (`tests/data/pcap`).
#[must_use]
pub fn packets(name: &str) -> PathBuf {
    repository("tests/data/pcap").join(name)
}

/// The recording that lies beside the page.
#[must_use]
pub fn sample() -> PathBuf {
    repository("wasm/www/sample.wgcap")
}

/// The cases of a file of vectors (`tests/data/vectors`).
///
/// # Errors
///
/// It cannot be read.
pub fn vectors(name: &str) -> Result<Vec<Json>> {
    let text = std::fs::read_to_string(repository("tests/data/vectors").join(name))?;
    text.lines().map(deep).collect()
}

/// The JSON of a text, however deep: minijson's values may be deeper than what
/// `serde_json` takes by itself.
///
/// # Errors
///
/// It is not JSON.
pub fn deep(text: &str) -> Result<Json> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    Ok(Json::deserialize(&mut reader)?)
}

/// The bytes of hex digits.
///
/// # Errors
///
/// It is not hex.
pub fn unhex(text: &str) -> Result<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?);
    digits.map(byte).collect()
}

/// Bytes as hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `wigwag` writes, given these words and this input.
///
/// # Errors
///
/// It cannot be run, or does not end in time. Its exit status says whether an answer
/// holds an error, which may be what a test wants.
pub async fn said(words: &[&str], input: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new(wigwag()?)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or("it has no input")?;
    let write = async move {
        // Who ends early does not read all of it.
        let _ = stdin.write_all(input).await;
    };
    let both = async { tokio::join!(write, child.wait_with_output()).1 };
    let output = tokio::time::timeout(PATIENCE, both).await;
    Ok(output
        .map_err(|_| format!("wigwag {words:?} does not end"))??
        .stdout)
}

/// The rows that `wigwag decode auto --json` finds in a file.
///
/// # Errors
///
/// It cannot be run.
pub async fn decoded(file: &Path, more: &[&str]) -> Result<Vec<Json>> {
    let file = file.display().to_string();
    let mut words = vec!["decode", "auto", "--json", &file];
    words.extend(more);
    let text = String::from_utf8(said(&words, &[]).await?)?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()?)
}
