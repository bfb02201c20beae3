//! `wigwag demo` as a process.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use support::running::Running;
use support::wigwag;

/// What and both counts of a row of the summary.
fn rows(text: &str) -> Vec<(String, u64, u64)> {
    let row = |line: &str| {
        let mut words = line.split_whitespace().rev();
        let device = words.next()?.parse().ok()?;
        let server = words.next()?.parse().ok()?;
        let what: Vec<&str> = words.collect();
        Some((
            what.into_iter().rev().collect::<Vec<_>>().join(" "),
            server,
            device,
        ))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn the_story_ends_with_two_books_that_agree() {
    for colours in [false, true] {
        let mut command = wigwag(&["demo", "--once", "--seed", "7"]);
        if !colours {
            command.env("NO_COLOR", "1");
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wigwag starts");
        let done = support::finish(child, Vec::new());
        assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""));
        assert!(!done.text().contains('\x1b'), "no terminal, no colours");
        assert!(done.text().contains("The books agree"), "{}", done.text());
        assert_eq!(done.text().matches("ACCIDENT").count(), 4);
        let rows = rows(done.text());
        assert_eq!(rows.len(), 11, "{rows:?}");
        assert!(
            rows.iter().all(|(_, server, device)| server == device),
            "{rows:?}"
        );
        let count = |name: &str| rows.iter().find(|(what, ..)| what == name).expect(name).1;
        assert_eq!(
            (count("orders"), count("executed and confirmed")),
            (100, 100)
        );
        assert!(count("points in them") > 50_000);
        // One of the commands twice: its connection was cut.
        let of_commands = [
            "commands to the node",
            "answered",
            "cut off before the answer",
        ];
        assert_eq!(of_commands.map(count), [24, 23, 1]);
    }
}

#[test]
fn every_line_for_programs_is_an_event() {
    let done = support::run(&["demo", "--once", "--json"], b"");
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""));
    let events = done.json();
    let times: Vec<u64> = events
        .iter()
        .map(|event| event["t"].as_u64().expect("t"))
        .collect();
    assert!(times.is_sorted());
    assert!(events.iter().all(|event| event["event"].is_string()));
    assert_eq!(events[0]["event"], "inspector");
    let url = events[0]["url"].as_str().expect("an address");
    assert!(
        url.starts_with("http://127.0.0.1:") && url.contains("/#token="),
        "{url}"
    );
    assert_eq!(events[1]["event"], "begins");
    assert_eq!(events[2]["event"], "listening");
    let last = events.last().expect("events");
    assert_eq!(
        (&last["event"], &last["agree"]),
        (&"done".into(), &true.into())
    );
    assert_eq!(
        last["orders"],
        serde_json::json!({"server": 100, "device": 100})
    );

    // What the device submitted is what it was told to be taken.
    let of = |side: &str, name: &str| -> Vec<&Json> {
        let wanted = |event: &&Json| event["side"] == side && event["event"] == name;
        events.iter().filter(wanted).collect()
    };
    let tids = |events: &[&Json]| -> Vec<u64> {
        let mut tids: Vec<u64> = events
            .iter()
            .map(|e| e["tid"].as_u64().expect("tid"))
            .collect();
        tids.sort_unstable();
        tids
    };
    let submitted = of("device", "data");
    assert_eq!(tids(&submitted), tids(&of("device", "data_confirmed")));
    let points: u64 = submitted
        .iter()
        .map(|e| e["points"].as_u64().expect("points"))
        .sum();
    assert_eq!(last["points_in_them"]["server"], points);
    assert!(submitted.iter().all(|event| event["batches"] == 1));
    assert!(of("device", "waiting").iter().all(|event| {
        event["attempt"].is_u64() && event["retry_ms"].is_u64() && event["reason"].is_string()
    }));
}

