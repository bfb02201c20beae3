//! `wigwag decode auto`: recordings of every kind as lists, trees and JSON.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value as Json, json};
use support::recordings::{BEGIN, conversation, every_protocol};
use support::{run, wigwag};

const AUTO: &[&str] = &["decode", "auto"];

fn rows(args: &[&str], input: &[u8]) -> Vec<Json> {
    run(&[AUTO, &["--json"], args].concat(), input).json()
}

#[test]
fn a_list_tells_who_said_what_and_how_long_it_took() {
    let done = run(AUTO, &conversation());
    // One frame is malformed.
    assert_eq!((done.status, done.stderr.as_str()), (Some(1), ""));
    let lines = done.lines();
    assert_eq!(
        lines[0],
        "# connection 4: device-0001 \u{2192} localhost:2405, from 2026-11-21T19:25:00.000000Z"
    );
    assert_eq!(lines.len(), 9);
    for (line, parts) in [
        (1, &["0.000000 #4  \u{2192} FETCH_ORDERS"][..]),
        (2, &["0.004000 #4  \u{2190} ORDER ", " 7 ", "W1 = 5"]),
        (3, &["3.204000", "ORDER_CONFIRM", "3.200 s"]),
        (5, &["ORDER_REJECT", "40.0 ms", "[", "rejected"]),
        (7, &["ORDER ", " 9 ", "not answered"]),
        (8, &["ORDER ", "malformed", "0x1c"]),
    ] {
        for part in parts {
            assert!(lines[line].contains(part), "{part}: {}", lines[line]);
        }
    }
    assert!(
        !done.text().contains('\x1b'),
        "neither colours nor a log's escapes"
    );
}

#[test]
fn rows_as_json_have_their_columns_and_the_frame_as_its_format_shows_it() {
    let rows = rows(&[], &conversation());
    let frame = |hex: &str| {
        let done = run(&["decode", "ngtt", "--hex", "--json"], hex.as_bytes());
        done.json()[0]["frames"][0].clone()
    };
    assert_eq!(
        rows[2],
        json!({
            "row": 2, "time": BEGIN + 3_205_000, "connection": 4, "direction": "to_server",
            "protocol": "ngtt", "type": "ORDER_CONFIRM", "id": 7, "length": 8, "offset": 8,
            "pair": 1, "latency": 3_200_000, "frame": frame("0000000000070002"),
        })
    );
    assert_eq!(rows[7]["flags"], json!(["malformed", "unanswered"]));
    assert_eq!(rows[7]["frame"], frame("00000003000a0001411c00"));
    assert_eq!(rows[7]["frame"]["payload_error"]["kind"], "UnknownType");
    assert_eq!(rows[0].get("flags"), None);
    assert_eq!(rows.len(), 8);
}

#[test]
fn every_protocol_has_its_own_form_in_the_rows() {
    let rows = rows(&[], &every_protocol());
    let frames: Vec<&Json> = rows.iter().map(|row| &row["frame"]).collect();
    assert_eq!(frames[0]["name"], "PING");
    assert_eq!(frames[1]["fields"][0]["params"][0]["v"], "5");
    assert_eq!(rows[1]["type"], "DSPC");
    assert_eq!(*frames[2], json!({"message": "68656c6c6f"}));
    assert_eq!(*frames[3], json!({"value": {"$map": [["a", 7]]}}));
    assert_eq!(rows[3].get("type"), None);
}

#[test]
fn filters_choose_rows_by_columns_flags_and_fields() {
    for (filter, ids) in [
        ("type == ORDER", &[7, 8, 9, 10][..]),
        ("latency > 3 s", &[7, 7]),
        ("type == ORDER && latency > 3 s", &[7]),
        ("unanswered && !malformed", &[9]),
        ("time > 5 s || error", &[8, 9, 10]),
        ("payload[0].orders[*].path == \"W1\"", &[7, 8, 9]),
        ("payload ~ \"HELLO\"", &[0]),
        (
            "connection == 4 && direction == to_server && id > 0",
            &[7, 8],
        ),
        ("", &[0, 7, 7, 8, 8, 0, 9, 10]),
    ] {
        let found = rows(&["--filter", filter], &conversation());
        let found: Vec<&Json> = found.iter().map(|row| &row["id"]).collect();
        assert_eq!(found, ids, "{filter}");
    }
}

