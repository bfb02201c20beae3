//! The command line `wigwag`, started by a test and ended with it.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::{PATIENCE, Result};

/// The program, built if it is not up to date.
///
/// # Errors
///
/// It cannot be built.
pub fn wigwag() -> Result<&'static PathBuf> {
    static PROGRAM: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let package = ["build", "--package", "wigwag-harness", "--bin", "wigwag"];
        xtask::run::run(&mut xtask::run::cargo(&package))?;
        Ok(xtask::target().join("debug").join("wigwag"))
    });
    Ok(program.as_ref().map_err(Clone::clone)?)
}

/// A running `wigwag`, killed when it is dropped.
pub struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    name: String,
}

impl Program {
    /// Starts it with these words.
    ///
    /// # Errors
    ///
    /// It cannot be built or started.
    pub fn start(words: &[&str]) -> Result<Self> {
        let mut child = Command::new(wigwag()?)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("it has no output")?;
        Ok(Self {
            child,
            lines: BufReader::new(output).lines(),
            name: words.join(" "),
        })
    }

    /// Waits for an event of `--json`.
    ///
    /// # Errors
    ///
    /// The program has ended, or the event does not come.
    pub async fn event(&mut self, name: &str) -> Result<Json> {
        let wait = async {
            while let Some(line) = self.lines.next_line().await? {
                let Ok(event) = serde_json::from_str::<Json>(&line) else {
                    continue;
                };
                if event["event"] == name {
                    return Ok(event);
                }
            }
            Err(format!("`wigwag {}` ended before its {name}", self.name).into())
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| Err(format!("`wigwag {}`: no {name}", self.name).into()))
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// It cannot be ended.
    pub async fn end(mut self) -> Result {
        Ok(self.child.kill().await?)
    }
}
