//! `wigwag encode FORMAT [FILE]`: the bytes of what `decode --json` shows.

mod minijson;
mod ncp;
mod ngtt;
mod prefix;

use serde_json::{Value as Json, json};

use super::format::Format;
use super::input::Source;
use super::outcome::{Failure, Outcome};
use super::output::Output;
use super::problem::Problem;
use crate::tagged::{self, TaggedError};

/// Make bytes from JSON.
///
/// Reads what `decode --json` shows: for minijson the tagged value itself, for
/// ngtt the object of one frame (or an object with `frames`), for ncp that of one
/// packet (or an object with `packets`), for prefix an object with `messages`. A
/// frame's `payload` is encoded canonically and wins over its `payload_hex`. A
/// packet needs `type` and `fields`, a field its `name`, a parameter `name`, `t`
/// and `v`. Plain JSON becomes minijson with `convert`.
#[derive(clap::Args)]
pub(crate) struct Args {
    format: Format,
    #[command(flatten)]
    source: Source,
    /// Print hex instead of raw bytes.
    #[arg(long, conflicts_with = "lines")]
    hex: bool,
    /// Every line is a JSON text of its own, answered by exactly one line: the
    /// hex of its encoding, or {"error": ..}.
    #[arg(long)]
    lines: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut output = Output::new();
    let mut failed = false;
    if args.lines {
        for line in args.source.lines()? {
            let bytes = line?.and_then(|line| encode(args.format, &line));
            failed |= bytes.is_err();
            match bytes {
                Ok(bytes) => output.line(&tagged::to_hex(&bytes))?,
                Err(problem) => output.line(&json!({"error": problem.json()}).to_string())?,
            }
            // A program that sends line by line waits for each answer.
            output.flush()?;
        }
    } else {
        let bytes = encode(args.format, &args.source.read()?)
            .map_err(|problem| Failure::Work(problem.text()))?;
        if args.hex {
            output.line(&tagged::to_hex(&bytes))?;
        } else {
            output.bytes(&bytes)?;
        }
    }
    output.finish()?;
    if failed { Err(Failure::Shown) } else { Ok(()) }
}

fn encode(format: Format, text: &[u8]) -> Result<Vec<u8>, Problem> {
    let text = std::str::from_utf8(text)
        .map_err(|error| Problem::new("InvalidUtf8", error.valid_up_to(), error))?;
    let json = tagged::parse(text).map_err(|error| problem(text, error))?;
    match format {
        Format::Minijson => minijson::write(&json),
        Format::Ngtt => ngtt::write(&json),
        Format::Ncp => ncp::write(&json),
        Format::Prefix => prefix::write(&json),
    }
}

/// A fault of the JSON text, with its place where the parser knows it.
fn problem(text: &str, error: TaggedError) -> Problem {
    match error {
        TaggedError::Json(error) => {
            let before = text
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1));
            let offset = before.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
            Problem::new("InvalidJson", offset, error)
        }
        other => other.into(),
    }
}

/// What is wrong with the meaning of a JSON text that is well formed. There is
/// no place to point to, so the message names the field.
fn wrong(message: impl std::fmt::Display) -> Problem {
    Problem::new("InvalidInput", 0, message)
}

/// The array in a field of an object.
fn array<'j>(json: &'j Json, field: &str) -> Option<&'j Vec<Json>> {
    json.get(field)?.as_array()
}