#[test]
fn every_filter_of_the_help_is_read() {
    let help = run(&["decode", "--help"], b"");
    let filters = help.text().split("Filters:").nth(1).expect("filters");
    let filters = filters.split("Examples:").next().expect("then examples");
    let lines = filters.lines().filter(|line| line.starts_with("  "));
    let filters: Vec<&str> = lines
        .map(|line| line.trim_start().split("  ").next().expect("a filter"))
        .collect();
    assert_eq!(filters.len(), 9, "{filters:?}");
    for filter in filters {
        // One stands so close to its meaning that only one space is between them.
        let filter = filter.split(" text in").next().expect("a filter");
        let done = run(&[AUTO, &["--filter", filter]].concat(), &conversation());
        assert!(
            matches!(done.status, Some(0 | 1)),
            "{filter}: {}",
            done.stderr
        );
        let is_quiet = done.stderr.is_empty();
        let none = "wigwag: 0 of 8 frames pass the filter";
        assert!(
            is_quiet || done.stderr.starts_with(none),
            "{filter}: {}",
            done.stderr
        );
    }
}

#[test]
fn packets_are_decrypted_with_a_key_log() {
    let place = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/pcap/");
        format!("{folder}{name}")
    };
    let (packets, keys) = (place("ngtt_tls.pcapng"), place("ngtt_tls.keys"));
    let types = |rows: &[Json]| -> Vec<String> {
        let types = rows.iter().map(|row| row["type"].to_string());
        types.collect()
    };
    let with = rows(&[&packets, "--key-log", &keys], b"");
    assert!(
        types(&with).iter().any(|name| name == "\"ORDER_CONFIRM\""),
        "{with:?}"
    );
    assert!(with.iter().any(|row| row["latency"].as_u64() > Some(0)));
    // Without the secrets it is said which are missing.
    let without = run(&[AUTO, &[&packets]].concat(), b"");
    assert_eq!(without.status, Some(1));
    assert!(
        without.stderr.contains("client random"),
        "{}",
        without.stderr
    );
    assert!(!without.text().contains("ORDER"), "{}", without.text());
    // A file that holds them needs none.
    let inside = rows(&[&place("suites_tls_secrets.pcapng")], b"");
    assert!(
        inside.iter().any(|row| row["protocol"] != "unknown"),
        "{inside:?}"
    );
    let plain = rows(&[&place("ncp_plain.pcap")], b"");
    assert!(
        plain
            .iter()
            .any(|row| row["protocol"] == "ncp" && row["type"] == "LINK")
    );
}

