//! `wigwag convert` between minijson, JSON and CBOR.

mod support;

use std::fs;
use std::path::Path;

use support::run;
use wigwag_tests::vectors;

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn documents_go_round_all_forms_and_come_back_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        "orders",
        "pathpoints_small",
        "pathpoints_large",
        "logs",
        "baobs",
    ] {
        let minijson = vectors::path(&format!("corpus/{name}.mjson"));
        let json = vectors::path(&format!("corpus/{name}.json"));
        let place = |end: &str| folder.path().join(format!("{name}.{end}"));
        let path = [
            (minijson.clone(), place("json")),
            (place("json"), place("cbor")),
            (place("cbor"), place("2.mjson")),
            (json.clone(), place("3.mjson")),
        ];
        for (from, to) in &path {
            let done = run(&["convert", &text(from), &text(to)], b"");
            assert_eq!(done.status, Some(0), "{name}: {}", done.stderr);
        }
        let original = fs::read(&minijson).expect("the corpus");
        // Through JSON, numbers with a fraction become doubles in CBOR only if
        // they were; here every float was a single.
        assert!(
            fs::read(place("2.mjson")).expect("made") == original,
            "{name} by CBOR"
        );
        assert!(
            fs::read(place("3.mjson")).expect("made") == original,
            "{name} by JSON"
        );
        let ours: serde_json::Value =
            serde_json::from_slice(&fs::read(place("json")).expect("made")).expect("JSON");
        let theirs: serde_json::Value =
            serde_json::from_slice(&fs::read(&json).expect("the corpus")).expect("JSON");
        assert!(ours == theirs, "{name}: the same JSON");
    }
}

#[test]
fn forms_may_be_given_and_pipes_used() {
    let to_cbor = ["convert", "-", "-", "--from", "json", "--to", "cbor"];
    assert_eq!(
        run(&to_cbor, b"{\"a\":[1,null]}").stdout,
        b"\xa1\x61a\x82\x01\xf6"
    );
    let to_minijson = ["convert", "-", "-", "--from", "json", "--to", "minijson"];
    assert_eq!(run(&to_minijson, b"0.1").stdout, b"\x09\x3d\xcc\xcc\xcd");
    let double = [&to_minijson[..], &["--double"]].concat();
    let wide = b"\x0a\x3f\xb9\x99\x99\x99\x99\x99\x9a";
    assert_eq!(run(&double, b"0.1").stdout, wide);
    // A long way round is made short: [1] with a 32-bit count and number.
    let canonical = [
        "convert", "-", "-", "--from", "minijson", "--to", "minijson",
    ];
    let long = b"\x10\0\0\0\x01\x01\0\0\0\x01";
    assert_eq!(run(&canonical, long).stdout, b"\x41\x03\x01");
}

#[test]
fn what_cannot_be_converted_is_said_and_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| text(&folder.path().join(name));
    fs::write(place("bad.json"), "[1,").expect("written");
    fs::write(place("bad.cbor"), b"\xd8\x64\x01").expect("written");
    for (from, to, status) in [
        ("bad.json", "out.cbor", 1),
        ("bad.cbor", "out.mjson", 1),
        ("missing.json", "out.mjson", 1),
        ("bad.json", "out.txt", 2),
        ("bad", "out.json", 2),
    ] {
        let wrong = if status == 1 {
            from
        } else {
            "does not tell its form"
        };
        let done = run(&["convert", &place(from), &place(to)], b"");
        assert_eq!(done.status, Some(status), "{from}: {}", done.stderr);
        assert!(done.stderr.contains(wrong), "{from}: {}", done.stderr);
        assert!(!Path::new(&place(to)).exists(), "{to}");
    }
}
