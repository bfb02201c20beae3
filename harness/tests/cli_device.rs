//! `wigwag device ngtt` against `wigwag serve ngtt`, as processes: what gets
//! there, and how it ends.

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value as Json, json};
use support::device::{Site, named};
use support::running::Running;
use support::wigwag;

/// An order that can be told from others.
fn order(uuid: u32) -> Json {
    json!([{"orders": [{"type": "message", "uuid": uuid.to_string()}]}])
}

fn tids(events: &[Json], name: &str) -> Vec<u64> {
    let tid = |event: &&Json| event["tid"].as_u64().expect("a tid");
    named(events, name).iter().map(tid).collect()
}

fn sum(events: &[Json], name: &str, field: &str) -> u64 {
    let number = |event: &&Json| event[field].as_u64().expect("a number");
    named(events, name).iter().map(number).sum()
}

#[test]
fn orders_are_answered_as_told() {
    for (reply, device_says, server_says) in [
        ("ack", "order_acked", "order_acked"),
        ("reject", "order_rejected", "order_rejected"),
        ("none", "", ""),
    ] {
        let site = Site::new();
        let orders = site.file("orders.json", order(7));
        let (server, address) = site.serve(&["--orders", &orders, "--repeat", "5"]);
        let call = site
            .device(&address)
            .with("reply", reply)
            .with("max-orders", 3);
        let (events, status) = call.run();
        assert_eq!(status, Some(0), "{events:?}");
        assert_eq!(events[0]["event"], "connected");
        assert!(events.iter().all(|event| event["t"].is_u64()));
        assert_eq!(tids(&events, "order"), [1, 2, 3]);
        assert!(
            named(&events, "order")
                .iter()
                .all(|told| told["data"] == order(7))
        );
        let last = events.last().expect("events");
        // Two more orders are on the device: it does not wait for those.
        assert!(last["t"].as_u64().expect("t") < 9_000, "{last}");
        let counts = ["orders", "acked", "rejected"].map(|field| last[field].as_u64());
        let expected = match reply {
            "ack" => [3, 3, 0],
            "reject" => [3, 0, 3],
            _ => [3, 0, 0],
        };
        assert_eq!(
            (&last["event"], counts),
            (&"done".into(), expected.map(Some))
        );
        server.ask_to_end();
        let (told, status) = server.finish();
        assert_eq!(status, Some(0));
        if device_says.is_empty() {
            assert_eq!(named(&events, "order_acked"), Vec::<&Json>::new());
        } else {
            assert_eq!(tids(&events, device_says), [1, 2, 3]);
            assert_eq!(tids(&told, server_says), [1, 2, 3]);
        }
        assert_eq!(
            told.last().expect("events")["unanswered"],
            if reply == "none" { 5 } else { 2 }
        );
    }
}

#[test]
fn pathpoints_logs_and_binary_objects_arrive() {
    let site = Site::new();
    let data = json!([
        {"path": "pump/speed", "values": [[1_700_000_000_000_u64, 7], [1_700_000_001_000_u64, 8.5]]},
        {"path": "pump/state", "values": [[1_700_000_000_000_u64, "on"], [false, 1_700_000_001_000_u64, "timeout"]]},
    ]);
    let entry = |message: &str| json!({"service": "pump", "when": 1_700_000_000_000_000_u64, "level": 20, "message": message});
    let (server, address) = site.serve(&[]);
    let call = site
        .device(&address)
        .with("data", site.file("data.json", data))
        .with(
            "logs",
            site.file("logs.json", json!([entry("on"), entry("off"), entry("on")])),
        )
        .with(
            "baobs",
            site.file("baobs.json", json!({"firmware": 3, "wanted": -1})),
        )
        .with("max-orders", 0);
    let (events, status) = call.run();
    assert_eq!(status, Some(0), "{events:?}");
    server.ask_to_end();
    let (told, _) = server.finish();

    let submitted = named(&events, "data");
    assert_eq!(
        (&submitted[0]["points"], &submitted[0]["batches"]),
        (&4.into(), &1.into())
    );
    assert_eq!(tids(&events, "data").len(), 1);
    assert_eq!(tids(&events, "data_confirmed"), tids(&events, "data"));
    assert_eq!(tids(&told, "data"), tids(&events, "data"));
    assert_eq!(tids(&told, "data_confirmed"), tids(&events, "data"));
    assert_eq!(sum(&told, "data", "points"), 4);
    for side in [&events, &told] {
        assert_eq!(sum(side, "logs", "count"), 3);
        let baobs = named(side, "baobs");
        assert_eq!(
            (&baobs[0]["download"], &baobs[0]["upload"]),
            (&json!([]), &json!(["firmware"]))
        );
    }
    let last = events.last().expect("events");
    let totals = ["points", "logs", "baobs", "unsent_batches"].map(|field| last[field].as_u64());
    assert_eq!(totals, [4, 3, 1, 0].map(Some));
}

