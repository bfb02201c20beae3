//! `wigwag decode FORMAT [FILE]`: what is in these bytes?

mod auto;
mod frames;
mod minijson;
mod ncp;
mod ngtt;
mod prefix;

use clap::ValueEnum;
use serde_json::{Map, Value as Json};

use wigwag_inspect::filter::Filter;

use super::filter;
use super::hex;
use super::input::Source;
use super::outcome::{Failure, Outcome};
use super::output::Output;
use super::problem::Problem;

/// How bytes are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reading {
    /// A recording of conversations, whatever it is written in: capture, pcap,
    /// pcapng (TLS with its key log too), JSON lines, hex, base64, raw bytes.
    Auto,
    /// One minijson value.
    Minijson,
    /// NGTT frames one after another.
    Ngtt,
    /// NCP packets one after another.
    Ncp,
    /// Messages behind a u32 length each.
    Prefix,
}

/// What filters can say, for `--help`.
const FILTERS: &str = r#"Filters:
  type == ORDER && tid == 7                       frames by type and id
  type in (PING, DSPC) || length > 1 kB
  payload[0].orders[*].path == "W1"               what stands in the payload
  fields.STAT.LEVL > -80.5                        parameter LEVL of field STAT
  payload ~ "timeout" || payload contains x"DEAD" text in any case; bytes
  payload[0].service matches "^db[0-9]+$"         a regular expression
With auto also:
  latency > 200 ms || unanswered                  answers that took long, or never came
  direction == to_device && time > 12 s           since the first frame; or RFC 3339
  connection == 2 && (malformed || error || warning || late || gap || repeated)

Examples:
  wigwag decode auto recording.wgcap
  wigwag decode auto traffic.pcapng --key-log keys.txt --filter 'latency > 1 s'
  wigwag decode auto recording.wgcap --filter 'id == 7' --tree
  echo 0000000000070000 | wigwag decode ngtt --hex --json"#;

/// Show what bytes mean.
///
/// Reads raw bytes from FILE or standard input; `auto` any recording of
/// conversations. Without --json the answer is text for people; its form may change,
/// that of --json does not; rows are counted from 0 there. Depth limit of minijson values: 128. The exit status is 1
/// when an answer holds an error; an incomplete last frame is not an error but
/// counted as `left` (with auto it is a malformed one).
#[derive(clap::Args)]
#[command(after_help = FILTERS)]
pub(crate) struct Args {
    format: Reading,
    #[command(flatten)]
    source: Source,
    /// The input is one hex text; white space is ignored.
    #[arg(long, conflicts_with = "lines")]
    hex: bool,
    /// Every line is a hex text of its own, answered by exactly one line.
    #[arg(long)]
    lines: bool,
    /// Show only the frames that pass; see below. Not for minijson, which is one
    /// value.
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
    /// One JSON object for each input; with auto for each frame.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    auto: auto::AutoOptions,
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
    if args.format == Reading::Auto {
        return auto::run(args);
    }
    if let Some(option) = args.auto.given() {
        return Err(Failure::Usage(format!("{option} is for `decode auto`")));
    }
    if args.filter.is_some() && args.format == Reading::Minijson {
        return Err(Failure::Usage(
            "--filter chooses among frames: a minijson value is one".into(),
        ));
    }
    let filter = args.filter.as_deref();
    let filter = filter.map(filter::parse_alone).transpose()?;
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
    let report: Box<dyn Report> = match input {
        Err(problem) => Box::new(Unread(problem)),
        Ok(bytes) => match args.format {
            // One value; recordings were read elsewhere.
            Reading::Minijson | Reading::Auto => Box::new(minijson::read(bytes)),
            Reading::Ngtt => Box::new(ngtt::read(bytes, filter)),
            Reading::Ncp => Box::new(ncp::read(bytes, filter)),
            Reading::Prefix => Box::new(prefix::read(bytes, filter)),
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
