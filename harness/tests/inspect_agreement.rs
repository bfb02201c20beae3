//! What an inspector shows of the vectors is what `decode --json` prints of them.

mod support;

use serde_json::Value as Json;
use support::{lines, run};
use wigwag_inspect::{About, ConnectionId, Direction, Frame, Piece, Protocol, Sink, Table, json};
use wigwag_tests::vectors::{hex, rows, text};

/// What the command line says of each hex text.
fn decoded(format: &str, hexes: &[&str]) -> Vec<Json> {
    let done = run(&["decode", format, "--lines", "--json"], &lines(hexes));
    let answers = done.json();
    assert_eq!(answers.len(), hexes.len(), "{}", done.stderr);
    answers
}

/// A frame as the inspector's JSON.
fn shown(frame: Frame<'_>) -> Json {
    let mut text = String::new();
    json::frame(frame, &mut text);
    wigwag_harness::tagged::parse(&text).unwrap_or_else(|error| panic!("{error}: {text:.200}"))
}

/// The rows that a table makes of a stream.
fn table(protocol: Protocol, bytes: &[u8]) -> Vec<Json> {
    let connection = ConnectionId(1);
    let mut table = Table::default();
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
        direction: Direction::ToServer,
        time: 0,
        bytes,
    });
    table.finish();
    let rows = u32::try_from(table.columns().len()).unwrap();
    let frames = (0..rows).filter_map(|row| table.frame(row));
    // Bytes that are no frame have rows of their own.
    let frames = frames.filter(|frame| frame.protocol == protocol);
    frames.map(shown).collect()
}

/// The hex texts of the vectors of these files.
fn vectors(files: &[&str]) -> Vec<Json> {
    let all = files.iter().flat_map(|file| rows(file));
    all.filter(|row| row["hex"].is_string()).collect()
}

fn hexes(rows: &[Json]) -> Vec<&str> {
    rows.iter().map(|row| text(row, "hex")).collect()
}

#[test]
fn ngtt_frames_are_the_same() {
    let rows = vectors(&["ngtt.jsonl", "ngtt_invalid.jsonl"]);
    assert!(rows.len() > 50, "{}", rows.len());
    for (row, answer) in rows.iter().zip(decoded("ngtt", &hexes(&rows))) {
        let mut seen = table(Protocol::Ngtt, &hex(row, "hex"));
        // What was cut off is a row, too.
        seen.retain(|frame| frame.get("error").is_none());
        assert_eq!(answer["frames"], Json::Array(seen), "{}", row["name"]);
    }
}

#[test]
fn ncp_packets_are_the_same() {
    let rows = vectors(&["ncp.jsonl", "ncp_invalid.jsonl"]);
    assert!(rows.len() > 50, "{}", rows.len());
    let mut whole = 0;
    for (row, answer) in rows.iter().zip(decoded("ncp", &hexes(&rows))) {
        let (name, bytes) = (&row["name"], hex(row, "hex"));
        let packets = answer["packets"].as_array().unwrap();
        let seen = table(Protocol::Ncp, &bytes);
        // The command line ends at the first fault; the table goes on behind it.
        assert_eq!(*packets, seen[..packets.len()], "{name}");
        if answer["error"].is_null() && answer["left"] == 0 {
            assert_eq!(packets.len(), seen.len(), "{name}");
            whole += 1;
        } else if packets.is_empty() && answer["error"].is_object() {
            let frame = shown(Frame {
                protocol: Protocol::Ncp,
                direction: Direction::ToServer,
                bytes: &bytes,
            });
            let kinds = [
                &answer["error"]["kind"],
                &Json::from("Truncated"),
                &Json::from("Trailing"),
            ];
            assert!(
                kinds.contains(&&frame["error"]["kind"]),
                "{name}: {frame} {answer}"
            );
        }
    }
    assert!(whole > 30, "{whole}");
}

#[test]
fn minijson_values_are_the_same() {
    let rows = vectors(&[
        "minijson.jsonl",
        "minijson_big.jsonl",
        "minijson_invalid.jsonl",
    ]);
    assert!(rows.len() > 300, "{}", rows.len());
    for (row, answer) in rows.iter().zip(decoded("minijson", &hexes(&rows))) {
        let (name, bytes) = (&row["name"], hex(row, "hex"));
        let frame = shown(Frame {
            protocol: Protocol::Minijson,
            direction: Direction::ToServer,
            bytes: &bytes,
        });
        match answer.get("error") {
            // A map has one key in the tagged form, and that is never `error`.
            Some(error) => assert_eq!(*error, frame["error"], "{name}"),
            None => {
                assert_eq!(answer["value"], frame, "{name}");
                assert_eq!(table(Protocol::Minijson, &bytes), [frame], "{name}");
            }
        }
    }
}

#[test]
fn messages_are_the_same() {
    let wires: Vec<Json> = rows("framer.jsonl");
    let wires: Vec<&str> = wires.iter().map(|row| text(row, "wire")).collect();
    for (wire, answer) in wires.iter().zip(decoded("prefix", &wires)) {
        let bytes = wigwag_harness::tagged::from_hex(wire).unwrap();
        let mut seen = table(Protocol::Prefix, &bytes);
        seen.retain(Json::is_string);
        assert_eq!(answer["messages"], Json::Array(seen), "{wire}");
    }
}
