//! What the payloads mean: orders, pathpoints, logs, binary objects.
//!
//! Readers are views over a checked [`Value`]: nothing is copied, and what has
//! an unknown shape can still be reached as the `Value` that it is. Writers put
//! the same bytes into a slice as the protocol's other client makes.

mod baobs;
mod logs;
mod pathpoints;
mod sections;

pub use baobs::{BaobRequest, BaobRequestWriter, BaobResponse};
pub use logs::{LogEntry, LogMessage, Logs, LogsWriter};
pub use pathpoints::{Failure, Measured, Pathpoint, Pathpoints, PathpointsWriter, Reading};
pub use sections::{Advise, Command, Disposition, Section, Sections};

use super::NgttError;
use crate::minijson::{Kind, Limits, Value};

/// The limits of the typed readers: the default depth, and as many items as fit
/// into the payload.
const LIMITS: Limits = Limits::new();

/// The payload as one value of this kind.
fn parse(payload: &[u8], kind: Kind) -> Result<Value<'_>, NgttError> {
    let value = Value::parse_with(payload, LIMITS)?;
    if value.kind() == kind || (kind == Kind::Map && value.kind() == Kind::Sdict) {
        Ok(value)
    } else {
        Err(NgttError::InvalidFrame { offset: 0 })
    }
}

/// An integer or a float.
fn number(value: Value<'_>) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_i64().map(|int| int as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_one_value_of_its_kind_and_a_map_may_have_any_keys() {
        // [], {} and {1: 2}, whose key is no text.
        let (list, map, sdict) = (&[0x40][..], &[0x50][..], &[0x61, 0x03, 1, 0x03, 2][..]);
        for (payload, kind, found) in [
            (list, Kind::List, Some(Kind::List)),
            (map, Kind::Map, Some(Kind::Map)),
            (sdict, Kind::Map, Some(Kind::Sdict)),
            (list, Kind::Map, None),
            (map, Kind::List, None),
            (sdict, Kind::List, None),
        ] {
            let value = parse(payload, kind);
            let expected = found.ok_or(NgttError::InvalidFrame { offset: 0 });
            assert_eq!(value.map(|value| value.kind()), expected, "{payload:02x?}");
        }
        for (payload, offset) in [(&[][..], 0), (&[0x41], 0), (&[0x40, 0x40], 1)] {
            let error = NgttError::InvalidFrame { offset };
            assert_eq!(
                parse(payload, Kind::List).err(),
                Some(error),
                "{payload:02x?}"
            );
        }
    }

    #[test]
    fn what_is_left_of_a_list_is_counted() {
        let payload = [0x43, 0x08, 0x08, 0x08];
        let mut sections = Sections::parse(&payload).unwrap();
        let mut pathpoints = Pathpoints::parse(&payload).unwrap();
        for left in [3, 2, 1, 0] {
            assert_eq!(sections.size_hint(), (left, Some(left)));
            assert_eq!(pathpoints.size_hint(), (left, Some(left)));
            assert_eq!(sections.next().is_some(), left > 0);
            assert_eq!(pathpoints.next().is_some(), left > 0);
        }
    }

    #[test]
    fn a_reply_about_objects_is_read_as_it_was_written() {
        let mut out = [0; 64];
        let (download, upload) = (["a", "bc"], ["d"]);
        let write = |out: &mut [u8]| {
            BaobResponse::write(out, download.into_iter(), upload.into_iter()).ok()
        };
        let length = write(&mut out).expect("room");
        let payload = &out[..length];
        let read = BaobResponse::parse(payload).unwrap();
        assert!(read.download().eq(download));
        assert!(read.upload().eq(upload));
        for room in 0..length {
            assert_eq!(write(&mut [0; 64][..room]), None, "{room} bytes");
        }
    }

    #[test]
    fn numbers_are_integers_and_floats() {
        for (payload, expected) in [
            // 5, 1.5 as a float of four bytes, and null.
            (&[0x03, 5][..], Some(5.0)),
            (&[0x09, 0x3f, 0xc0, 0, 0], Some(1.5)),
            (&[0x08], None),
        ] {
            let value = Value::parse(payload).expect("a value");
            assert_eq!(number(value), expected, "{payload:02x?}");
        }
    }
}
