//! `wigwag serve ngtt` as a process: events out, orders in, an orderly end.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use serde_json::json;
use support::running::{LIMIT, Running};
use support::{folder, name};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wigwag_harness::pki::Pki;

/// A device by hand.
struct Device(TlsStream<TcpStream>);

impl Device {
    async fn connect(address: &str, pki: &Pki, id: &str) -> Self {
        let config = pki.client_config(pki.device(id)).expect("a configuration");
        let tcp = TcpStream::connect(address).await.expect("TCP");
        let mut stream = TlsConnector::from(Arc::new(config))
            .connect("localhost".try_into().expect("a name"), tcp)
            .await
            .expect("TLS");
        stream
            .write_all(&[0, 0, 0, 0, 0, 0, 0, 10])
            .await
            .expect("FETCH_ORDERS");
        Self(stream)
    }

    /// Reads an order and answers it: 2 confirms, 9 rejects.
    async fn order(&mut self, answer: u8) -> Vec<u8> {
        let work = async {
            let mut header = [0; 8];
            self.0.read_exact(&mut header).await.expect("a header");
            let [_, _, high, low, tid0, tid1, 0, 1] = header else {
                panic!("not an order: {header:?}");
            };
            let mut payload = vec![0; usize::from(u16::from_be_bytes([high, low]))];
            self.0.read_exact(&mut payload).await.expect("a payload");
            let reply = [0, 0, 0, 0, tid0, tid1, 0, answer];
            self.0.write_all(&reply).await.expect("the answer");
            payload
        };
        tokio::time::timeout(LIMIT, work)
            .await
            .expect("an order comes")
    }
}

