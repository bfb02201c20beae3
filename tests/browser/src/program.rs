//! The command line `wigwag`, started by a test and ended with it.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{PATIENCE, Result};

/// The program, built if it is not up to date; or the one that `WIGWAG_PROGRAM` names,
/// which has been built already.
///
/// # Errors
///
/// It cannot be built.
pub fn wigwag() -> Result<&'static PathBuf> {
    static PROGRAM: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        if let Some(given) = std::env::var_os("WIGWAG_PROGRAM") {
            return Ok(given.into());
        }
        let package = ["build", "--package", "wigwag-harness", "--bin", "wigwag"];
        xtask::run::run(&mut xtask::run::cargo(&package))?;
        Ok(xtask::target().join("debug").join("wigwag"))
    });
    Ok(program.as_ref().map_err(Clone::clone)?)
}

/// A running `wigwag`, killed when it is dropped.
pub struct Program {
    child: Child,
    /// Read all the time: a program whose output nobody takes stands still.
    lines: UnboundedReceiver<String>,
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
        let (sender, lines) = unbounded_channel();
        tokio::spawn(async move {
            let mut output = BufReader::new(output).lines();
            while let Ok(Some(line)) = output.next_line().await {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            lines,
            name: words.join(" "),
        })
    }

    /// Waits for an event of `--json`.
    ///
    /// # Errors
    ///
    /// The program has ended, or the event does not come.
    pub async fn event(&mut self, name: &str) -> Result<Json> {
        let name_of_it = self.name.clone();
        let wait = async {
            loop {
                let event = self.line(name).await?;
                if event["event"] == name {
                    return Ok(event);
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| Err(format!("`wigwag {name_of_it}`: no {name}").into()))
    }

    /// Waits for the next event of `--json`, whatever it is.
    ///
    /// # Errors
    ///
    /// The program has ended, or no event comes.
    pub async fn next(&mut self) -> Result<Json> {
        let name = self.name.clone();
        tokio::time::timeout(PATIENCE, self.line("next event"))
            .await
            .unwrap_or_else(|_| Err(format!("`wigwag {name}` says nothing more").into()))
    }

    async fn line(&mut self, wanted: &str) -> Result<Json> {
        while let Some(line) = self.lines.recv().await {
            if let Ok(event) = serde_json::from_str::<Json>(&line) {
                return Ok(event);
            }
        }
        Err(format!("`wigwag {}` ended before its {wanted}", self.name).into())
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
