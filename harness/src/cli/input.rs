//! What a command reads: a file or standard input, whole or line by line, and
//! never more than a limit at once.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::outcome::{Failure, Outcome};
use super::problem::Problem;

/// The longest input, or line of input, in bytes: 256 MiB.
const LIMIT: usize = 256 << 20;

/// Where the input comes from.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Source {
    /// The file to read; standard input without it or for `-`.
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
}

impl Source {
    /// A file that an option names.
    pub(crate) fn of_file(path: &Path) -> Self {
        Self {
            path: Some(path.to_owned()),
        }
    }

    /// Standard input.
    pub(crate) fn standard_input() -> Self {
        Self { path: None }
    }

    /// The whole input.
    pub(crate) fn read(&self) -> Outcome<Vec<u8>> {
        self.read_at_most(LIMIT as u64)
    }

    /// The whole input, if it has no more bytes than this.
    pub(crate) fn read_at_most(&self, limit: u64) -> Outcome<Vec<u8>> {
        let name = self.name();
        let mut bytes = Vec::new();
        self.open()?
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::Work(format!("cannot read {name}: {error}")))?;
        if bytes.len() as u64 > limit {
            return Err(Failure::Work(format!(
                "{name} is longer than the limit of {limit} bytes"
            )));
        }
        Ok(bytes)
    }

    /// The input's lines, without their ends.
    pub(crate) fn lines(&self) -> Outcome<Lines> {
        Ok(Lines {
            input: Box::new(self.open()?),
            name: self.name(),
            limit: LIMIT,
        })
    }

    /// The input, from its begin.
    pub(crate) fn open(&self) -> Outcome<Box<dyn BufRead>> {
        match self.file() {
            None => Ok(Box::new(io::stdin().lock())),
            Some(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(BufReader::new(file))),
                Err(error) => Err(Failure::Work(format!(
                    "cannot open {}: {error}",
                    self.name()
                ))),
            },
        }
    }

    /// How many bytes a file has; nothing for pipes and the like.
    pub(crate) fn size(&self) -> Option<u64> {
        let there = std::fs::metadata(self.file()?).ok()?;
        there.is_file().then_some(there.len())
    }

    fn file(&self) -> Option<&Path> {
        self.path.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// What messages call it.
    pub(crate) fn name(&self) -> String {
        match self.file() {
            None => "standard input".to_owned(),
            Some(path) => path.display().to_string(),
        }
    }
}

/// Iterates over lines. A line over the limit is read to its end, dropped, and
/// answered by a [`Problem`], so the lines behind it keep their numbers.
pub(crate) struct Lines {
    input: Box<dyn BufRead>,
    name: String,
    limit: usize,
}

impl Iterator for Lines {
    type Item = Outcome<Result<Vec<u8>, Problem>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        let mut length = 0;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok([]) if length == 0 => return None,
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let message = format!("cannot read {}: {error}", self.name);
                    return Some(Err(Failure::Work(message)));
                }
            };
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let piece = &chunk[..end.unwrap_or(chunk.len())];
            if line.len() + piece.len() <= self.limit {
                line.extend_from_slice(piece);
            }
            let last = end.is_some() || chunk.is_empty();
            let taken = piece.len() + usize::from(end.is_some());
            length += taken;
            self.input.consume(taken);
            if last {
                let text = length - usize::from(end.is_some());
                return Some(Ok(if text > self.limit {
                    let message = format!("a line has at most {} bytes", self.limit);
                    Err(Problem::new("InputTooLong", self.limit, message))
                } else {
                    Ok(line)
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &'static str, limit: usize) -> Vec<Result<Vec<u8>, Problem>> {
        // Three bytes at a time, so that lines cross the buffer's end.
        let input = BufReader::with_capacity(3, text.as_bytes());
        let lines = Lines {
            input: Box::new(input),
            name: "test".into(),
            limit,
        };
        lines.map(|line| line.unwrap()).collect()
    }

    #[test]
    fn every_line_is_one_item_and_a_last_line_needs_no_end() {
        let ok = |text: &str| Ok(text.as_bytes().to_vec());
        assert_eq!(lines("abcd\n\nef", 9), [ok("abcd"), ok(""), ok("ef")]);
        assert_eq!(lines("abcd\n", 4), [ok("abcd")]);
        assert_eq!(lines("", 4), []);
    }

    #[test]
    fn a_line_over_the_limit_is_dropped_and_the_next_one_is_whole() {
        let got = lines("123456789\n12345678\nx", 8);
        assert!(got[0].is_err());
        assert_eq!(got[1..], [Ok(b"12345678".to_vec()), Ok(b"x".to_vec())]);
    }
}