#[test]
fn a_frame_that_is_alone_is_shown_as_a_tree() {
    let one = ["--filter", "id == 7 && type == ORDER"];
    let done = run(&[AUTO, &one[..]].concat(), &conversation());
    assert_eq!(done.status, Some(0));
    let text = done.text();
    for part in [
        "       4  00 07                          tid  7\n",
        "path  \"W1\"\n",
        "value  5\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let list = run(AUTO, &conversation());
    assert!(!list.text().contains("tid  7"));
    let trees = run(&[AUTO, &["--tree"][..]].concat(), &conversation());
    assert_eq!(trees.text().matches("  tid  ").count(), 8);
    assert!(!trees.text().contains('\x1b'));
}

#[test]
fn the_same_frames_come_out_of_every_kind_of_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    fs::write(place("a.jsonl"), conversation()).expect("written");
    let frames = |args: &[&str]| -> Vec<Json> {
        let rows = rows(args, b"");
        rows.into_iter().map(|row| row["frame"].clone()).collect()
    };
    let expected = frames(&[&place("a.jsonl")]);
    assert_eq!(expected.len(), 8);
    let captured = run(&["convert", &place("a.jsonl"), &place("a.wgcap")], b"");
    assert_eq!(captured.status, Some(0), "{}", captured.stderr);
    assert_eq!(frames(&[&place("a.wgcap")]), expected);
    // One direction as bytes, hex and base64; its kind found out and given.
    let raw = ["convert", &place("a.jsonl"), &place("a.bin")];
    let one = ["--filter", "direction == to_server"];
    assert_eq!(run(&[&raw[..], &one].concat(), b"").status, Some(0));
    let bytes = fs::read(place("a.bin")).expect("made");
    let to_server: Vec<Json> = [0, 2, 4, 5].map(|row| expected[row].clone()).into();
    fs::write(place("a.txt"), wigwag_harness::tagged::to_hex(&bytes)).expect("written");
    assert_eq!(frames(&[&place("a.bin")]), to_server);
    assert_eq!(
        frames(&["--kind", "raw", "--protocol", "ngtt", &place("a.bin")]),
        to_server
    );
    assert_eq!(frames(&[&place("a.txt")]), to_server);
    assert_eq!(frames(&["--hex", &place("a.txt")]), to_server);
    // They have no times, and none are made up.
    let row = &rows(&[&place("a.bin")], b"")[0];
    assert_eq!((row.get("time"), row.get("latency")), (None, None));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_shown() {
    let mut broken = conversation();
    broken.extend(b"{\"time\": oops}\n");
    let mut after = conversation();
    after.truncate(0);
    broken.append(&mut after);
    let done = run(AUTO, &broken);
    assert_eq!(done.status, Some(1));
    assert_eq!(done.lines().len(), 9);
    assert!(
        done.stderr.starts_with("wigwag: standard input: at byte "),
        "{}",
        done.stderr
    );
    let rows = rows(&[], &broken);
    assert_eq!(rows.len(), 9);
    let error = &rows[8]["error"];
    assert!(
        error["offset"].as_u64() > Some(100) && error["message"].is_string(),
        "{error}"
    );
    for garbage in [
        &b""[..],
        b"\0",
        b"{",
        b"\xd9\xd9\xf8\xdaWGWGCBOR\xff\xff\xff",
        &[0xFF; 5000],
    ] {
        let done = run(AUTO, garbage);
        assert!(
            matches!(done.status, Some(0 | 1)),
            "{garbage:.20?}: {}",
            done.stderr
        );
        assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    }
}

#[test]
fn a_pipe_is_followed_frame_by_frame() {
    let mut child = wigwag(&["decode", "auto", "--follow", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    let mut input = child.stdin.take().expect("piped");
    let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || -> Json {
        let line = output.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    };
    let conversation = conversation();
    // Enough to see what it is; the rest comes after the answer was read.
    let lines: Vec<&[u8]> = conversation
        .split_inclusive(|byte| *byte == b'\n')
        .collect();
    let filler = [b' '; 5000];
    input.write_all(&lines[..3].concat()).expect("taken");
    input.write_all(&filler).expect("taken");
    input.write_all(b"\n").expect("taken");
    assert_eq!(next()["type"], "FETCH_ORDERS");
    assert_eq!(next()["type"], "ORDER");
    input.write_all(lines[3]).expect("taken");
    assert_eq!(next()["latency"], 3_200_000);
    drop(input);
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let many = conversation().repeat(2000);
    let mut child = wigwag(AUTO)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    let mut input = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || input.write_all(&many));
    let mut first = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    output.read_line(&mut first).expect("a line");
    drop(output);
    let done = child.wait_with_output().expect("ended");
    let _ = writer.join();
    assert!(first.starts_with("# connection 4"), "{first}");
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
}

#[test]
fn a_filter_that_lets_nothing_pass_is_told_and_what_may_be_meant() {
    let filtered = |filter: &str| run(&[AUTO, &["--filter", filter]].concat(), &conversation());
    let done = filtered("type == ORDR");
    assert_eq!((done.status, done.text()), (Some(0), ""));
    let told = &done.stderr;
    assert!(told.contains("0 of 8 frames pass the filter"), "{told}");
    assert!(
        told.contains("no frame has the type ORDR (did you mean ORDER?)"),
        "{told}"
    );
    let told = filtered("id == 4711").stderr;
    assert!(
        told.contains("0 of 8 frames") && !told.contains("type"),
        "{told}"
    );
    let told = filtered("type == ORDER").stderr;
    assert!(!told.contains("pass the filter"), "{told}");
}

#[test]
fn what_is_no_recording_is_told_with_what_was_looked_for() {
    let noise: Vec<u8> = (0..200_u8).map(|n| n.wrapping_mul(37) | 0x70).collect();
    let done = run(AUTO, &noise);
    assert_eq!(done.status, Some(1));
    for word in ["no recording", "read as raw", "captures", "NGTT", "--kind"] {
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
    }
    // Who says what it is is not told that it is nothing.
    let done = run(&[AUTO, &["--kind", "raw"]].concat(), &noise);
    assert!(!done.stderr.contains("no recording"), "{}", done.stderr);
    // A key log is named, and no secret is shown.
    let secrets = format!(
        "CLIENT_TRAFFIC_SECRET_0 {} {}",
        "ab".repeat(32),
        "cd".repeat(32)
    );
    let done = run(AUTO, secrets.as_bytes());
    assert_eq!(done.status, Some(1));
    assert!(done.stderr.contains("a key log"), "{}", done.stderr);
    assert!(!done.text().contains("cdcd"), "{}", done.text());
}

#[test]
fn a_guess_is_shown_with_its_reason() {
    // An order whose payload was not copied to its end.
    let done = run(&["decode", "auto"], b"0000001d 0007 0001 41 52 06 6f 72 64");
    assert!(
        done.text()
            .contains("ngtt: it begins as a frame of a known type"),
        "{}",
        done.text()
    );
    let done = run(&["decode", "auto"], b"00 00 00 05 68 65 6c 6c 6f");
    assert!(
        done.text().contains("prefix: lengths of four bytes"),
        "{}",
        done.text()
    );
}

#[test]
fn the_key_log_has_one_name_and_its_old_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys.txt");
    std::fs::write(&keys, "# nothing yet\n").expect("written");
    let keys = keys.display().to_string();
    for option in ["--key-log", "--keylog"] {
        let done = run(
            &[AUTO, &["--json", option, &keys]].concat(),
            &conversation(),
        );
        assert_eq!(done.status, Some(1), "{option}: {}", done.stderr);
        assert_eq!(done.json().len(), 8, "{option}");
    }
}
