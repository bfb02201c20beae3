//! `decode` and `encode` over all vectors: one process a file.

mod support;

use serde_json::{Value as Json, json};
use support::{lines, run};
use wigwag_tests::vectors::{rows, text};

const DECODE: [&str; 4] = ["decode", "minijson", "--lines", "--json"];

fn minijson_rows() -> Vec<Json> {
    [rows("minijson.jsonl"), rows("minijson_big.jsonl")].concat()
}

#[test]
fn every_minijson_row_decodes_to_its_value() {
    let rows = minijson_rows();
    let done = run(&DECODE, &lines(rows.iter().map(|row| text(row, "hex"))));
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let answers = done.json();
    assert_eq!(answers.len(), rows.len());
    for (row, answer) in rows.iter().zip(&answers) {
        let consumed = text(row, "hex").len() / 2;
        let wanted = json!({"value": row["value"], "consumed": consumed});
        assert_eq!(*answer, wanted, "{}", row["name"]);
    }
}

#[test]
fn every_other_encoding_of_a_value_decodes_to_it() {
    let rows = minijson_rows();
    let others: Vec<(&Json, &str)> = rows
        .iter()
        .flat_map(|row| {
            let others = row["alt_hex"].as_array().expect("an array");
            others
                .iter()
                .map(move |hex| (row, hex.as_str().expect("hex")))
        })
        .collect();
    assert!(others.len() > 100, "the rows have other encodings");
    let done = run(&DECODE, &lines(others.iter().map(|(_, hex)| hex)));
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    for ((row, _), answer) in others.iter().zip(done.json()) {
        assert_eq!(answer["value"], row["value"], "{}", row["name"]);
    }
}

#[test]
fn every_value_encodes_to_the_bytes_of_the_python_encoder() {
    let rows = minijson_rows();
    let values = rows.iter().map(|row| row["value"].to_string());
    let done = run(&["encode", "minijson", "--lines"], &lines(values));
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    assert_eq!(done.lines().len(), rows.len());
    for (row, hex) in rows.iter().zip(done.lines()) {
        assert_eq!(hex, text(row, "hex"), "{}", row["name"]);
    }
}

#[test]
fn every_invalid_minijson_row_has_one_answer() {
    let rows = rows("minijson_invalid.jsonl");
    let done = run(&DECODE, &lines(rows.iter().map(hex_of)));
    assert_eq!(done.status, Some(1));
    let answers = done.json();
    assert_eq!(answers.len(), rows.len());
    for (row, answer) in rows.iter().zip(answers) {
        let name = &row["name"];
        let error = answer["error"]["kind"].as_str();
        let advice = text(row, "recommended");
        if advice == "reject" {
            assert!(error.is_some(), "{name}: {answer}");
        } else if advice.starts_with("decode_prefix_reports_consumed") {
            assert_eq!(error, Some("TrailingBytes"), "{name}");
            assert_eq!(
                answer["consumed"], row["python_3_1_1"]["consumed"],
                "{name}"
            );
        } else if advice == "accept_same" {
            assert_eq!(error, None, "{name}");
        }
        if let Some(error) = answer.get("error") {
            assert!(
                error["offset"].is_u64() && error["message"].is_string(),
                "{name}"
            );
        }
    }
}

/// `hex`, or `hex_parts` put together.
fn hex_of(row: &Json) -> String {
    if let Some(hex) = row["hex"].as_str() {
        return hex.to_owned();
    }
    let parts = row["hex_parts"].as_array().expect("hex or hex_parts");
    let part = |part: &Json| {
        let times = part[1].as_u64().expect("a count");
        part[0]
            .as_str()
            .expect("hex")
            .repeat(usize::try_from(times).expect("fits"))
    };
    parts.iter().map(part).collect()
}

