//! The command line's promises beside the formats: exit statuses, errors,
//! input and output of every shape.

mod support;

use std::fs;
use std::process::Stdio;

use serde_json::json;
use support::{finish, lines, run, wigwag};

/// An ORDER that announces five bytes of payload, and four of them.
const CUT_SHORT: &str = "000000050007000141020102";
/// An ORDER with tid 7 and an empty list, and a FETCH_ORDERS.
const TWO: &str = "000000010007000140000000000000000a";

#[test]
fn exit_statuses_are_done_failed_and_wrong_use() {
    for (args, input, status) in [
        (&["decode", "minijson", "--hex"][..], "08", 0),
        (&["decode", "minijson", "--hex"], "1c", 1),
        (&["decode", "minijson", "--hex"], "0808", 1),
        (&["decode", "minijson", "--hex"], "0", 1),
        (&["decode", "ngtt", "--hex"], CUT_SHORT, 0),
        (&["encode", "minijson"], "[1,2", 1),
        (&["encode", "minijson"], "1.5", 1),
        (&["plan"], "{}", 0),
        (&["plan"], "{", 1),
        (&["plan", "--compat", "neatpy"], "{}", 0),
        (&["plan", "--compat", "other"], "{}", 2),
        (&["decode", "minijson", "/nowhere/at/all"], "", 1),
        (&["decode", "nothing"], "", 2),
        (&["decode", "minijson", "--hex", "--lines"], "", 2),
        (&["decode", "minijson", "--filter", "tid=1"], "", 2),
        (&["decode", "ngtt", "--filter", "colour == 3"], "", 2),
        (&["decode", "ngtt", "--filter", "latency > 1 s"], "", 2),
        (&["decode", "ngtt", "--key-log", "x"], "", 2),
        (&["decode", "ngtt", "--tree"], "", 2),
        (&["decode", "auto", "--lines"], "", 2),
        (&["decode", "auto", "--tree", "--json"], "", 2),
        (&["decode", "auto", "--kind", "tape"], "", 2),
        (&["decode", "auto", "--filter", "late &&"], "", 2),
        (&["decode", "auto", "--hex"], "0000000000070000", 0),
        (&["decode", "auto", "--hex"], "", 1),
        (&["decode", "auto", "/nowhere/at/all"], "", 1),
        (&["decode", "auto", "--key-log", "/nowhere/at/all"], "00", 1),
        (&["nothing"], "", 2),
        (&["pki"], "", 2),
        (&["--help"], "", 0),
        (&["decode", "--help"], "", 0),
        (&["--version"], "", 0),
    ] {
        let done = run(args, input.as_bytes());
        assert_eq!(
            done.status,
            Some(status),
            "{args:?} {input}: {}",
            done.stderr
        );
        assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    }
}

#[test]
fn what_was_decoded_stands_beside_the_error() {
    let done = run(&["decode", "minijson", "--hex", "--json"], b"0307 16");
    let error = json!({
        "kind": "TrailingBytes", "offset": 2, "message": "bytes follow the end of the value",
    });
    assert_eq!(
        done.json(),
        [json!({"value": 7, "consumed": 2, "error": error})]
    );
}

#[test]
fn a_payload_that_is_not_minijson_is_shown_with_its_error() {
    let done = run(
        &["decode", "ngtt", "--hex", "--json"],
        b"0000000200070001 411c",
    );
    let frame = &done.json()[0]["frames"][0];
    assert_eq!(frame["payload_hex"], "411c");
    assert_eq!(frame["payload_error"]["kind"], "UnknownType");
    assert_eq!(frame["payload_error"]["offset"], 1);
    assert_eq!(frame.get("payload"), None);
}

