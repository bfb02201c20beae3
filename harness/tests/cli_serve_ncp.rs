//! `wigwag serve ncp` as a process: events out, and an orderly end.

mod support;

#[allow(dead_code, reason = "this file uses its part of it")]
#[path = "mock_ncp/hand.rs"]
mod hand;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use hand::{Hand, link, login};
use serde_json::json;
use support::running::Running;
use support::{folder, name};
use tokio::net::TcpStream;
use wigwag_codec::ncp::link::Login;

/// A server with events, and its address.
fn serve(more: &[&str]) -> (Running, SocketAddr) {
    let args = ["serve", "ncp", "--listen", "127.0.0.1:0", "--json"];
    let server = Running::start(&[&args, more].concat());
    let listening = server.event("listening");
    let address = listening["addr"].as_str().expect("text");
    (server, address.parse().expect("an address"))
}

#[tokio::test]
async fn commands_are_answered_and_told() {
    let (server, address) = serve(&[]);
    let mut client = Hand::connect(address).await;
    let connected = server.event("connected");
    assert!(connected["peer"].is_string());
    assert_eq!(
        (
            &connected["hostname"],
            &connected["cn"],
            &connected["timeout"]
        ),
        (&json!("tester"), &json!(null), &json!(60))
    );
    let answer = client
        .asked("TIME", |field| field.param("SAMP", 1024))
        .await;
    assert_eq!(answer.name().0, "TIME");
    let field = server.event("field");
    let params = json!([{"name": "SAMP", "t": "i32", "v": "1024"}]);
    assert_eq!(
        (
            &field["packet"],
            &field["name"],
            &field["id"],
            &field["params"]
        ),
        (&json!("DSPC"), &json!("TIME"), &json!(1), &params)
    );
    // A large value is told by its size.
    let large = [7_u8; 2000];
    let mut place = [0; 4096];
    let wire = wigwag_codec::ncp::packet(&mut place, "DSPC")
        .field("NOPE")
        .param("A", &large[..]);
    client.send(wire.finish().unwrap()).await;
    let params = json!([{"name": "A", "t": "raw", "bytes": 2000}]);
    assert_eq!(server.event("field")["params"], params);
    let error = server.event("command_error");
    assert_eq!(
        (&error["detail"], &error["code"], &error["name"]),
        (&json!("Unknown command"), &json!(400), &json!("NOPE"))
    );
    assert!(client.receive().await.unwrap().error().is_some());
    drop(client);
    let reason = server.event("disconnected")["reason"].clone();
    assert_eq!(reason, "closed by the client");
    server.ask_to_end();
    let done = server.event("done");
    assert_eq!(
        (
            &done["connections"],
            &done["commands"],
            &done["failed"],
            &done["unanswered"]
        ),
        (&json!(1), &json!(2), &json!(1), &json!(0))
    );
    assert_eq!(server.finish().1, Some(0));
}

#[tokio::test]
async fn a_login_and_tls_are_asked_for() {
    let (folder, pki) = folder();
    let (pki_folder, keys) = (name(folder.path(), "pki"), name(folder.path(), "keys"));
    let tls = ["--tls", "--pki", &pki_folder, "--key-log", &keys];
    let (server, address) = serve(&[&tls[..], &["--user", "u", "--password", "p:q"]].concat());
    assert!(Hand::secure(login("u", "p"), &pki, address).await.is_err());
    assert_eq!(server.event("refused")["reason"], "wrong user or password");
    let none = link().with_login(Login::NONE);
    assert!(Hand::secure(none, &pki, address).await.is_err());
    assert_eq!(server.event("refused")["reason"], "wrong user or password");
    let mut client = Hand::secure(login("u", "p:q"), &pki, address)
        .await
        .unwrap();
    server.event("connected");
    assert_eq!(client.asked("STAT", |field| field).await.name().0, "STAT");
    let keys = std::fs::read_to_string(&keys).expect("a key log");
    assert!(keys.contains("CLIENT_TRAFFIC_SECRET_0 "), "{keys}");
    // A client without TLS.
    assert!(Hand::connect_as(login("u", "p:q"), address).await.is_err());
    assert_eq!(server.event("refused")["reason"], "not TLS");
}

#[tokio::test]
async fn the_name_in_a_clients_certificate_is_told() {
    let (folder, pki) = folder();
    let pki_folder = name(folder.path(), "pki");
    let (server, address) = serve(&["--tls", "--pki", &pki_folder]);
    let config = pki.client_config(pki.device("device-0001")).unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
        .connect("localhost".try_into().unwrap(), stream)
        .await
        .unwrap();
    let none = link().with_login(Login::NONE);
    let _client = Hand::over(none, stream).await.unwrap();
    assert_eq!(server.event("connected")["cn"], "device-0001");
}

#[test]
fn a_login_without_tls_is_said_aloud() {
    let args = ["serve", "ncp", "--listen", "127.0.0.1:0"];
    let login = ["--user", "u", "--password", "p"];
    let mut server = support::wigwag(&[&args[..], &login[..]].concat())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    // Said before it listens; when it says that, it may be asked to end.
    let mut output = BufReader::new(server.stdout.take().expect("piped"));
    let mut first = String::new();
    output.read_line(&mut first).expect("text");
    let id = server.id().to_string();
    let asked = Command::new("kill").args(["-TERM", &id]).status();
    assert!(asked.expect("kill starts").success());
    let last = output.lines().map_while(Result::ok).last();
    let done = server.wait_with_output().expect("it ends");
    let errors = String::from_utf8(done.stderr).expect("text");
    let words = "wigwag: without --tls everybody on the way can read the password\n";
    assert_eq!(errors, words);
    assert!(first.contains("  -  listening  addr 127.0.0.1:"), "{first}");
    assert!(last.is_some_and(|last| last.contains("  -  done  commands 0  ")));
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn what_cannot_be_served_is_said() {
    let (folder, _) = folder();
    let pki = name(folder.path(), "pki");
    let missing = name(folder.path(), "missing");
    for (rest, status, words) in [
        (&["--tls"][..], 2, "--pki"),
        (&["--pki", &pki], 2, "--tls"),
        (&["--user", "u"], 2, "--password"),
        (&["--password", "p"], 2, "--user"),
        (&["--key-log", &missing], 2, "--tls"),
        (
            &["--user", "a:b", "--password", "p"],
            2,
            "--user and --password: ",
        ),
        (&["--tls", "--pki", &missing], 1, "`wigwag pki new "),
        (
            &[
                "--tls",
                "--pki",
                &pki,
                "--key-log",
                &format!("{missing}/keys"),
            ],
            1,
            "missing/keys: ",
        ),
    ] {
        let args = [&["serve", "ncp", "--listen", "127.0.0.1:0"], rest].concat();
        let done = support::run(&args, b"");
        assert_eq!(done.status, Some(status), "{rest:?}: {}", done.stderr);
        assert!(done.stderr.contains(words), "{rest:?}: {}", done.stderr);
    }
}
