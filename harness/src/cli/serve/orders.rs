//! Orders for devices, from a file and from standard input.

use std::path::Path;
use std::sync::Arc;

use wigwag_codec::minijson::{Floats, Kind, Value};

use crate::cli::buffer::from_json;
use crate::cli::format::LIMITS;
use crate::cli::input::Source;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::problem::Problem;

/// The orders of a file: one order, which is an array of sections, or an array
/// of such orders. Each comes as its minijson.
pub(crate) fn from_file(path: &Path) -> Outcome<Vec<Arc<[u8]>>> {
    let text = Source::of_file(path).read()?;
    from_text(&text)
        .map_err(|problem| Failure::Work(format!("{}: {}", path.display(), problem.text())))
}

fn from_text(text: &[u8]) -> Result<Vec<Arc<[u8]>>, Problem> {
    let bytes = from_json(text, Floats::Single)?;
    let value = Value::parse_with(&bytes, LIMITS)?;
    if value.kind() != Kind::List {
        return Err(wrong("an order is an array of sections"));
    }
    let several = !value.is_empty() && value.items().all(|item| item.kind() == Kind::List);
    Ok(if several {
        value.items().map(|order| order.raw().into()).collect()
    } else {
        vec![value.raw().into()]
    })
}

/// An order from standard input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Enqueued {
    /// The device's id; without one it is for all devices.
    pub(crate) device: Option<String>,
    /// minijson.
    pub(crate) payload: Arc<[u8]>,
}

/// Reads `{"device": id or null, "order": [..]}`.
pub(crate) fn from_line(line: &[u8]) -> Result<Enqueued, Problem> {
    let bytes = from_json(line, Floats::Single)?;
    let value = Value::parse_with(&bytes, LIMITS)?;
    let device = match value.get("device") {
        None => None,
        Some(device) if device.is_null() => None,
        Some(device) => {
            let id = device.as_str();
            Some(id.ok_or_else(|| wrong("`device` is neither text nor null"))?)
        }
    };
    let order = value
        .get("order")
        .filter(|order| order.kind() == Kind::List)
        .ok_or_else(|| wrong("`order` is not an array of sections"))?;
    Ok(Enqueued {
        device: device.map(str::to_owned),
        payload: order.raw().into(),
    })
}

fn wrong(message: &str) -> Problem {
    Problem::new("InvalidInput", 0, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_order_or_an_array_of_them() {
        let count = |text: &str| from_text(text.as_bytes()).map(|orders| orders.len());
        assert_eq!(count(r#"[{"orders":[]},{"orders":[]}]"#), Ok(1));
        assert_eq!(count(r#"[[{"orders":[]}],[{"orders":[]}]]"#), Ok(2));
        assert_eq!(count("[]"), Ok(1));
        assert!(count(r#"{"orders":[]}"#).is_err());
        assert!(count("[").is_err());
    }

    #[test]
    fn a_line_names_a_device_or_all() {
        let one = from_line(br#"{"device":"d","order":[{"orders":[]}]}"#).unwrap();
        assert_eq!(one.device.as_deref(), Some("d"));
        assert_eq!(&one.payload[..], b"\x41\x51\x06orders\x40");
        for all in [r#"{"order":[]}"#, r#"{"device":null,"order":[]}"#] {
            assert_eq!(from_line(all.as_bytes()).unwrap().device, None);
        }
        for wrong in [
            "",
            "5",
            "{}",
            r#"{"device":1,"order":[]}"#,
            r#"{"order":{}}"#,
        ] {
            assert!(from_line(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
