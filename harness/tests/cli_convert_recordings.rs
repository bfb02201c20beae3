//! `wigwag convert` between forms of recordings.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use support::recordings::{conversation, every_protocol};
use support::run;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.jsonl"), conversation()).expect("written");
        fs::write(folder.path().join("all.jsonl"), every_protocol()).expect("written");
        Self(folder)
    }

    fn place(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn convert(&self, from: &str, to: &str, more: &[&str]) -> support::Done {
        let (from, to) = (self.place(from), self.place(to));
        run(&[&["convert", &from, &to], more].concat(), b"")
    }

    /// What `decode auto --json` shows of a file, without the numbers of rows.
    fn rows(&self, name: &str) -> Vec<Json> {
        let mut rows = run(&["decode", "auto", "--json", &self.place(name)], b"").json();
        for row in &mut rows {
            for key in ["row", "pair"] {
                row.as_object_mut().expect("an object").remove(key);
            }
        }
        rows
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.display().to_string()).collect();
        names.sort();
        names
    }
}

#[test]
fn recordings_go_round_and_come_back_the_same() {
    let folder = Folder::new();
    for name in ["a", "all"] {
        let original = folder.rows(&format!("{name}.jsonl"));
        assert!(original.len() >= 4, "{name}");
        let mut from = format!("{name}.jsonl");
        for to in ["1.wgcap", "2.jsonl", "3.capture", "4.ndjson"] {
            let to = format!("{name}{to}");
            let done = folder.convert(&from, &to, &[]);
            assert_eq!(done.status, Some(0), "{from} to {to}: {}", done.stderr);
            assert_eq!(folder.rows(&to), original, "{from} to {to}");
            from = to;
        }
    }
}

#[test]
fn packets_hold_the_same_frames() {
    let folder = Folder::new();
    let frames = |name: &str| {
        let mut rows = folder.rows(name);
        for row in &mut rows {
            // Packets have numbers of their own for connections.
            row.as_object_mut().expect("an object").remove("connection");
        }
        rows
    };
    assert_eq!(folder.convert("a.jsonl", "a.pcapng", &[]).status, Some(0));
    assert_eq!(frames("a.pcapng"), frames("a.jsonl"));
    let done = folder.convert("a.pcapng", "b.wgcap", &["--from", "pcapng"]);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    assert_eq!(frames("b.wgcap"), frames("a.jsonl"));
    let done = folder.convert("a.pcapng", "c.wgcap", &["--from", "pcap"]);
    assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
}

#[test]
fn a_filter_chooses_what_is_written() {
    let folder = Folder::new();
    let slow = ["--filter", "latency > 1 s || payload ~ \"hello\""];
    assert_eq!(folder.convert("a.jsonl", "slow.csv", &slow).status, Some(0));
    let table = fs::read_to_string(folder.place("slow.csv")).expect("made");
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("row,time_us,connection,"), "{table}");
    assert_eq!(lines.len(), 4);
    let kinds = ["ORDER,", "ORDER_CONFIRM", "LOGS"];
    for (line, kind) in lines[1..].iter().zip(kinds) {
        assert!(line.contains(kind), "{table}");
    }
    let one = ["--filter", "direction == to_device && id == 7"];
    assert_eq!(folder.convert("a.jsonl", "one.bin", &one).status, Some(0));
    let bytes = fs::read(folder.place("one.bin")).expect("made");
    assert_eq!(bytes[4..8], [0, 7, 0, 1]);
}

#[test]
fn pipes_are_read_and_written_when_the_forms_are_given() {
    let lines = conversation();
    let to_capture = run(&["convert", "-", "-", "--to", "capture"], &lines);
    assert_eq!(to_capture.status, Some(0), "{}", to_capture.stderr);
    let back = ["convert", "-", "-", "--from", "capture", "--to", "jsonl"];
    let back = run(&back, &to_capture.stdout);
    assert_eq!(
        back.json()
            .iter()
            .filter(|line| line.get("hex").is_some())
            .count(),
        8
    );
    // A device is written to where it is, and stays one.
    let done = run(&["convert", "-", "/dev/null", "--to", "csv"], &lines);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    assert!(!fs::metadata("/dev/null").expect("there").is_file());
}

#[test]
fn what_cannot_be_converted_is_said_and_leaves_older_files_as_they_were() {
    let folder = Folder::new();
    fs::write(folder.place("old.wgcap"), "older").expect("written");
    fs::write(folder.place("empty.jsonl"), "").expect("written");
    fs::write(folder.place("v.mjson"), b"\x08").expect("written");
    for (from, to, more, status, part) in [
        ("missing.jsonl", "old.wgcap", &[][..], 1, "missing.jsonl"),
        ("empty.jsonl", "old.wgcap", &[], 1, "no frames"),
        (
            "a.jsonl",
            "old.wgcap",
            &["--filter", "late &&"],
            2,
            "--filter",
        ),
        ("a.jsonl", "x.bin", &[], 2, "one direction"),
        ("a.jsonl", "x.pcap", &[], 2, "not written"),
        ("a.jsonl", "x.json", &[], 2, "is no value"),
        (
            "v.mjson",
            "x.json",
            &["--filter", "late"],
            2,
            "for recordings",
        ),
        (
            "v.mjson",
            "x.json",
            &["--key-log", "x"],
            2,
            "for recordings",
        ),
        ("a.csv", "x.wgcap", &[], 2, "cannot be read back"),
        ("a.jsonl", "x.wgcap", &["--from", "json"], 2, "no recording"),
        ("a.jsonl", "x.txt", &[], 2, "does not tell its form"),
        ("a.jsonl", "no/such/folder.wgcap", &[], 1, "cannot write"),
    ] {
        let done = folder.convert(from, to, more);
        assert_eq!(done.status, Some(status), "{from} {to}: {}", done.stderr);
        assert!(done.stderr.contains(part), "{from} {to}: {}", done.stderr);
    }
    let older = fs::read(folder.place("old.wgcap")).expect("still there");
    assert_eq!(older, b"older");
    let kept = [
        "a.jsonl",
        "all.jsonl",
        "empty.jsonl",
        "old.wgcap",
        "v.mjson",
    ];
    assert_eq!(folder.names(), kept, "nothing else is left behind");
}

#[test]
fn a_recording_that_is_broken_is_written_as_far_as_it_goes() {
    let folder = Folder::new();
    assert_eq!(folder.convert("a.jsonl", "a.wgcap", &[]).status, Some(0));
    let whole = fs::read(folder.place("a.wgcap")).expect("made");
    fs::write(folder.place("cut.wgcap"), &whole[..whole.len() - 30]).expect("written");
    let done = folder.convert("cut.wgcap", "rest.jsonl", &[]);
    assert_eq!(done.status, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("at byte"), "{}", done.stderr);
    let rows = folder.rows("rest.jsonl").len();
    assert!((5..8).contains(&rows), "{rows}");
    assert!(Path::new(&folder.place("rest.jsonl")).exists());
}
