//! `wigwag tap` between `wigwag serve` and `wigwag device`, as processes.

mod support;

use serde_json::{Value as Json, json};
use support::device::Site;
use support::running::Running;
use support::{name, run};
use wigwag_codec::capture::{Direction, Limits, Reader, Record, Step};

/// What went each way on connection 1 of a capture, and who talked.
fn read(path: &str) -> ([Vec<u8>; 2], String) {
    let bytes = std::fs::read(path).expect("a capture");
    let mut reader = Reader::new(Limits::new());
    let (mut ways, mut device) = ([Vec::new(), Vec::new()], String::new());
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        match reader.step(rest).expect("a capture") {
            Step::Label { consumed } => rest = &rest[consumed..],
            Step::Record { record, consumed } => {
                match record {
                    Record::Open { device: name, .. } => device = name.to_owned(),
                    Record::Bytes {
                        direction, bytes, ..
                    } => ways[direction as usize].extend(bytes),
                    _ => {}
                }
                rest = &rest[consumed..];
            }
            other => panic!("{other:?}"),
        }
    }
    (ways, device)
}

fn tap(server: &str, pki: &str, more: &[&str]) -> (Running, String) {
    let args = [
        "tap",
        "--listen",
        "127.0.0.1:0",
        "--connect",
        server,
        "--pki",
        pki,
    ];
    let tap = Running::start(&[&args[..], &["--json"], more].concat());
    let listening = tap.event("listening");
    assert_eq!(listening["connect"], server);
    let address = listening["addr"].as_str().expect("text").to_owned();
    (tap, address)
}

#[test]
fn a_device_works_through_it_and_the_capture_is_what_the_server_saw() {
    let site = Site::new();
    let order = json!([{"orders": [{"type": "write", "path": "W1", "value": 5}]}]);
    let orders = site.file("orders.json", order);
    let of_server = name(site.0.path(), "server.wgwg");
    let of_tap = name(site.0.path(), "tap.wgwg");
    let more = [
        "--orders",
        &orders,
        "--repeat",
        "30",
        "--capture",
        &of_server,
    ];
    let (mut server, address) = site.serve(&more);
    let keylog = name(site.0.path(), "keys.txt");
    let more = ["--capture", of_tap.as_str(), "--key-log", &keylog, "--http"];
    let (mut tap, address) = tap(&address, &site.pki(), &more);
    let device = site.device(&address).with("max-orders", "30".to_owned());
    let (events, status) = device.run();
    assert_eq!(status, Some(0), "{events:?}");
    let disconnected = tap.event("disconnected");
    assert_eq!(disconnected["reason"], "closed by the device");
    tap.ask_to_end();
    let captured = tap.event("captured");
    let done = tap.event("done");
    assert_eq!(
        (&done["connections"], &done["refused"]),
        (&json!(1), &json!(0))
    );
    server.ask_to_end();
    let totals = server.event("done");
    assert_eq!(
        (&totals["acked"], &totals["unanswered"]),
        (&json!(30), &json!(0))
    );
    let ((tapped, device), (seen, _)) = (read(&of_tap), read(&of_server));
    assert_eq!(device, "device-0001");
    assert!(tapped == seen, "byte by byte");
    assert_eq!(
        done["to_server"],
        tapped[Direction::ToServer as usize].len()
    );
    assert_eq!(
        done["to_device"],
        tapped[Direction::ToDevice as usize].len()
    );
    let length = std::fs::metadata(&of_tap).expect("it is there").len();
    assert_eq!(captured["bytes"], length);
    let keys = std::fs::read_to_string(&keylog).expect("it is there");
    assert!(keys.contains("CLIENT_TRAFFIC_SECRET_0"));
    server.end_input();
    tap.end_input();
}

#[test]
fn a_device_of_another_ca_is_refused_and_told() {
    let (site, stranger) = (Site::new(), Site::new());
    let (server, address) = site.serve(&[]);
    let (tap, address) = tap(&address, &site.pki(), &[]);
    let device = stranger
        .device(&address)
        .with("ca", format!("{}/server-ca.pem", site.pki()))
        .with("duration", "3".to_owned());
    let device = device.start();
    let refused = tap.event("refused");
    let reason = refused["reason"].as_str().expect("words");
    assert!(reason.contains("not issued by the device CA"), "{reason}");
    drop((device, server));
}

#[test]
fn wrong_use_is_told() {
    let listen = ["tap", "--listen", "127.0.0.1:0"];
    for wrong in [
        &["--connect", "127.0.0.1:1"][..],
        &["--plain"],
        &["--connect", "nowhere", "--plain"],
        &["--connect", "127.0.0.1:0", "--plain"],
        &["--connect", "127.0.0.1:1", "--plain", "--key-log", "k"],
        &["--connect", "127.0.0.1:1", "--plain", "--server-name", "n"],
        &["--connect", "127.0.0.1:1", "--plain", "--force"],
    ] {
        let done = run(&[&listen[..], wrong].concat(), b"");
        assert_eq!(done.status, Some(2), "{wrong:?}: {}", done.stderr);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().display().to_string();
    let args = ["--connect", "127.0.0.1:1", "--pki", &folder];
    let done = run(&[&listen[..], &args].concat(), b"");
    assert_eq!(done.status, Some(1));
    assert!(!done.stderr.is_empty());
}

#[test]
fn plain_ncp_goes_through() {
    let server = Running::start(&["serve", "ncp", "--listen", "127.0.0.1:0", "--json"]);
    let listening = server.event("listening");
    let address = listening["addr"].as_str().expect("text");
    let args = [
        "tap",
        "--listen",
        "127.0.0.1:0",
        "--connect",
        address,
        "--plain",
    ];
    let tap = Running::start(&[&args[..], &["--protocol", "ncp", "--json"]].concat());
    let listening: Json = tap.event("listening");
    let through = listening["addr"].as_str().expect("text");
    let args = [
        "device",
        "ncp",
        "--connect",
        through,
        "--send",
        "DSPC",
        "STAT",
        "--json",
    ];
    let done = run(&args, b"");
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let disconnected = tap.event("disconnected");
    assert!(disconnected["to_server"].as_u64() > Some(0));
    assert!(disconnected["to_device"].as_u64() > Some(0));
}