#[test]
fn raw_bytes_hex_and_files_are_the_same_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("order.bin");
    let raw = [0, 0, 0, 1, 0, 7, 0, 1, 0x40];
    fs::write(&file, raw).expect("written");
    let file = file.to_str().expect("a name");
    let decode = ["decode", "ngtt", "--json"];
    let wanted = run(&decode, &raw).json();
    assert_eq!(wanted[0]["frames"][0]["payload"], json!([]));
    assert_eq!(run(&[&decode[..], &[file]].concat(), b"").json(), wanted);
    assert_eq!(run(&[&decode[..], &["-"]].concat(), &raw).json(), wanted);
    let spaced = b" 00 00 00 01\n0007\t0001 40\r\n";
    assert_eq!(
        run(&[&decode[..], &["--hex"]].concat(), spaced).json(),
        wanted
    );
    // And back, raw and as hex.
    let object = wanted[0].to_string();
    assert_eq!(run(&["encode", "ngtt"], object.as_bytes()).stdout, raw);
    let hex = run(&["encode", "ngtt", "--hex"], object.as_bytes());
    assert_eq!(hex.text(), "000000010007000140\n");
}

#[test]
fn a_filter_leaves_what_matches_and_keeps_the_rest_in_step() {
    let show = |filter: &str| -> Vec<String> {
        let args = ["decode", "ngtt", "--hex", "--json", "--filter", filter];
        let done = run(&args, TWO.as_bytes());
        let answer = done.json().remove(0);
        assert_eq!(answer["left"], 0);
        let frames = answer["frames"].as_array().expect("frames").clone();
        frames
            .iter()
            .map(|frame| frame["name"].as_str().unwrap_or("").to_owned())
            .collect()
    };
    assert_eq!(show("type == ORDER"), ["ORDER"]);
    assert_eq!(show("tid == 0 && type == fetch_orders"), ["FETCH_ORDERS"]);
    assert_eq!(show("payload"), ["ORDER"]);
    assert_eq!(show("offset > 3"), ["FETCH_ORDERS"]);
    assert!(show("type == 1 && tid == 8").is_empty());
}

#[test]
fn a_filter_of_the_old_form_is_told_how_it_is_written_now() {
    let old = ["decode", "ngtt", "--hex", "--filter", "type=ORDER,tid=7"];
    let done = run(&old, TWO.as_bytes());
    assert_eq!(done.status, Some(2));
    let wanted = "write type == ORDER && tid == 7\n  type=ORDER,tid=7\n      ^\n";
    assert!(done.stderr.ends_with(wanted), "{}", done.stderr);
}

#[test]
fn every_line_has_exactly_one_answer_whatever_it_holds() {
    let input = b"08\n\nzz\n0\n\xff\xfe\n4108\r\n1c";
    let done = run(&["decode", "minijson", "--lines", "--json"], input);
    let kinds: Vec<_> = done
        .json()
        .iter()
        .map(|a| a["error"]["kind"].clone())
        .collect();
    let wanted = json!([
        null,
        "UnexpectedEnd",
        "InvalidHex",
        "InvalidHex",
        "InvalidHex",
        null,
        "UnknownType",
    ]);
    assert_eq!(json!(kinds), wanted);
    // For people too.
    assert_eq!(
        run(&["decode", "minijson", "--lines"], input).lines().len(),
        7
    );
    let wrong = lines(["{", "5", "\"x\"", "{\"$map\":1}", "", "[[1]]"]);
    assert_eq!(
        run(&["encode", "minijson", "--lines"], &wrong)
            .lines()
            .len(),
        6
    );
}

#[test]
fn every_truncation_of_a_stream_says_how_much_is_left() {
    let cuts = (0..=TWO.len() / 2).map(|n| &TWO[..2 * n]);
    let done = run(&["decode", "ngtt", "--lines", "--json"], &lines(cuts));
    for (n, answer) in done.json().iter().enumerate() {
        let whole = match n {
            0..9 => 0,
            9..17 => 9,
            _ => 17,
        };
        assert_eq!(answer["left"], n - whole, "{n} bytes");
        assert!(answer.get("error").is_none());
    }
}

