//! `decode ncp` and `encode ncp` over all vectors, one process a file, and what
//! they say of packets that are not sound.

mod support;

use serde_json::{Value as Json, json};
use support::{lines, run};
use wigwag_tests::vectors::{rows, text};

const DECODE: [&str; 4] = ["decode", "ncp", "--lines", "--json"];
const ENCODE: [&str; 3] = ["encode", "ncp", "--lines"];

/// An empty LINK packet, as it keeps a connection alive.
const ALIVE: &str = "ddccbbaa4c494e4b0a0000000000000001000000000000000000000000000000\
    00000000aabbccdd";

/// What other programs sent that is not sent here: a checksum, a type of a field,
/// a version, names padded with spaces (which ncplib can be given too), strings
/// without a NUL or with something behind it.
const FOREIGN: [&str; 8] = [
    "all_18_types",
    "foreign_checksum_nonzero",
    "foreign_field_type_byte_set",
    "foreign_version_other",
    "foreign_names_space_padded",
    "foreign_string_no_nul",
    "foreign_string_empty_value",
    "foreign_string_garbage_after_nul",
];

#[test]
fn every_row_decodes_to_its_packet() {
    let rows = rows("ncp.jsonl");
    let done = run(&DECODE, &lines(rows.iter().map(|row| text(row, "hex"))));
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let answers = done.json();
    assert_eq!(answers.len(), rows.len());
    for (row, mut answer) in rows.iter().zip(answers) {
        // The vectors have what Python keeps of it, microseconds.
        let nanos = &mut answer["packets"][0]["nanos"];
        *nanos = json!(nanos.as_u64().expect("a number") / 1000 * 1000);
        let wanted = json!({"packets": [row["decoded"]], "left": 0, "warnings": []});
        assert_eq!(answer, wanted, "{}", row["name"]);
    }
}

#[test]
fn every_packet_encodes_to_the_bytes_it_came_from() {
    let mut rows = rows("ncp.jsonl");
    let done = run(&DECODE, &lines(rows.iter().map(|row| text(row, "hex"))));
    let mut answers = done.json().into_iter();
    let mut foreign = Vec::new();
    rows.retain(|row| {
        let ours = !FOREIGN.contains(&text(row, "name"));
        let answer = answers.next().expect("an answer a row");
        if !ours {
            foreign.push(answer.clone());
        }
        ours
    });
    assert_eq!(foreign.len(), FOREIGN.len());
    let answers = run(&DECODE, &lines(rows.iter().map(|row| text(row, "hex")))).json();
    // As one packet's object, and as the whole answer.
    let packets = answers
        .iter()
        .map(|answer| answer["packets"][0].to_string());
    for input in [lines(packets), lines(answers.iter().map(Json::to_string))] {
        let back = run(&ENCODE, &input);
        assert_eq!(back.status, Some(0), "{}", back.stderr);
        assert_eq!(back.lines().len(), rows.len());
        for (row, hex) in rows.iter().zip(back.lines()) {
            // What stood behind a NUL is nowhere any more.
            if text(row, "name") != "string_with_nul_truncated_on_decode" {
                assert_eq!(hex, text(row, "hex"), "{}", row["name"]);
            }
        }
    }
    // Those of others are written as the same packet.
    let again = run(&ENCODE, &lines(foreign.iter().map(Json::to_string)));
    assert_eq!(run(&DECODE, &again.stdout).json(), foreign);
}

#[test]
fn what_ncplib_was_given_encodes_to_what_it_sent() {
    let rows = rows("ncp.jsonl");
    let given: Vec<&Json> = rows.iter().filter(|row| !row["packet"].is_null()).collect();
    assert!(given.len() > 150, "{}", given.len());
    let done = run(
        &ENCODE,
        &lines(given.iter().map(|row| row["packet"].to_string())),
    );
    let answers = done.lines();
    assert_eq!(answers.len(), given.len());
    for (row, answer) in given.iter().zip(answers) {
        // ncplib cuts both without a word.
        let refused = match text(row, "name") {
            "string_with_nul_truncated_on_decode" => "Nul",
            "identifier_too_long_truncated_by_peer" => "InvalidInput",
            name => {
                assert_eq!(answer, text(row, "hex"), "{name}");
                continue;
            }
        };
        let error: Json = serde_json::from_str(answer).expect("an error");
        assert_eq!(error["error"]["kind"], refused);
    }
}

