//! Running the built `wigwag`, with an end to every wait.

#![allow(dead_code, reason = "each test file uses its part of this")]

pub(crate) mod device;
pub(crate) mod node;
pub(crate) mod recordings;
pub(crate) mod running;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;
use wigwag_harness::pki::Pki;

/// Nothing that these tests run takes longer.
const LONGEST: Duration = Duration::from_secs(60);

/// What a command left behind.
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is text")
    }

    pub(crate) fn lines(&self) -> Vec<&str> {
        self.text().lines().collect()
    }

    pub(crate) fn json(&self) -> Vec<Json> {
        self.lines().iter().map(|line| json(line)).collect()
    }
}

/// The command, not started, without the colours and names of who runs tests.
pub(crate) fn wigwag(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wigwag"));
    command.args(args).env_remove("NO_COLOR");
    command
}

/// Runs the command with `input` on its standard input.
pub(crate) fn run(args: &[&str], input: &[u8]) -> Done {
    let child = wigwag(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    finish(child, input.to_vec())
}

/// Feeds a started command and waits for its end.
pub(crate) fn finish(mut child: Child, input: Vec<u8>) -> Done {
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let mut stderr = child.stderr.take().expect("piped");
    // A command that wants no input may be gone before it has read all.
    let writer = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let errors = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut bytes));
        let _ = sender.send(read.map(|_| bytes));
    });
    let Ok(stdout) = receiver.recv_timeout(LONGEST) else {
        let _ = child.kill();
        panic!("wigwag did not end within {LONGEST:?}");
    };
    let status = child.wait().expect("it has ended").code();
    let _ = writer.join();
    Done {
        status,
        stdout: stdout.expect("standard output can be read"),
        stderr: errors
            .join()
            .expect("no panic")
            .expect("standard error is text"),
    }
}

/// JSON of any depth.
pub(crate) fn json(text: &str) -> Json {
    wigwag_harness::tagged::parse(text).unwrap_or_else(|error| panic!("{error}: {text:.200}"))
}

/// One line each, as `--lines` reads them.
pub(crate) fn lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> Vec<u8> {
    lines
        .into_iter()
        .flat_map(|line| format!("{}\n", line.as_ref()).into_bytes())
        .collect()
}

/// A folder of its own for a test, with certificates in `pki`.
pub(crate) fn folder() -> (tempfile::TempDir, Pki) {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = Pki::generate();
    pki.write_dir(&folder.path().join("pki")).expect("written");
    (folder, pki)
}

/// A file of the folder, as an argument.
pub(crate) fn name(folder: &Path, file: &str) -> String {
    folder.join(file).display().to_string()
}
