//! `wigwag device ngtt` as a process: refusals, waits, and what cannot be used.

mod support;

use std::net::TcpListener;

use serde_json::{Value as Json, json};
use support::device::{Site, named};
use support::name;
use support::running::Running;

#[test]
fn a_server_that_is_not_the_one_meant_is_refused() {
    let site = Site::new();
    let foreign = Site::new();
    let (server, address) = site.serve(&[]);
    let unknown = "the server's certificate does not lead to a trusted root";
    for (call, reason) in [
        (
            site.device(&address).with("server-name", "other.test"),
            "certificate not valid for other.test",
        ),
        (
            site.device(&address).with("server-name", "192.0.2.77"),
            "certificate not valid for 192.0.2.77",
        ),
        (
            site.device(&address)
                .with("ca", name(site.0.path(), "pki/device-ca.pem")),
            unknown,
        ),
        // It has the name of the right one.
        (
            site.device(&address)
                .with("ca", name(foreign.0.path(), "pki/server-ca.pem")),
            "a signature does not fit its key: the server or the root is not the one meant",
        ),
    ] {
        let device = call.start();
        let mut events = device.until("waiting", |event| event["event"] == "waiting");
        device.ask_to_end();
        let (rest, status) = device.finish();
        events.extend(rest);
        assert_eq!(status, Some(1), "{events:?}");
        assert_eq!(named(&events, "connected"), Vec::<&Json>::new());
        assert_eq!(named(&events, "refused")[0]["reason"], reason);
        let waiting = named(&events, "waiting")[0];
        assert_eq!(
            (&waiting["reason"], &waiting["attempt"]),
            (&reason.into(), &1.into())
        );
        // Somebody else may have answered in the server's place.
        let soon = waiting["retry_ms"].as_u64().expect("a time");
        assert!(soon <= 1000, "{waiting}");
    }
    drop(server);
}

#[test]
fn a_device_that_the_server_does_not_know_is_refused() {
    let site = Site::new();
    let foreign = Site::new();
    let (server, address) = site.serve(&[]);
    let strange = name(foreign.0.path(), "pki/device-0001");
    for call in [
        site.device(&address).identity("server"),
        site.device(&address)
            .with("cert", format!("{strange}.pem"))
            .with("key", format!("{strange}.key")),
    ] {
        let device = call.start();
        let reason = device.event("refused")["reason"].clone();
        let words = reason.as_str().expect("text");
        assert!(
            words.starts_with("client certificate refused with TLS alert "),
            "{words}"
        );
        assert_eq!(device.event("waiting")["reason"], reason);
        let told = server.event("refused")["reason"].clone();
        let told = told.as_str().expect("text");
        assert!(told.starts_with("client certificate refused: "), "{told}");
        device.ask_to_end();
        let (events, status) = device.finish();
        assert_eq!((&events[0]["event"], status), (&"done".into(), Some(1)));
    }
}

#[test]
fn a_server_that_comes_late_is_found() {
    let site = Site::new();
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address").to_string();
    drop(port);
    let mut device = site.device(&address).start();
    for attempt in 1..=2 {
        let waiting = device.event("waiting");
        assert_eq!(waiting["attempt"], attempt);
        assert!(waiting["retry_ms"].as_u64().expect("a time") <= 1000 * attempt);
        let reason = waiting["reason"].as_str().expect("text");
        assert!(reason.contains("refused"), "{reason}");
    }
    let (server, _) = Running::serve(&address, &site.pki(), &[]);
    device.event("connected");
    assert_eq!(server.event("connected")["cn"], "device-0001");
    assert_eq!(device.terminate(), Some(0));

    // If it never comes, that is a failure, and said.
    drop(server);
    let done = site.device(&address).with("duration", 2).say();
    assert_eq!(done.status, Some(1));
    assert!(
        done.stderr
            .contains("device-0001 has not reached the server: the connection was refused\n"),
        "{}",
        done.stderr
    );
    assert!(
        done.text().contains("waiting  attempt 1"),
        "{}",
        done.text()
    );
    let last = done.lines().last().copied().unwrap_or_default();
    assert!(last.contains(" s  done  acked 0  baobs 0  "), "{last}");
}

#[test]
fn what_cannot_be_taken_or_sent_is_told() {
    let site = Site::new();
    let long = json!([{"orders": [{"type": "message", "uuid": "x".repeat(10_000)}]}]);
    let (server, address) = site.serve(&["--orders", &site.file("orders.json", long)]);
    let device = site.device(&address).start();
    let dropped = device.event("dropped");
    assert_eq!(dropped["count"], 1);
    let what = dropped["what"].as_str().expect("text");
    assert!(what.starts_with("ORDER of 100"), "{what}");
    drop((server, device));

    // Nobody is there to read this.
    let data = json!([{"path": "W1", "values": [[1_700_000_000_000_u64, 7]]}]);
    let baobs = site.file("baobs.json", json!({"firmware": 3}));
    let call = site
        .device("127.0.0.1:1")
        .with("data", site.file("data.json", data));
    let device = call.with("baobs", baobs).start();
    device.event("waiting");
    device.ask_to_end();
    device.event("waiting");
    // It still hopes; the second time it goes at once.
    device.ask_to_end();
    let (events, status) = device.finish();
    let last = events.last().expect("events");
    assert_eq!((&last["unsent_batches"], status), (&1.into(), Some(1)));
}

#[test]
fn what_cannot_be_used_is_said() {
    let site = Site::new();
    let address = "127.0.0.1:1";
    let device = || site.device(address).with("duration", 0.1);
    let text = site.file("text", "no PEM");
    let number = site.file("number.json", 7);
    let list = site.file("list.json", "[7]");
    let missing = name(site.0.path(), "missing");
    let server_key = name(site.0.path(), "pki/server.key");
    let certificate = name(site.0.path(), "pki/server.pem");
    for (call, status, words) in [
        (device().with("ca", &text), 1, "holds no certificate in PEM"),
        (
            device().with("cert", &text),
            1,
            "holds no certificate in PEM",
        ),
        (
            device().with("key", &text),
            1,
            "holds no private key in PEM",
        ),
        (
            device().with("key", &certificate),
            1,
            "holds no private key in PEM",
        ),
        (
            device().with("key", &server_key),
            2,
            "the device certificate is for another key",
        ),
        (device().with("ca", &missing), 1, "missing"),
        (device().with("data", &missing), 1, "missing"),
        (device().with("data", &text), 1, "at byte 0"),
        (device().with("data", &number), 1, "number.json: not a list"),
        (
            device().with("data", &list),
            1,
            "list.json: entry 0 is not {\"path\": text",
        ),
        (device().with("logs", &text), 1, "at byte 0"),
        (device().with("logs", &number), 1, "number.json: not a list"),
        (
            device().with("logs", &list),
            1,
            "list.json: entry 0 is not {\"service\": text",
        ),
        (device().with("baobs", &list), 1, "list.json: not a map"),
        (device().with("duration", "nan"), 2, "--duration"),
        (
            device().with("connect", "127.0.0.1"),
            2,
            "a port is missing: HOST:PORT",
        ),
        (
            device().with("connect", "nowhere.invalid:1"),
            2,
            "--connect: no address of nowhere.invalid:1: ",
        ),
        (device().with("server-name", "a b"), 2, "neither a DNS name"),
        (device().with("server-name", "::1"), 2, "IPv6"),
        (device().with("reply", "maybe"), 2, "maybe"),
    ] {
        let done = call.say();
        assert_eq!(done.status, Some(status), "{words}: {}", done.stderr);
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
        assert!(done.stdout.is_empty(), "{words}: {}", done.text());
    }
}
