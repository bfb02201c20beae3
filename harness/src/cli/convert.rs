//! `wigwag convert IN OUT`: one value in another form.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use wigwag_codec::minijson::{Error, Floats, Options, Value, canonical, cbor, json};

use super::buffer::{from_json, grow};
use super::format::LIMITS;
use super::input::Source;
use super::outcome::{Failure, Outcome};
use super::output::Output;
use super::problem::Problem;

/// Convert between minijson, JSON and CBOR.
///
/// The forms follow from the names' ends (.mjson or .minijson, .json, .cbor)
/// unless they are given. What JSON has no value for is written as an object
/// with one key: {"$bytes": "hex"}, {"$map": [[key, value], ..]} for keys that
/// are not text, {"$f32": "bits"} or {"$f64": "bits"} for NaN and infinity.
#[derive(clap::Args)]
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
}

/// A way to write one value down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Minijson,
    Json,
    Cbor,
}

/// Floats stay as wide as they are.
const KEPT: Options = Options::new().with_floats(Floats::Kept);

pub(crate) fn run(args: &Args) -> Outcome {
    let from = form(args.from, &args.input, "--from")?;
    let to = form(args.to, &args.output, "--to")?;
    let source = Source::of_file(&args.input);
    let input = source.read()?;
    let floats = if args.double {
        Floats::Double
    } else {
        Floats::Single
    };
    let bytes = read(from, &input, floats)
        .and_then(|minijson| write(to, &minijson))
        .map_err(|error| {
            let problem = Problem::from(error).text();
            Failure::Work(format!("{}: {problem}", source.name()))
        })?;
    if args.output == Path::new("-") {
        let mut output = Output::new();
        output.bytes(&bytes)?;
        return output.finish();
    }
    fs::write(&args.output, &bytes)
        .map_err(|error| Failure::Work(format!("cannot write {}: {error}", args.output.display())))
}

fn form(given: Option<Form>, path: &Path, option: &str) -> Outcome<Form> {
    let by_name = match path.extension().and_then(|end| end.to_str()) {
        Some("mjson" | "minijson") => Some(Form::Minijson),
        Some("json") => Some(Form::Json),
        Some("cbor") => Some(Form::Cbor),
        _ => None,
    };
    given.or(by_name).ok_or_else(|| {
        Failure::Usage(format!(
            "the name {} does not tell its form: say {option} minijson, json or cbor",
            path.display()
        ))
    })
}

/// IN as minijson.
fn read(form: Form, input: &[u8], floats: Floats) -> Result<Vec<u8>, Error> {
    match form {
        Form::Minijson => {
            Value::parse_with(input, LIMITS)?;
            Ok(input.to_vec())
        }
        Form::Json => from_json(input, floats),
        Form::Cbor => grow(input.len(), |out| cbor::read_with(input, out, KEPT, LIMITS)),
    }
}

/// OUT, from minijson; minijson itself becomes canonical.
fn write(form: Form, minijson: &[u8]) -> Result<Vec<u8>, Error> {
    let value = Value::parse_with(minijson, LIMITS)?;
    match form {
        Form::Minijson => grow(minijson.len(), |out| canonical(value, out, KEPT)),
        Form::Json => {
            let mut text = String::new();
            json::write(value, &mut text)?;
            text.push('\n');
            Ok(text.into_bytes())
        }
        Form::Cbor => grow(minijson.len(), |out| cbor::write(value, out)),
    }
}
