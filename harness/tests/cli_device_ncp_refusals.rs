//! `wigwag device ncp`: who is refused, what is not there, and what cannot be
//! used.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use serde_json::{Value as Json, json};
use support::device::named;
use support::node::Node;
use support::running::Running;
use support::{folder, name, run};
use wigwag_harness::mock_ncp::MockNcpOptions;

const SEND: [&str; 3] = ["--send", "DSPC", "STAT"];

/// Asks, and is refused: the reason.
fn refused(address: &str, more: &[&str]) -> String {
    let args = ["device", "ncp", "--connect", address, "--json"];
    let (told, status) = Running::start(&[&args, &SEND[..], more].concat()).finish();
    assert_eq!(status, Some(1), "{told:?}");
    assert_eq!(named(&told, "connected"), Vec::<&Json>::new());
    let done = told.last().expect("events");
    assert_eq!(
        (&done["event"], &done["unanswered"]),
        (&json!("done"), &json!(1))
    );
    let reason = named(&told, "refused")[0]["reason"].as_str().expect("text");
    reason.to_owned()
}

/// A server of this process that reads and answers `words`, and closes.
fn says(words: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.write_all(words).expect("written");
        stream
            .shutdown(std::net::Shutdown::Write)
            .expect("it is open");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    });
    address
}

#[test]
fn a_wrong_login_is_refused() {
    let node = Node::with(MockNcpOptions {
        login: Node::login(),
        ..MockNcpOptions::default()
    });
    let address = node.address();
    for (user, password) in [("admin", "open"), ("root", "open:sesame"), ("admin", "")] {
        let reason = refused(&address, &["--user", user, "--password", password]);
        assert_eq!(reason, "wrong user or password");
    }
    let book = node.server.book();
    assert_eq!((book.connections, book.refused), (0, 3));
    assert!(book.commands.is_empty());
}

#[test]
fn a_login_that_is_missing_is_asked_for() {
    let (folder, pki) = folder();
    let node = Node::with(MockNcpOptions {
        login: Node::login(),
        ..Node::tls(&pki)
    });
    let ca = name(folder.path(), "pki/server-ca.pem");
    let tls = ["--tls", "--server-name", "localhost", "--ca", &ca];
    assert_eq!(
        refused(&node.address(), &tls),
        "the server wants a user and a password"
    );
}

#[test]
fn a_server_that_is_not_the_one_meant_is_refused() {
    let (folder, pki) = folder();
    let node = Node::with(MockNcpOptions {
        handshake_limit: Duration::from_secs(2),
        ..Node::tls(&pki)
    });
    let address = node.address();
    let (ca, other) = (
        name(folder.path(), "pki/server-ca.pem"),
        name(folder.path(), "pki/device-ca.pem"),
    );
    for (server_name, ca, reason) in [
        ("other.test", &ca, "certificate not valid for other.test"),
        (
            "localhost",
            &other,
            "the server's certificate does not lead to a trusted root",
        ),
    ] {
        let tls = ["--tls", "--server-name", server_name, "--ca", ca];
        assert_eq!(refused(&address, &tls), reason);
    }
    // TLS, and the client does not know.
    let reason = refused(&address, &[]);
    assert!(reason.ends_with("does it want a login or TLS?"), "{reason}");
}

#[test]
fn a_device_that_the_server_does_not_know_is_refused() {
    let ((folder, pki), (strange, _)) = (folder(), support::folder());
    let node = Node::with(Node::tls(&pki));
    let ca = name(folder.path(), "pki/server-ca.pem");
    let cert = name(strange.path(), "pki/device-0001.pem");
    let key = name(strange.path(), "pki/device-0001.key");
    let tls = [
        "--tls",
        "--server-name",
        "localhost",
        "--ca",
        &ca,
        "--cert",
        &cert,
        "--key",
        &key,
    ];
    let reason = refused(&node.address(), &tls);
    assert!(reason.starts_with("client certificate refused"), "{reason}");
}

#[test]
fn what_is_no_ncp_server_is_told() {
    let login = ["--user", "admin", "--password", "secret"];
    for (words, more, reason) in [
        (
            &b"SSH-2.0-OpenSSH_9.2\r\n then more than a header has"[..],
            &[][..],
            "what answers there is no NCP server: ",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            &login,
            "what answers there is no NCP server: ",
        ),
        (
            b"HTTP/1.1 405 Method Not Allowed\r\n\r\n",
            &login,
            "the server makes no tunnels (405)",
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\n\r\n",
            &login,
            "the server has no tunnel to ncp.service (403)",
        ),
        (
            b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
            &login,
            "the server refused the connection with 503",
        ),
        (
            b"",
            &[],
            "the server closed the connection during the handshake; does it want a login or TLS?",
        ),
        (
            b"",
            &login,
            "the server closed the connection during the handshake; does it want TLS, or no login?",
        ),
    ] {
        let told = refused(&says(words), more);
        assert!(told.starts_with(reason), "{told}");
    }
}

