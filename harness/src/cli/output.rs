//! Standard output, buffered. A reader that goes away ends the command quietly.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, StdoutLock, Write as _};

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

/// The characters of a line for people, at most: a screen full of one order helps
/// nobody. Whoever wants all of it takes `--json`.
const LINE: usize = 4096;
/// The same on a terminal, some lines of it.
const TERMINAL_LINE: usize = 480;

/// A line for people, cut where it is too long, with a mark.
fn cut(line: &str, most: usize) -> Cow<'_, str> {
    match line.char_indices().nth(most) {
        None => line.into(),
        Some(_) => {
            // Room for the mark.
            let end = line.char_indices().nth(most - 1).map_or(0, |(end, _)| end);
            format!("{}\u{2026}", &line[..end]).into()
        }
    }
}

/// Standard output of this process.
pub(crate) struct Output {
    stdout: BufWriter<StdoutLock<'static>>,
    /// The characters of a line for people.
    most: usize,
}

impl Output {
    /// Locks standard output for this command.
    pub(crate) fn new() -> Self {
        Self {
            most: match io::stdout().is_terminal() {
                true => TERMINAL_LINE,
                false => LINE,
            },
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

    /// Writes one line for people: of a long one the begin.
    pub(crate) fn told(&mut self, line: &str) -> Outcome {
        self.line(&cut(line, self.most))
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

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn long_lines_are_cut_between_characters_and_marked() {
        assert_eq!(cut("order", 5), "order");
        assert_eq!(cut("orders", 5), "orde\u{2026}");
        assert_eq!(cut(&"\u{20ac}".repeat(9), 3), "\u{20ac}\u{20ac}\u{2026}");
        assert_eq!(cut("", 5), "");
    }
}
