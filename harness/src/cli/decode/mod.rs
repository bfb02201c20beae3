//! `wigwag decode FORMAT [FILE]`: what is in these bytes?

mod filter;
mod frames;
mod minijson;
mod ncp;
mod ngtt;
mod prefix;

use serde_json::{Map, Value as Json};

use super::format::Format;
use super::hex;
use super::input::Source;
use super::outcome::{Failure, Outcome};
use super::output::Output;
use super::problem::Problem;
use filter::Filter;

/// Show what bytes mean.
///
/// Reads raw bytes from FILE or standard input. Without --json the answer is
/// text for people; its form may change, that of --json does not. Depth limit
/// of minijson values: 128. The exit status is 1 when an answer holds an error;
/// an incomplete last frame is not an error but counted as `left`.
#[derive(clap::Args)]
pub(crate) struct Args {
    format: Format,
    #[command(flatten)]
    source: Source,
    /// The input is one hex text; white space is ignored.
    #[arg(long, conflicts_with = "lines")]
    hex: bool,
    /// Every line is a hex text of its own, answered by exactly one line.
    #[arg(long)]
    lines: bool,
    /// Show only what matches: terms joined by commas, all of which must hold,
    /// with != for all others. For ngtt type=NAME, type=NUMBER and tid=NUMBER;
    /// for ncp type=NAME, id=NUMBER and field=NAME, which a packet must have.
    /// Examples: type=ORDER,tid=7 and type!=LINK
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
    /// One JSON object for each input.
    #[arg(long)]
    json: bool,
}

/// What a format found in one input.
trait Report {
    /// The fields of the JSON answer, without `error`.
    fn fields(&self) -> Map<String, Json>;
    /// The same for people.
    fn text(&self) -> Vec<String>;
    /// What stopped the decoding, if something did.
    fn problem(&self) -> Option<&Problem>;
}

pub(crate) fn run(args: &Args) -> Outcome {
    let filter = args.filter.as_deref();
    let filter = filter
        .map(|text| Filter::new(args.format, text))
        .transpose()?;
    let filter = filter.as_ref();
    let mut output = Output::new();
    let mut failed = false;
    if args.lines {
        for line in args.source.lines()? {
            let bytes = line?.and_then(|line| hex::decode(&line));
            failed |= answer(args, filter, bytes.as_deref(), &mut output)?;
        }
    } else {
        let mut bytes = Ok(args.source.read()?);
        if args.hex {
            bytes = bytes.and_then(|text| hex::decode(&text));
        }
        failed = answer(args, filter, bytes.as_deref(), &mut output)?;
    }
    output.finish()?;
    if failed { Err(Failure::Shown) } else { Ok(()) }
}

/// Prints the answer to one input and returns whether it holds an error.
fn answer(
    args: &Args,
    filter: Option<&Filter>,
    input: Result<&[u8], &Problem>,
    output: &mut Output,
) -> Outcome<bool> {
    let ngtt = filter.and_then(Filter::ngtt);
    let ncp = filter.and_then(Filter::ncp);
    let report: Box<dyn Report> = match input {
        Err(problem) => Box::new(Unread(problem)),
        Ok(bytes) => match args.format {
            Format::Minijson => Box::new(minijson::read(bytes)),
            Format::Ngtt => Box::new(ngtt::read(bytes, ngtt)),
            Format::Ncp => Box::new(ncp::read(bytes, ncp)),
            Format::Prefix => Box::new(prefix::read(bytes)),
        },
    };
    let problem = report.problem();
    if args.json {
        let mut fields = report.fields();
        if let Some(problem) = problem {
            fields.insert("error".into(), problem.json());
        }
        output.line(&Json::Object(fields).to_string())?;
    } else {
        let mut lines = report.text();
        lines.extend(problem.map(|problem| format!("error: {}", problem.text())));
        if args.lines {
            output.line(&lines.join("; "))?;
        } else {
            for line in lines {
                output.line(&line)?;
            }
        }
    }
    // A program that sends line by line waits for each answer.
    if args.lines {
        output.flush()?;
    }
    Ok(problem.is_some())
}

/// A line about what follows the last whole frame.
fn left(left: usize) -> Option<String> {
    (left > 0).then(|| format!("{left} bytes left, not a whole frame"))
}

/// Input that is not even bytes: bad hex, or too long a line.
struct Unread<'a>(&'a Problem);

impl Report for Unread<'_> {
    fn fields(&self) -> Map<String, Json> {
        Map::new()
    }

    fn text(&self) -> Vec<String> {
        Vec::new()
    }

    fn problem(&self) -> Option<&Problem> {
        Some(self.0)
    }
}