#[test]
fn every_invalid_row_has_one_answer() {
    let rows = rows("ncp_invalid.jsonl");
    let done = run(&DECODE, &lines(rows.iter().map(|row| text(row, "hex"))));
    assert_eq!(done.status, Some(1));
    let answers = done.json();
    assert_eq!(answers.len(), rows.len());
    for (row, answer) in rows.iter().zip(answers) {
        let name = text(row, "name");
        let length = text(row, "hex").len() / 2;
        let whole = answer["packets"].as_array().map(Vec::len);
        let warnings = answer["warnings"].as_array().map(Vec::len);
        match text(row, "recommended") {
            // What was a parameter is a field as good as any.
            "reject" if name == "field_size_3_with_params" => {
                assert_eq!((whole, &answer["left"]), (Some(1), &json!(0)));
            }
            "reject" if answer.get("error").is_none() => {
                assert_eq!(whole, Some(0), "{name}");
                // More was announced than there is.
                let cut = matches!(
                    text(row, "category"),
                    "truncated" | "packet_size" | "framing"
                );
                assert!(cut, "{name}");
                assert_eq!(answer["left"], length, "{name}");
            }
            "reject" => {
                let error = &answer["error"];
                assert!(
                    error["kind"].is_string() && error["message"].is_string(),
                    "{name}"
                );
                let offset = error["offset"].as_u64().expect("an offset");
                assert!(offset <= length as u64, "{name}");
                let before = whole.expect("packets") as u64;
                assert_eq!(before, u64::from(name == "trailing_then_footer"), "{name}");
            }
            policy => {
                assert!(answer.get("error").is_none(), "{name}: {policy}");
                assert_eq!((whole, warnings), (Some(1), Some(1)), "{name}");
                let unknown = answer["warnings"][0]["kind"] == "UnknownType";
                assert_eq!(unknown, name.starts_with("unknown_type"), "{name}");
            }
        }
    }
}

#[test]
fn a_value_of_an_unknown_type_is_shown_and_written_again() {
    let rows = rows("ncp_invalid.jsonl");
    let unknown: Vec<&str> = rows
        .iter()
        .filter(|row| text(row, "name").starts_with("unknown_type"))
        .map(|row| text(row, "hex"))
        .collect();
    assert_eq!(unknown.len(), 14);
    let done = run(&DECODE, &lines(&unknown));
    for answer in done.json() {
        let fields = answer["packets"][0]["fields"].as_array().expect("fields");
        let params = fields.iter().flat_map(|field| field["params"].as_array());
        let told: Vec<&Json> = params
            .flatten()
            .filter(|param| param["t"] == "unknown")
            .collect();
        assert_eq!(told.len(), 1);
        assert!(told[0]["kind"].is_u64() && told[0]["v"].is_string());
    }
    assert_eq!(run(&ENCODE, &done.stdout).lines(), unknown);
}

#[test]
fn what_was_decoded_stands_beside_the_error_with_places_in_the_whole_input() {
    let cut = |hex: &str| -> Json {
        run(&["decode", "ncp", "--hex", "--json"], hex.as_bytes())
            .json()
            .remove(0)
    };
    let magic =
        json!({"kind": "Magic", "offset": 40, "message": "a packet begins with DD CC BB AA"});
    let answer = cut(&format!("{ALIVE} 00"));
    assert_eq!((&answer["error"], &answer["left"]), (&magic, &json!(1)));
    assert_eq!(answer["packets"].as_array().map(Vec::len), Some(1));
    // A field of two words behind a sound packet: its size stands at byte 36.
    let field = ALIVE.replacen("4b0a", "4b0d", 1);
    let (head, footer) = field.split_at(64);
    let bad = format!("{head}4649454c0200000000000000{footer}");
    let answer = cut(&format!("{ALIVE}{bad}{ALIVE}"));
    assert_eq!(answer["error"]["kind"], "TooShort");
    assert_eq!(answer["error"]["offset"], 40 + 36);
    assert_eq!(answer["left"], 52 + 40);
    let begun = cut(&format!("{ALIVE}{}", &ALIVE[..20]));
    assert_eq!((begun.get("error"), &begun["left"]), (None, &json!(10)));
}

#[test]
fn every_truncation_says_how_much_is_left() {
    let two = ALIVE.repeat(2);
    let cuts = (0..=two.len() / 2).map(|n| &two[..2 * n]);
    let done = run(&DECODE, &lines(cuts));
    assert_eq!(done.status, Some(0));
    for (n, answer) in done.json().iter().enumerate() {
        assert_eq!(answer["left"], n % 40, "{n} bytes");
        let packets = answer["packets"].as_array().map(Vec::len);
        assert_eq!(packets, Some(n / 40), "{n} bytes");
    }
}