#[test]
fn several_devices_have_their_own_orders() {
    let site = Site::with_devices(&["a", "b", "c", "d"]);
    let orders = site.file("orders.json", order(7));
    let (server, address) = site.serve(&["--orders", &orders, "--repeat", "2"]);
    let call = site.device(&address).identity("b").with("count", 3);
    let (events, status) = call.with("max-orders", 2).run();
    assert_eq!(status, Some(0), "{events:?}");
    server.ask_to_end();
    let (told, _) = server.finish();
    let by_device = |events: &[Json]| {
        let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for event in named(events, "order_acked") {
            let device = event["cn"].as_str().expect("a name").to_owned();
            found
                .entry(device)
                .or_default()
                .push(event["tid"].as_u64().expect("a tid"));
        }
        found
    };
    let each = ["a", "b", "c"].map(|id| (id.to_owned(), vec![1, 2]));
    assert_eq!(by_device(&events), BTreeMap::from(each.clone()));
    assert_eq!(by_device(&told), BTreeMap::from(each));
    let last = events.last().expect("events");
    assert_eq!((&last["devices"], &last["acked"]), (&3.into(), &6.into()));

    for (count, words) in [
        (0, "one device at least"),
        (5, ": 4; make a new folder with"),
    ] {
        let done = site
            .device(&address)
            .identity("b")
            .with("count", count)
            .say();
        assert_eq!(done.status, Some(2), "{}", done.stderr);
        assert!(done.stderr.contains(words), "{}", done.stderr);
    }
}

#[test]
fn a_server_that_dies_in_the_middle_loses_nothing() {
    let site = Site::new();
    // Pathpoints for a while, and logs.
    let values: Vec<Json> = (0..1000)
        .map(|at| json!([1_700_000_000_000_u64 + at, at]))
        .collect();
    let data: Vec<Json> = (0..40)
        .map(|path| json!({"path": format!("W{path}"), "values": values}))
        .collect();
    let entry =
        json!({"service": "pump", "when": 1_700_000_000_000_000_u64, "level": 20, "message": "on"});
    let before = site.file("before.json", order(1));
    let after = site.file("after.json", order(2));

    let (server, address) = site.serve(&["--orders", &before, "--repeat", "4"]);
    let call = site
        .device(&address)
        .with("data", site.file("data.json", json!(data)))
        .with("logs", site.file("logs.json", json!(vec![entry; 50])))
        .with("max-orders", 10);
    let device = call.start();
    let mut acked = 0;
    let mut told = server.until("the fourth answer", |event| {
        acked += u32::from(event["event"] == "order_acked");
        acked == 4 && event["event"] == "data"
    });
    told.extend(server.kill());
    let mut events = device.until("the cut", |event| event["event"] == "disconnected");
    // A killed server cannot print any more what it has just confirmed.
    told.extend(named(&events, "data_confirmed").into_iter().cloned());
    let (server, _) = Running::serve(
        &address,
        &site.pki(),
        &["--orders", &after, "--repeat", "6"],
    );
    let (rest, status) = device.finish();
    events.extend(rest);
    assert_eq!(status, Some(0), "{events:?}");
    assert_eq!(named(&events, "connected").len(), 2, "again");
    server.ask_to_end();
    let (again, _) = server.finish();

    let last = events.last().expect("events");
    let totals = ["orders", "acked", "points", "logs", "unsent_batches"];
    let totals = totals.map(|field| last[field].as_u64());
    assert_eq!(totals, [10, 10, 40_000, 50, 0].map(Some));
    assert_eq!(tids(&again, "order_acked"), [1, 2, 3, 4, 5, 6]);
    // Every batch is with one of the two; what was on the way is with both.
    let mut points: BTreeMap<u64, u64> = BTreeMap::new();
    let told = told.iter().filter(|event| event["points"].is_u64());
    for event in told.chain(named(&again, "data")) {
        let number = |field: &str| event[field].as_u64().expect("a number");
        let before = points.insert(number("tid"), number("points"));
        assert!(before.is_none_or(|before| before == number("points")));
    }
    assert_eq!(points.values().sum::<u64>(), 40_000);
    assert!(!named(&again, "data").is_empty(), "it was in the middle");
}

#[test]
fn it_runs_until_it_is_told_to_end() {
    let site = Site::new();
    let (server, address) = site.serve(&[]);
    let mut device = site.device(&address).start();
    device.event("connected");
    assert_eq!(device.terminate(), Some(0));
    let (events, status) = site.device(&address).with("duration", 2).run();
    let last = events.last().expect("events");
    assert!(last["t"].as_u64().expect("t") >= 2000, "{last}");
    assert_eq!((&last["event"], status), (&"done".into(), Some(0)));

    // By address, which needs no name server; for people; to a reader that has
    // seen enough.
    let mut child = wigwag(&[])
        .args(
            site.device(&address)
                .with("server-name", "127.0.0.1")
                .args(),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert!(line.ends_with("connected  peer 127.0.0.1\n"), "{line}");
    drop(output);
    // Only its next line tells it that nobody reads any more.
    drop(server);
    let done = support::finish(child, Vec::new());
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_hosts_own_sockets_do_as_well() {
    let site = Site::new();
    let orders = site.file("orders.json", order(9));
    let (server, address) = site.serve(&["--orders", &orders]);
    let call = site
        .device(&address)
        .with("net", "host")
        .with("max-orders", 1);
    let (events, status) = call.run();
    assert_eq!(status, Some(0), "{events:?}");
    assert_eq!(tids(&events, "order_acked"), [1]);
    server.ask_to_end();
    let (told, _) = server.finish();
    assert_eq!(tids(&told, "order_acked"), [1]);

    // A name that is an address is where the device goes.
    let elsewhere = site.device(&address).with("net", "host");
    let (_, status) = elsewhere.with("server-name", "192.0.2.7").run();
    assert_eq!(status, Some(2));
}