#[test]
fn what_announces_more_than_it_holds_is_refused_at_once() {
    let deep = |levels: usize| "41".repeat(levels) + "08";
    let bombs = [
        "107fffffff1bfffffffb00".to_owned(), // 2^31 elements on eleven bytes
        "0fffff1bfffffffb00".to_owned(),
        "1bffffffff".to_owned(),
        "0effffffff".to_owned(),
        "13ffffffff".to_owned(),
        deep(20_000),
        deep(129),
    ];
    let done = run(&["decode", "minijson", "--lines", "--json"], &lines(bombs));
    for answer in done.json() {
        assert!(answer["error"]["kind"].is_string(), "{answer}");
    }
    let fits = run(
        &["decode", "minijson", "--hex", "--json"],
        deep(128).as_bytes(),
    );
    assert_eq!(fits.status, Some(0), "128 levels are the limit");
    let value = fits.json()[0]["value"].to_string();
    let back = run(&["encode", "minijson", "--hex"], value.as_bytes());
    assert_eq!(back.text().trim_end(), deep(128));
    let brackets = "[".repeat(1 << 20);
    assert_eq!(
        run(&["encode", "minijson"], brackets.as_bytes()).status,
        Some(1)
    );
    let length = run(
        &["decode", "ngtt", "--hex", "--json"],
        b"ffffffff00020001aabb",
    );
    assert_eq!(length.json(), [json!({"frames": [], "left": 10})]);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    for args in [
        &["decode", "minijson", "--lines", "--json"][..],
        &["encode", "minijson", "--lines"],
        &["plan", "--lines", "--json"],
        &["completions", "bash"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let child = wigwag(args)
            .stdin(Stdio::piped())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .expect("wigwag starts");
        let done = finish(child, b"08\n".repeat(50_000));
        assert_eq!(done.status, Some(0), "{args:?}: {}", done.stderr);
        assert_eq!(done.stderr, "", "{args:?}");
    }
}

#[test]
fn there_are_no_colours_off_a_terminal() {
    for args in [
        &["--help"][..],
        &["decode", "nothing"],
        &["decode", "--help"],
    ] {
        let done = run(args, b"");
        assert!(!done.text().contains('\u{1b}') && !done.stderr.contains('\u{1b}'));
    }
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = run(&["completions", shell], b"");
        assert_eq!(done.status, Some(0));
        assert!(done.text().contains("decode"), "{shell}");
    }
}

#[test]
fn pki_new_writes_what_was_asked_for_and_never_over_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("pki");
    let name = place.to_str().expect("a name");
    let args = [
        "pki",
        "new",
        name,
        "--server-name",
        "ngtt.example",
        "--device-id",
        "a",
        "--device-id",
        "b",
        "--device-id",
        "b",
    ];
    let done = run(&args, b"");
    assert_eq!((done.status, done.text()), (Some(0), ""), "{}", done.stderr);
    assert!(
        done.stderr.contains("ngtt.example and 2 devices"),
        "{}",
        done.stderr
    );
    let mut files: Vec<_> = fs::read_dir(&place)
        .expect("the folder")
        .map(|file| file.expect("an entry").file_name())
        .collect();
    files.sort();
    let wanted = [
        "a.key",
        "a.pem",
        "b.key",
        "b.pem",
        "device-ca.pem",
        "server-ca.pem",
        "server.key",
        "server.pem",
    ];
    assert_eq!(files, wanted);
    let before = fs::read(place.join("server.pem")).expect("the certificate");
    assert_eq!(run(&args, b"").status, Some(1));
    assert_eq!(
        fs::read(place.join("server.pem")).expect("still there"),
        before
    );
    let wrong = run(&["pki", "new", name, "--device-id", "../../x"], b"");
    assert_eq!(wrong.status, Some(2), "{}", wrong.stderr);
}