#[tokio::test]
async fn orders_of_a_file_and_of_standard_input_are_delivered_and_told() {
    let (folder, pki) = folder();
    let orders = name(folder.path(), "orders.json");
    fs::write(&orders, r#"[{"orders":[{"type":"wait","time":1.5}]}]"#).expect("written");
    let pki_folder = name(folder.path(), "pki");
    let mut server = Running::start(&[
        "serve",
        "ngtt",
        "--listen",
        "127.0.0.1:0",
        "--pki",
        &pki_folder,
        "--orders",
        &orders,
        "--repeat",
        "2",
        "--json",
    ]);
    let address = server.event("listening")["addr"]
        .as_str()
        .expect("text")
        .to_owned();
    let mut device = Device::connect(&address, &pki, "device-0001").await;
    let connected = server.event("connected");
    assert_eq!(connected["cn"], "device-0001");
    assert!(connected["peer"].is_string());

    device.order(2).await;
    let told = server.event("order");
    let sections = json!([{"orders": [{"type": "wait", "time": 1.5}]}]);
    assert_eq!((&told["tid"], &told["data"]), (&json!(1), &sections));
    assert_eq!(server.event("order_acked")["tid"], 1);
    device.order(9).await;
    assert_eq!(server.event("order_rejected")["tid"], 2);

    // While it runs: for this device, for all, and a line that is no order.
    server.say("nonsense");
    server.say(r#"{"device":"device-0001","order":[]}"#);
    assert_eq!(device.order(2).await, [0x40]);
    server.say(r#"{"device":null,"order":[{"orders":[]}]}"#);
    assert_eq!(device.order(2).await, b"\x41\x51\x06orders\x40");
    assert_eq!(server.event("order_acked")["tid"], 3);
    assert_eq!(server.event("order_acked")["tid"], 4);
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn the_end_of_the_input_is_not_the_end_of_the_server() {
    let (folder, pki) = folder();
    let pki_folder = name(folder.path(), "pki");
    let mut server = Running::start(&[
        "serve",
        "ngtt",
        "--listen",
        "127.0.0.1:0",
        "--pki",
        &pki_folder,
        "--json",
    ]);
    server.say(r#"{"order":[]}"#);
    server.end_input();
    let address = server.event("listening")["addr"]
        .as_str()
        .expect("text")
        .to_owned();
    let mut device = Device::connect(&address, &pki, "device-0001").await;
    assert_eq!(device.order(2).await, [0x40]);
    server.event("order_acked");
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused_with_a_reason() {
    let (folder, pki) = folder();
    let pki_folder = name(folder.path(), "pki");
    let server = Running::start(&[
        "serve",
        "ngtt",
        "--listen",
        "127.0.0.1:0",
        "--pki",
        &pki_folder,
        "--json",
    ]);
    let address = server.event("listening")["addr"]
        .as_str()
        .expect("text")
        .to_owned();
    let config = pki.client_config(None).expect("a configuration");
    let tcp = TcpStream::connect(&address).await.expect("TCP");
    // In TLS 1.3 the client may believe itself connected for a moment.
    let _stream = TlsConnector::from(Arc::new(config))
        .connect("localhost".try_into().expect("a name"), tcp)
        .await;
    let reason = server.event("refused")["reason"].clone();
    assert!(
        reason
            .as_str()
            .is_some_and(|reason| reason.contains("certificate")),
        "{reason}"
    );
}

#[test]
fn what_cannot_be_served_is_said() {
    let (folder, _) = folder();
    let pki = name(folder.path(), "pki");
    let missing = name(folder.path(), "missing");
    let object = name(folder.path(), "object.json");
    fs::write(&object, "{}").expect("written");
    // It shows the server's certificate with a device's key.
    let (mixed, _) = support::folder();
    let mixed = name(mixed.path(), "pki");
    let server_key = format!("{mixed}/server.key");
    fs::copy(format!("{mixed}/device-0001.key"), &server_key).expect("copied");
    for (rest, status, words) in [
        (&[missing.as_str()][..], 1, "`wigwag pki new "),
        (&[&mixed], 1, "server.key is not the key of "),
        (
            &[&pki, "--keylog", &format!("{missing}/keys")],
            1,
            "missing/keys: ",
        ),
        (&[&pki, "--orders", &missing], 1, "missing: "),
        (
            &[&pki, "--orders", &object],
            1,
            "object.json: an order is an array",
        ),
        (&[&pki, "--repeat", "2"], 2, "--orders"),
        (
            &[&pki, "--listen", "localhost:0"],
            2,
            "such as 127.0.0.1:2405",
        ),
        (&[], 2, "--pki"),
    ] {
        let listen: &[&str] = if rest.contains(&"--listen") {
            &[]
        } else {
            &["--listen", "127.0.0.1:0"]
        };
        let done = support::run(
            &[&["serve", "ngtt"], listen, &["--pki"], rest].concat(),
            b"",
        );
        assert_eq!(done.status, Some(status), "{rest:?}: {}", done.stderr);
        assert!(done.stderr.contains(words), "{rest:?}: {}", done.stderr);
    }
}

/// Without `--json`, standard output is for people.
#[test]
fn a_line_that_is_no_order_is_named_and_the_totals_can_be_read() {
    let (folder, _) = folder();
    let pki = name(folder.path(), "pki");
    let mut server = support::wigwag(&["serve", "ngtt", "--listen", "127.0.0.1:0", "--pki", &pki])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    let mut input = server.stdin.take().expect("piped");
    writeln!(input, "{{\"order\":[]}}\nnonsense").expect("it reads");
    let errors = BufReader::new(server.stderr.take().expect("piped"));
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(errors.lines().next()));
    let refused = receiver.recv_timeout(LIMIT);
    let id = server.id().to_string();
    let asked = Command::new("kill").args(["-TERM", &id]).status();
    assert!(asked.expect("kill starts").success());
    let done = server.wait_with_output().expect("it ends");
    let refused = refused.ok().flatten().expect("a line").expect("text");
    let words = "wigwag: order refused: line 2 of standard input: ";
    assert!(refused.starts_with(words), "{refused}");
    let text = String::from_utf8(done.stdout).expect("text");
    let last = text.lines().last().unwrap_or_default();
    assert!(last.contains(" s  -  done  acked 0  baobs 0  "), "{text}");
    assert_eq!(done.status.code(), Some(0));
}
