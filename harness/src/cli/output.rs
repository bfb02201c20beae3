//! Standard output, buffered. A reader that goes away ends the command quietly.

use std::fmt::Write as _;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write as _};

use serde_json::Value as Json;

use super::outcome::{Failure, Outcome};

/// A message for the person at the keyboard, on standard error. Nobody may be
/// there to read it.
pub(crate) fn say(message: &str) {
    let _ = writeln!(io::stderr(), "wigwag: {message}");
}

/// The fields of an object as people read them: `  orders 3  peer localhost`.
/// Those in `but` are left out. Texts are [`printable`].
pub(crate) fn fields(object: &Json, but: &[&str]) -> String {
    let mut text = String::new();
    for (field, value) in object.as_object().into_iter().flatten() {
        if but.contains(&field.as_str()) {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = match value.as_str() {
            Some(value) => write!(text, "  {field} {}", printable(value)),
            None => write!(text, "  {field} {value}"),
        };
    }
    text
}

/// A text that may come from outside, for a terminal: with control characters
/// escaped.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escaped = character.is_control().then(|| character.escape_default());
            let plain = escaped.is_none().then_some(character);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// Standard output of this process.
pub(crate) struct Output {
    stdout: BufWriter<StdoutLock<'static>>,
}

impl Output {
    /// Locks standard output for this command.
    pub(crate) fn new() -> Self {
        Self {
            stdout: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
        }
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Outcome {
        self.stdout.write_all(bytes).map_err(failure)
    }

    /// Writes one line.
    pub(crate) fn line(&mut self, line: &str) -> Outcome {
        self.bytes(line.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Sends on what is still in the buffer. Without it a late failure would
    /// be lost, so every command ends with it.
    pub(crate) fn finish(mut self) -> Outcome {
        self.stdout.flush().map_err(failure)
    }

    /// Sends on what is in the buffer now, for a reader that waits for it.
    pub(crate) fn flush(&mut self) -> Outcome {
        self.stdout.flush().map_err(failure)
    }
}

fn failure(error: io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe {
        Failure::OutputClosed
    } else {
        Failure::Work(format!("cannot write to standard output: {error}"))
    }
}