#[test]
fn every_ngtt_row_decodes_and_encodes_back() {
    let rows = rows("ngtt.jsonl");
    let done = run(
        &["decode", "ngtt", "--lines", "--json"],
        &lines(rows.iter().map(|row| text(row, "hex"))),
    );
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let answers = done.json();
    assert_eq!(answers.len(), rows.len());
    for (row, answer) in rows.iter().zip(&answers) {
        let mut frame = json!({
            "tid": row["tid"], "type": row["type"], "name": row["type_name"],
            "payload_hex": row["payload_hex"],
        });
        let got = &answer["frames"][0];
        if text(row, "name").starts_with("opaque") {
            // Random bytes: minijson or not, and said which.
            for field in ["payload", "payload_error"] {
                if let Some(said) = got.get(field) {
                    frame[field] = said.clone();
                }
            }
            assert_eq!(frame.as_object().map(serde_json::Map::len), Some(5));
        } else if row["has_payload"] == true {
            frame["payload"] = row["payload"].clone();
        }
        assert_eq!(
            *answer,
            json!({"frames": [frame], "left": 0}),
            "{}",
            row["name"]
        );
    }
    // As one frame's object, and as the whole answer.
    let frames = answers.iter().map(|answer| answer["frames"][0].to_string());
    let whole = answers.iter().map(Json::to_string);
    for input in [lines(frames), lines(whole)] {
        let back = run(&["encode", "ngtt", "--lines"], &input);
        assert_eq!(back.status, Some(0), "{}", back.stderr);
        for (row, hex) in rows.iter().zip(back.lines()) {
            assert_eq!(hex, text(row, "hex"), "{}", row["name"]);
        }
    }
}

#[test]
fn every_ngtt_stream_gives_its_frames_and_what_is_left() {
    let rows = rows("ngtt_stream.jsonl");
    let streams = rows.iter().map(|row| {
        let chunks = row["chunks"].as_array().expect("chunks").iter();
        chunks
            .map(|chunk| chunk.as_str().expect("hex"))
            .collect::<String>()
    });
    let done = run(&["decode", "ngtt", "--lines", "--json"], &lines(streams));
    assert_eq!(done.json().len(), rows.len());
    for (row, answer) in rows.iter().zip(done.json()) {
        let name = &row["name"];
        let frames: Vec<Json> = answer["frames"]
            .as_array()
            .expect("frames")
            .iter()
            .map(|frame| json!({"tid": frame["tid"], "type": frame["type"], "data": frame["payload_hex"]}))
            .collect();
        assert_eq!(json!(frames), row["frames"], "{name}");
        assert_eq!(answer["left"], text(row, "left").len() / 2, "{name}");
    }
}

#[test]
fn invalid_ngtt_is_left_over_or_an_unknown_frame() {
    let rows = rows("ngtt_invalid.jsonl");
    let done = run(
        &["decode", "ngtt", "--lines", "--json"],
        &lines(rows.iter().map(|row| text(row, "hex"))),
    );
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let answers = done.json();
    assert_eq!(answers.len(), rows.len());
    for (row, answer) in rows.iter().zip(answers) {
        let name = &row["name"];
        if row["category"] == "incomplete" {
            assert_eq!(answer["frames"], json!([]), "{name}");
            assert_eq!(answer["left"], text(row, "hex").len() / 2, "{name}");
        } else {
            assert_eq!(answer["left"], 0, "{name}");
            let unknown = answer["frames"][0]["name"] == "UNKNOWN";
            assert_eq!(unknown, row["category"] == "unknown_type", "{name}");
        }
    }
}

#[test]
fn every_prefix_row_decodes_and_encodes_back() {
    let all = rows("framer.jsonl");
    let rows: Vec<&Json> = all
        .iter()
        .filter(|row| row["framers"] == json!(["example"]))
        .collect();
    assert!(rows.len() > 3, "the file has rows of this framer");
    let wires = rows.iter().map(|row| text(row, "wire"));
    let done = run(&["decode", "prefix", "--lines", "--json"], &lines(wires));
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    for (row, answer) in rows.iter().zip(done.json()) {
        let wanted = json!({"messages": [row["message"]], "left": 0});
        assert_eq!(answer, wanted, "{}", row["name"]);
    }
    let back = run(&["encode", "prefix", "--lines"], done.text().as_bytes());
    assert_eq!(
        back.lines(),
        rows.iter().map(|row| text(row, "wire")).collect::<Vec<_>>()
    );
}