#[test]
fn where_nobody_listens_is_told_at_once_or_tried_again() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address").to_string();
    drop(port);
    assert_eq!(refused(&address, &[]), "the connection was refused");

    let args = ["device", "ncp", "--connect", &address, "--json"];
    let device = Running::start(&[&args, &SEND[..], &["--duration", "60"]].concat());
    for attempt in 1..=2 {
        let waiting = device.event("waiting");
        assert_eq!(waiting["attempt"], attempt);
        assert_eq!(waiting["reason"], "the connection was refused");
        assert!(waiting["retry_ms"].as_u64().expect("a time") <= 1000 * attempt);
    }
    device.ask_to_end();
    let (told, status) = device.finish();
    assert_eq!(
        (told.last().expect("events")["connections"].as_u64(), status),
        (Some(0), Some(1))
    );
}

#[test]
fn what_cannot_be_used_is_said() {
    let (folder, _) = folder();
    let ca = name(folder.path(), "pki/server-ca.pem");
    let key = name(folder.path(), "pki/server.key");
    let cert = name(folder.path(), "pki/device-0001.pem");
    let missing = name(folder.path(), "missing.pem");
    let tls = ["--tls", "--server-name", "localhost", "--ca", &ca];
    let half = "00".repeat(33_000);
    let (half, other) = (format!("A=raw:{half}"), format!("B=raw:{half}"));
    let with = |more: &[&'static str]| more.to_vec();
    let over_tls = |more: &[&str]| -> Vec<String> {
        let words = [&tls[..], more].concat();
        words.into_iter().map(str::to_owned).collect()
    };
    let plain =
        |more: &[&str]| -> Vec<String> { more.iter().map(|word| (*word).to_owned()).collect() };
    let cases: Vec<(Vec<String>, i32, &str)> = vec![
        (plain(&with(&["--send", "DSPC"])), 2, "--send"),
        (
            plain(&["--send", "dspc", "TIME"]),
            2,
            "\"dspc\": a name has upper-case",
        ),
        (
            plain(&["--send", "DSPC", "TIMES"]),
            2,
            "\"TIMES\": a name has one to four",
        ),
        (
            plain(&["--send", "DSPC", "TIME", "SAMP"]),
            2,
            "\"SAMP\" is not NAME=VALUE",
        ),
        (
            plain(&["--send", "DSPC", "TIME", "s=1"]),
            2,
            "\"s\": a name has upper-case",
        ),
        (
            plain(&["--send", "DSPC", "TIME", "SAMP=u8[]:256"]),
            2,
            "SAMP: \"256\" is no u8",
        ),
        (
            plain(&["--send", "DSPC", "TIME", "SAMP=5000000000"]),
            2,
            "u64:5000000000",
        ),
        (
            plain(&["--send", "DSPC", "TIME", &half, &other]),
            2,
            "more than 65536 bytes",
        ),
        (plain(&["--tls"]), 2, "--server-name"),
        (plain(&["--server-name", "localhost"]), 2, "--tls"),
        (plain(&["--user", "admin"]), 2, "--password"),
        (plain(&["--user", "a:b", "--password", "c"]), 2, "user"),
        (plain(&["--duration", "nan"]), 2, "--duration"),
        (over_tls(&["--cert", &cert]), 2, "--key"),
        (
            over_tls(&["--cert", &cert, "--key", &key]),
            2,
            "another key",
        ),
        (
            over_tls(&["--cert", &missing, "--key", &key]),
            1,
            "missing.pem",
        ),
        (
            over_tls(&["--net", "host", "--server-name", "192.0.2.7"]),
            2,
            "--server-name",
        ),
    ];
    for (more, status, words) in cases {
        let mut args = vec!["device", "ncp", "--connect", "127.0.0.1:1"];
        args.extend(more.iter().map(String::as_str));
        let done = run(&args, b"");
        assert_eq!(done.status, Some(status), "{words}: {}", done.stderr);
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
        assert!(done.stdout.is_empty(), "{words}: {}", done.text());
    }
    let done = run(&["device", "ncp", "--connect", "127.0.0.1"], b"");
    assert_eq!(done.status, Some(2));
    assert!(done.stderr.contains("a port is missing"), "{}", done.stderr);
}

#[test]
fn help_tells_how_values_are_written() {
    let done = run(&["device", "ncp", "--help"], b"");
    assert_eq!(done.status, Some(0));
    for words in [
        "u16[]:1,2,3",
        "raw:00ff",
        "f64:1.5",
        "NAME=VALUE",
        "--password",
    ] {
        assert!(done.text().contains(words), "{words}: {}", done.text());
    }
}