#[test]
fn one_order_takes_three_seconds_and_delays_no_other() {
    let done = support::run(&["demo", "--once", "--json"], b"");
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let (mut slow, mut meanwhile, mut takes) = (None, 0, None);
    for event in done.json() {
        if event["side"] != "server" || event["protocol"] == "ncp" {
            continue;
        }
        let (tid, t) = (event["tid"].as_u64(), event["t"].as_u64().expect("t"));
        let wait = serde_json::json!([{"orders": [{"type": "wait", "time": 3}]}]);
        // No order tells the device to wait and is confirmed at once.
        let waits = event["data"].to_string().contains("\"wait\"");
        assert_eq!(waits, event["data"] == wait, "{event}");
        if event["event"] == "order" && event["data"] == wait {
            slow = Some((tid, t));
            meanwhile = 0;
        } else if event["event"] == "order_acked" {
            match slow {
                Some((slow, begin)) if slow == tid && takes.is_none() => takes = Some(t - begin),
                Some(_) if takes.is_none() => meanwhile += 1,
                _ => {}
            }
        }
    }
    let takes = takes.expect("it is there, and answered");
    assert!(takes >= 3000, "{takes} ms");
    assert!(meanwhile >= 5, "{meanwhile} others were answered meanwhile");
}

#[test]
fn what_is_asked_of_the_node_is_told_by_both() {
    let done = support::run(&["demo", "--once", "--json"], b"");
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let events = done.json();
    let of = |side: &str, name: &str| -> Vec<&Json> {
        let wanted = |event: &&Json| {
            event["protocol"] == "ncp" && event["side"] == side && event["event"] == name
        };
        events.iter().filter(wanted).collect()
    };
    assert_eq!(of("server", "connected").len(), 2);
    assert_eq!(of("device", "connected").len(), 2);
    assert_eq!(of("device", "disconnected").len(), 1);
    assert!(of("device", "waiting")[0]["retry_ms"].is_u64());
    // The commands, and one of them again; an acknowledgement each of that one.
    assert_eq!(events[1]["commands"], 23);
    assert_eq!(of("server", "field").len(), 24);
    assert_eq!(of("device", "field").len(), 25);
    let answer = of("device", "field");
    let sweep = answer.iter().find(|field| field["name"] == "SWEP");
    let params = sweep.expect("a sweep")["params"].as_array();
    let points = params.into_iter().flatten().find(|p| p["name"] == "PDAT");
    assert_eq!(points.expect("points")["values"], 61_440);
    let last = events.last().expect("events");
    assert_eq!(
        last["commands_to_the_node"],
        serde_json::json!({"server": 24, "device": 24})
    );
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    for args in [&["demo", "--once"][..], &["demo", "--json"]] {
        let mut child = wigwag(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wigwag starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        assert!(
            line.contains("live") || line.contains("inspector"),
            "{line}"
        );
        drop(output);
        // The reader is gone, so there is no more to read here.
        let done = support::finish(child, Vec::new());
        assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn an_interrupted_story_is_brought_to_its_end() {
    let demo = Running::start(&["demo", "--json"]);
    demo.find("an order at the server", |event| {
        event["event"] == "order_acked" && event["side"] == "server"
    });
    demo.ask_to_end();
    let (events, status) = demo.finish();
    let last = events.last().expect("events");
    assert_eq!(
        (status, &last["event"]),
        (Some(0), &"done".into()),
        "{last}"
    );
    assert_eq!(last["agree"], true);
    let orders = last["orders"]["server"].as_u64().expect("a count");
    assert!((1..100).contains(&orders), "{orders}");
}

#[test]
fn without_arguments_it_is_the_demo_and_goes_on() {
    let mut child = wigwag(&[])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut begin = String::new();
    for _ in 0..5 {
        output.read_line(&mut begin).expect("a line");
    }
    assert!(begin.contains("\n  http://127.0.0.1:"), "{begin}");
    assert!(begin.contains("100 orders down"), "{begin}");
    let mut line = String::new();
    while !line.contains("Ctrl-C ends it") {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).expect("a line"),
            0,
            "it ended by itself"
        );
    }
    let id = child.id().to_string();
    let asked = Command::new("kill").args(["-TERM", &id]).status();
    assert!(asked.expect("kill starts").success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    assert!(rest.contains("The books agree"), "{rest}");
    assert!(rows(&rest)[0].1 > 100, "one more a second: {rest}");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
