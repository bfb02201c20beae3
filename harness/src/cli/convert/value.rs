//! One value in another form.

use clap::ValueEnum;
use wigwag_codec::minijson::{Error, Floats, Options, Value, canonical, cbor, json};

use crate::cli::buffer::{from_json, grow};
use crate::cli::format::LIMITS;

/// A way to write one value down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    Minijson,
    Json,
    Cbor,
}

/// Floats stay as wide as they are.
const KEPT: Options = Options::new().with_floats(Floats::Kept);

/// A value in another form.
pub(super) fn convert(
    from: Form,
    to: Form,
    input: &[u8],
    floats: Floats,
) -> Result<Vec<u8>, Error> {
    write(to, &read(from, input, floats)?)
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
