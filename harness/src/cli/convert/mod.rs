//! `wigwag convert IN OUT`: one value, or a recording, in another form.

mod frames;
mod target;
mod value;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use wigwag_codec::minijson::Floats;

use super::input::Source;
use super::outcome::{Failure, Outcome};
use super::problem::Problem;
use super::recording;
use target::Target;

const EXAMPLES: &str = r#"Examples:
  wigwag convert orders.json orders.mjson
  wigwag convert traffic.pcapng frames.wgcap --key-log keys.txt
  wigwag convert frames.wgcap slow.csv --filter 'latency > 1 s'
  wigwag convert frames.wgcap - --to jsonl | jq .length"#;

/// Convert values, and recordings of conversations.
///
/// Values: minijson, JSON and CBOR, by the names' ends (.mjson or .minijson, .json,
/// .cbor) or as given. What JSON has no value for is written as an object with one
/// key: {"$bytes": "hex"}, {"$map": [[key, value], ..]} for keys that are not text,
/// {"$f32": "bits"} or {"$f64": "bits"} for NaN and infinity.
///
/// Recordings: captures (.wgcap), pcapng, JSON lines (.jsonl), raw bytes of one
/// direction (.bin, .raw), and to be read only pcap, hex and base64, to be written
/// only CSV. What IN is written in is found out unless it is given. The exit status
/// is 1 where a part of IN could not be read; what could is written.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file to read; `-` is standard input.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The file to write; `-` is standard output.
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// The form of IN.
    #[arg(long, value_name = "FORM")]
    from: Option<Form>,
    /// The form of OUT.
    #[arg(long, value_name = "FORM")]
    to: Option<Form>,
    /// Read decimal fractions of JSON as doubles; as singles without it, as the
    /// Python package writes them.
    #[arg(long)]
    double: bool,
    /// Of a recording, write only the frames that pass; see `wigwag decode --help`.
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
    #[command(flatten)]
    recording: recording::Options,
}

/// A way to write a value or a recording down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Minijson,
    Json,
    Cbor,
    Capture,
    Pcapng,
    Pcap,
    Jsonl,
    Csv,
    Raw,
    Hex,
    Base64,
}

/// What a form is of.
enum Of {
    Value(value::Form),
    /// With the form to write, if it can be written.
    Frames(Option<frames::Form>),
}

impl Form {
    const fn of(self) -> Of {
        match self {
            Self::Minijson => Of::Value(value::Form::Minijson),
            Self::Json => Of::Value(value::Form::Json),
            Self::Cbor => Of::Value(value::Form::Cbor),
            Self::Capture => Of::Frames(Some(frames::Form::Capture)),
            Self::Pcapng => Of::Frames(Some(frames::Form::Pcapng)),
            Self::Jsonl => Of::Frames(Some(frames::Form::JsonLines)),
            Self::Csv => Of::Frames(Some(frames::Form::Csv)),
            Self::Raw => Of::Frames(Some(frames::Form::Raw)),
            Self::Pcap | Self::Hex | Self::Base64 => Of::Frames(None),
        }
    }

    fn by_name(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?;
        Some(match end.to_ascii_lowercase().as_str() {
            "mjson" | "minijson" => Self::Minijson,
            "json" => Self::Json,
            "cbor" => Self::Cbor,
            "wgcap" | "capture" => Self::Capture,
            "pcapng" => Self::Pcapng,
            "pcap" | "cap" => Self::Pcap,
            "jsonl" | "ndjson" => Self::Jsonl,
            "csv" => Self::Csv,
            "bin" | "raw" => Self::Raw,
            "hex" => Self::Hex,
            "b64" | "base64" => Self::Base64,
            _ => return None,
        })
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let to = args.to.or_else(|| Form::by_name(&args.output));
    let to = to.ok_or_else(|| untold(&args.output, "--to"))?;
    match to.of() {
        Of::Value(to) => value(args, to),
        Of::Frames(Some(to)) => recording(args, to),
        Of::Frames(None) => Err(Failure::Usage(format!(
            "{to:?} can be read but not written: write capture, pcapng, jsonl, csv or raw"
        ))),
    }
}

fn value(args: &Args, to: value::Form) -> Outcome {
    let given = args.filter.is_some().then_some("--filter");
    if let Some(option) = given.or_else(|| args.recording.given()) {
        return Err(Failure::Usage(format!(
            "{option} is for recordings, not for values"
        )));
    }
    let from = args.from.or_else(|| Form::by_name(&args.input));
    let from = from.ok_or_else(|| untold(&args.input, "--from"))?;
    let Of::Value(from) = from.of() else {
        return Err(Failure::Usage(format!(
            "a recording ({}) is no value: write capture, pcapng, jsonl, csv or raw, or show \
             its frames by `wigwag decode auto --json`",
            args.input.display()
        )));
    };
    let source = Source::of_file(&args.input);
    let input = source.read()?;
    let floats = if args.double {
        Floats::Double
    } else {
        Floats::Single
    };
    let bytes = value::convert(from, to, &input, floats).map_err(|error| {
        let problem = Problem::from(error).text();
        Failure::Work(format!("{}: {problem}", source.name()))
    })?;
    let mut target = Target::new(&args.output)?;
    target.write(&bytes)?;
    target.finish()
}

fn recording(args: &Args, to: frames::Form) -> Outcome {
    let mut options = args.recording.clone();
    if let Some(from) = args.from {
        // What is found out by itself may be told as well.
        options.kind = Some(frames::kind(from).ok_or_else(|| {
            Failure::Usage(format!(
                "{from:?} is no recording that can be read: give --from capture, pcapng, pcap, \
                 jsonl, raw, hex or base64, or leave it to be found out"
            ))
        })?);
    } else if matches!(Form::by_name(&args.input), Some(Form::Csv)) {
        return Err(Failure::Usage(
            "CSV holds no bytes: it cannot be read back; JSON lines can".into(),
        ));
    }
    let source = Source::of_file(&args.input);
    let target = Target::new(&args.output)?;
    frames::convert(&source, &options, args.filter.as_deref(), to, target)
}

fn untold(path: &Path, option: &str) -> Failure {
    Failure::Usage(format!(
        "the name {} does not tell its form: say {option} minijson, json, cbor, capture, pcapng, \
         jsonl, csv or raw",
        path.display()
    ))
}
