//! What is shown of the vectors is what they say: the same that `wigwag decode --json` is
//! held to.

use std::collections::BTreeMap;

use wigwag_inspect::text::hex::unhex;
use wigwag_inspect::text::json::{JsonError, Kind, Reader, quote};
use wigwag_inspect::{About, ConnectionId, Direction, Piece, Protocol, Sink, Table, json};

use crate::check::frame;
use crate::vectors::read;

/// A JSON value with one spelling: no white space, no escapes but those that must be.
fn spelled(reader: &mut Reader<'_>, out: &mut String) -> Result<(), JsonError> {
    match reader.kind()? {
        Kind::String => quote(&reader.string()?, out),
        Kind::Array => {
            out.push('[');
            reader.array(|reader| {
                spelled(reader, out)?;
                out.push(',');
                Ok(())
            })?;
            out.push(']');
        }
        Kind::Object => {
            out.push('{');
            reader.object(|reader, key| {
                quote(key, out);
                out.push(':');
                spelled(reader, out)?;
                out.push(',');
                Ok(())
            })?;
            out.push('}');
        }
        _ => out.push_str(reader.raw()?),
    }
    Ok(())
}

fn one_spelling(text: &str) -> String {
    let mut out = String::new();
    let mut reader = Reader::new(text);
    spelled(&mut reader, &mut out).unwrap_or_else(|error| panic!("{error}: {text:.200}"));
    out
}

/// The fields of each row of a file, as JSON text.
fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let fields = |line: &str| {
        let mut fields = BTreeMap::new();
        let mut reader = Reader::new(line);
        let read = reader.object(|reader, key| {
            fields.insert(key.to_owned(), reader.raw()?.to_owned());
            Ok(())
        });
        read.unwrap_or_else(|error| panic!("{name}: {error}"));
        fields
    };
    read(name).lines().map(fields).collect()
}

/// The bytes that a row gives in quotes.
fn bytes(row: &BTreeMap<String, String>, field: &str) -> Option<Vec<u8>> {
    unhex(row.get(field)?.trim_matches('"')).ok()
}

/// A frame as JSON, which a table made of these bytes shows as well.
fn shown(protocol: Protocol, bytes: &[u8]) -> String {
    let mut direct = String::new();
    json::frame(frame(protocol, bytes), &mut direct);
    let mut table = Table::default();
    let connection = ConnectionId(1);
    table.take(Piece::Open {
        connection,
        time: 0,
        about: About {
            protocol: Some(protocol),
            ..About::default()
        },
    });
    table.take(Piece::Bytes {
        connection,
        direction: Direction::ToDevice,
        time: 0,
        bytes,
    });
    table.finish();
    assert_eq!(table.columns().len(), 1, "{direct:.2000}");
    let mut row = String::new();
    json::frame(table.frame(0).expect("a row"), &mut row);
    assert_eq!(row, direct);
    direct
}

#[test]
fn minijson_values() {
    let mut count = 0;
    for row in ["minijson.jsonl", "minijson_big.jsonl"]
        .iter()
        .flat_map(|name| rows(name))
    {
        // Some rows give their value by a rule instead.
        if let (Some(bytes), Some(value)) = (bytes(&row, "hex"), row.get("value")) {
            let shown = shown(Protocol::Minijson, &bytes);
            assert_eq!(one_spelling(&shown), one_spelling(value), "{}", row["name"]);
            count += 1;
        }
    }
    assert!(count > 400, "{count}");
}

#[test]
fn ngtt_frames() {
    let rows = rows("ngtt.jsonl");
    assert!(rows.len() > 50, "{}", rows.len());
    for row in rows {
        let shown = shown(Protocol::Ngtt, &bytes(&row, "hex").unwrap());
        let head = format!(
            "{{\"tid\":{},\"type\":{},\"name\":{},\"payload_hex\":{}",
            row["tid"], row["type"], row["type_name"], row["payload_hex"]
        );
        let rest = shown.strip_prefix(&head);
        let rest = rest.unwrap_or_else(|| panic!("{shown} begins not with {head}"));
        if row["name"].starts_with("\"opaque") {
            // Random bytes: minijson or not, and said which.
            assert!(rest.starts_with(",\"payload\":") || rest.starts_with(",\"payload_error\":"));
        } else if row["has_payload"] == "true" {
            let payload = rest.strip_prefix(",\"payload\":").unwrap();
            let payload = payload.strip_suffix('}').unwrap();
            assert_eq!(
                one_spelling(payload),
                one_spelling(&row["payload"]),
                "{}",
                row["name"]
            );
        } else {
            assert_eq!(rest, "}", "{}", row["name"]);
        }
    }
}

#[test]
fn ncp_packets() {
    let rows = rows("ncp.jsonl");
    assert!(rows.len() > 100, "{}", rows.len());
    for row in rows {
        let shown = one_spelling(&shown(Protocol::Ncp, &bytes(&row, "hex").unwrap()));
        let decoded = one_spelling(&row["decoded"]);
        // The peer knows microseconds only.
        assert_eq!(
            without_nanos(&shown),
            without_nanos(&decoded),
            "{}",
            row["name"]
        );
    }
}

/// A packet's JSON, with its nanoseconds as whole microseconds.
fn without_nanos(text: &str) -> (String, u32) {
    let (before, rest) = text.split_once("\"nanos\":").unwrap();
    let (nanos, behind) = rest.split_once(',').unwrap();
    (
        format!("{before}{behind}"),
        nanos.parse::<u32>().unwrap() / 1000,
    )
}

#[test]
fn messages() {
    let mut count = 0;
    for row in rows("framer.jsonl") {
        if row["framers"] == "[\"example\"]" {
            let shown = shown(Protocol::Prefix, &bytes(&row, "wire").unwrap());
            assert_eq!(shown, row["message"], "{}", row["name"]);
            count += 1;
        }
    }
    assert!(count > 3, "{count}");
}