#[test]
fn people_read_a_line_a_packet_and_a_line_a_field() {
    let packet = json!({"type": "DSPC", "id": 3, "secs": 1_623_801_600, "nanos": 500, "info": "12345678",
    "fields": [{"name": "TIME", "id": 7, "params": [
        {"name": "SAMP", "t": "i32", "v": "-5"},
        {"name": "TEXT", "t": "string", "v": "a\u{1b}[J"},
        {"name": "RAW", "t": "raw", "v": "00ff"},
        {"name": "ODD", "t": "unknown", "kind": 85, "v": "01020304"},
        {"name": "FLT", "t": "f32", "v": "3fc00000"},
        {"name": "PDAT", "t": "u8[]", "v": vec!["7"; 20]},
    ]}, {"name": "NONE", "id": 0, "params": []}]});
    let wire = run(&["encode", "ncp"], packet.to_string().as_bytes());
    assert_eq!(wire.status, Some(0), "{}", wire.stderr);
    let done = run(&["decode", "ncp"], &wire.stdout);
    let sevens = ["7"; 16].join(" ");
    let wanted = [
        "0: DSPC id 3 of 2021-06-16T00:00:00.000000500Z from 12345678".to_owned(),
        format!(
            r#"  TIME id 7 SAMP=-5 TEXT="a\u{{1b}}[J" RAW=raw[4](00ff0000) ODD=type 55 [4](01020304) FLT=1.5 PDAT=u8[20]({sevens} ..)"#
        ),
        "  NONE id 0".to_owned(),
        "warning: a value of unknown type 55 (at byte 84)".to_owned(),
    ];
    assert_eq!(done.lines(), wanted);
}

#[test]
fn a_filter_leaves_the_packets_that_match() {
    let packet = |kind: &str, id: u32, field: &str| json!({"type": kind, "id": id, "fields": [{"name": field}]});
    let packets = [
        packet("LINK", 1, "HELO"),
        packet("DSPC", 1, "TIME"),
        packet("DSPC", 2, "SWEP"),
    ];
    let all = json!({"packets": packets}).to_string();
    let wire = run(&["encode", "ncp"], all.as_bytes()).stdout;
    let shown = |filter: &str| -> Vec<String> {
        let done = run(&["decode", "ncp", "--json", "--filter", filter], &wire);
        assert_eq!(done.status, Some(0), "{}", done.stderr);
        let answer = done.json().remove(0);
        assert_eq!(answer["left"], 0);
        let packets = answer["packets"].as_array().expect("packets").iter();
        packets
            .map(|packet| text(&packet["fields"][0], "name").to_owned())
            .collect()
    };
    assert_eq!(shown("type != LINK"), ["TIME", "SWEP"]);
    assert_eq!(shown("type == dspc && id == 1"), ["TIME"]);
    assert_eq!(shown("fields.SWEP"), ["SWEP"]);
    assert!(shown("fields.NONE").is_empty());
    for wrong in ["type=DSPC,id=1", "type == ORDERS", "id == x", "late"] {
        let done = run(&["decode", "ncp", "--filter", wrong], &wire);
        assert_eq!(done.status, Some(2), "{wrong}");
    }
}

#[test]
fn what_cannot_be_written_is_refused_with_the_reason() {
    let param = |param: Json| json!({"type": "T", "fields": [{"name": "F", "params": [param]}]});
    let of = |kind: &str, v: Json| param(json!({"name": "P", "t": kind, "v": v}));
    let bad = [
        (json!(5), "`type`"),
        (json!({"type": "T"}), "`fields`"),
        (json!({"type": "SWEEP", "fields": []}), "no name"),
        (json!({"type": "€", "fields": []}), "no name"),
        (json!({"type": "T", "fields": [], "id": -1}), "`id`"),
        (
            json!({"type": "T", "fields": [], "id": 4_294_967_296_u64}),
            "`id`",
        ),
        (
            json!({"type": "T", "fields": [], "nanos": 1_000_000_000}),
            "`nanos`",
        ),
        (
            json!({"type": "T", "fields": [], "info": "0011223344"}),
            "`info`",
        ),
        (json!({"type": "T", "fields": [{}]}), "`name`"),
        (
            json!({"type": "T", "fields": [{"name": "F", "params": 1}]}),
            "`params`",
        ),
        (param(json!({"name": "P"})), "`t`"),
        (param(json!({"name": "P", "t": "i32"})), "`v`"),
        (of("i16", json!("1")), "no type"),
        (of("i32", json!("2147483648")), "2147483648"),
        (of("i32", json!(1.5)), "1.5"),
        (of("u32", json!("-1")), "-1"),
        (of("f32", json!("00")), "00"),
        (of("f64", json!(1)), "not one"),
        (of("string", json!(1)), "no text"),
        (of("string", json!("a\0b")), "NUL"),
        (of("raw", json!("0g")), "hex"),
        (of("u8[]", json!("1")), "no array"),
        (of("u8[]", json!(["256"])), "256"),
        (of("unknown", json!("00")), "`kind`"),
        (
            param(json!({"name": "P", "t": "unknown", "kind": 0, "v": ""})),
            "known",
        ),
    ];
    let done = run(
        &ENCODE,
        &lines(bad.iter().map(|(packet, _)| packet.to_string())),
    );
    assert_eq!(done.status, Some(1));
    let answers = done.json();
    assert_eq!(answers.len(), bad.len());
    for ((packet, why), answer) in bad.iter().zip(answers) {
        let message = text(&answer["error"], "message");
        assert!(message.contains(why), "{packet}: {message}");
    }
}
