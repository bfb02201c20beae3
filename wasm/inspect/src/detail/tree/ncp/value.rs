//! The value of a parameter as nodes.

use wigwag_codec::ncp::{PARAM_HEADER_LEN, Param, Value};

use super::{Builder, Kind, Part, Place, show};
use crate::detail::meaning::type_name;
use crate::detail::path::Step;
use crate::detail::scalar::{Numbers, Scalar};

/// Numbers of an array that are shown in its own line.
const FIRST: usize = 8;

/// A value in a line.
pub(crate) fn shown(param: &Param<'_>) -> String {
    let Ok(value) = param.value() else {
        return show::bytes(param.bytes());
    };
    let scalar = Scalar::from(value);
    let Scalar::Numbers(numbers) = scalar else {
        return show::scalar(&scalar);
    };
    let first = (0..FIRST).filter_map(|index| numbers.get(index));
    let first: Vec<_> = first.map(|number| show::scalar(&number)).collect();
    let more = if numbers.len() > FIRST { ", …" } else { "" };
    format!(
        "{} [{}{more}]",
        type_name(param.kind).replace("[]", &format!("[{}]", numbers.len())),
        first.join(", ")
    )
}

/// Adds the value, and what fills its last word.
pub(super) fn add(builder: &mut Builder, param: &Param<'_>) {
    let start = param.offset + PARAM_HEADER_LEN;
    let bytes = param.bytes();
    let value = param.value();
    let numbers = value.ok().and_then(Numbers::new);
    let used = match (&value, &numbers) {
        (Ok(Value::Str(text)), _) => text.len(),
        (_, Some(numbers)) => numbers.len() * numbers.width(),
        _ => bytes.len(),
    };
    // The parameter's own path leads to its value.
    let place = Place::Steps(Vec::new());
    if used > 0 {
        let node = builder.add(Part {
            label: "value".into(),
            kind: kind(&value.ok()),
            place,
            start,
            end: start + used,
            value: shown(param),
        });
        if let Some(numbers) = numbers {
            let outside = builder.parent();
            builder.enter(node);
            elements(builder, start, &numbers);
            builder.enter(outside);
        }
    }
    let padding = bytes.get(used..).unwrap_or_default();
    if !padding.is_empty() {
        builder.add(Part {
            label: "padding".into(),
            kind: Kind::Padding,
            place: Place::Nowhere,
            start: start + used,
            end: start + bytes.len(),
            value: show::bytes(padding),
        });
    }
}

fn kind(value: &Option<Value<'_>>) -> Kind {
    match value {
        None => Kind::Malformed,
        Some(value) => match Scalar::from(*value) {
            Scalar::Integer(_) => Kind::Integer,
            Scalar::Single(_) | Scalar::Double(_) => Kind::Float,
            Scalar::Text(_) => Kind::Text,
            Scalar::Numbers(_) => Kind::Numbers,
            _ => Kind::Bytes,
        },
    }
}

fn elements(builder: &mut Builder, start: usize, numbers: &Numbers<'_>) {
    let width = numbers.width();
    let allowed = numbers.len().min(builder.allowed() as usize);
    for index in 0..allowed {
        let Some(number) = numbers.get(index) else {
            return;
        };
        builder.add(Part {
            label: format!("[{index}]"),
            kind: if matches!(number, Scalar::Integer(_)) {
                Kind::Integer
            } else {
                Kind::Float
            },
            place: Place::Steps(vec![Step::Index(u32::try_from(index).unwrap_or(u32::MAX))]),
            start: start + index * width,
            end: start + (index + 1) * width,
            value: show::scalar(&number),
        });
    }
    if allowed < numbers.len() {
        let hidden = numbers.len() - allowed;
        builder.more(
            hidden as u64,
            start + allowed * width,
            start + numbers.len() * width,
        );
    }
}
