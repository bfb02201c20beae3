//! `wigwag inspect`, and `--http` and `--capture` of `wigwag serve`, as processes.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value as Json;
use support::running::Running;
use support::{folder, name, run, wigwag};

/// What is at an address such as `http://127.0.0.1:1/#token=t`, with its token.
fn get(url: &str, path: &str) -> (String, Vec<u8>) {
    let (base, token) = url.split_once("/#token=").expect("a token");
    let host = base.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(
        stream,
        "GET {path}?token={token} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.expect("a head") + 4);
    (
        String::from_utf8(head.to_vec()).expect("text"),
        body.to_vec(),
    )
}

fn url(event: &Json) -> String {
    event["url"].as_str().expect("an address").to_owned()
}

#[test]
fn a_file_is_served_with_the_page_until_the_command_is_interrupted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = name(folder.path(), "some.wgwg");
    std::fs::write(&file, b"the content").expect("written");
    let key_log = name(folder.path(), "keys.txt");
    std::fs::write(&key_log, "CLIENT_RANDOM 1 2\n").expect("written");
    let args = ["inspect", &file, "--key-log", &key_log, "--json"];
    let mut inspect = Running::start(&args);
    let listening = inspect.event("listening");
    assert_eq!(listening["file"], "some.wgwg");
    let url = url(&listening);
    assert!(url.starts_with(&format!("http://{}/", listening["addr"].as_str().unwrap())));
    assert!(url.starts_with("http://127.0.0.1:"), "loopback only");
    let (head, page) = get(&url, "/");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(page.starts_with(b"<!doctype html>") || page.starts_with(b"<!DOCTYPE html>"));
    assert_eq!(get(&url, "/file").1, b"the content");
    assert_eq!(get(&url, "/keylog").1, b"CLIENT_RANDOM 1 2\n");
    inspect.ask_to_end();
    inspect.end_input();
    assert_eq!(inspect.finish(), (vec![], Some(0)));
}

#[test]
fn standard_input_can_be_looked_at_and_nothing_at_all() {
    let mut inspect = Running::start(&["inspect", "-", "--json"]);
    inspect.say("00000000 0001 000a");
    inspect.end_input();
    let listening = inspect.event("listening");
    assert_eq!(listening["file"], "standard input");
    assert_eq!(get(&url(&listening), "/file").1, b"00000000 0001 000a\n");

    let empty = Running::start(&["inspect", "--json"]);
    let listening = empty.event("listening");
    assert_eq!(listening["file"], Json::Null);
    let (_, state) = get(&url(&listening), "/state");
    let state: Json = serde_json::from_slice(&state).expect("JSON");
    assert_eq!(
        (&state["live"], &state["file"]),
        (&Json::Bool(false), &Json::Null)
    );
}

#[test]
fn people_get_the_address_on_a_line_of_its_own() {
    let mut child = wigwag(&["inspect"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    let mut stdout = child.stdout.take().expect("piped");
    let mut text = String::new();
    let mut byte = [0; 1];
    while !text.contains("Ctrl-C") {
        assert_eq!(stdout.read(&mut byte).expect("it talks"), 1);
        text.push(char::from(byte[0]));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let address = text
        .lines()
        .find(|line| line.trim().starts_with("http://127.0.0.1:"));
    assert!(address.expect("an address").contains("/#token="));
}

#[test]
fn what_cannot_be_served_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = name(folder.path(), "nothing");
    let done = run(&["inspect", &nothing], b"");
    assert_eq!(done.status, Some(1));
    assert!(done.stderr.contains("cannot open"), "{}", done.stderr);
    let done = run(&["inspect", &folder.path().display().to_string()], b"");
    assert_eq!(done.status, Some(1));
    assert_eq!(run(&["inspect", "--http", "here"], b"").status, Some(2));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("an address");
    let done = run(&["inspect", "--http", &taken.to_string()], b"");
    assert_eq!(done.status, Some(1));
    assert!(
        done.stderr.contains("cannot serve the inspector's page"),
        "{}",
        done.stderr
    );
    drop(listener);
}

#[test]
fn an_address_of_the_network_is_warned_of_loudly() {
    let mut child = wigwag(&["inspect", "--http", "0.0.0.0:0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wigwag starts");
    let mut stderr = child.stderr.take().expect("piped");
    let mut text = String::new();
    let mut byte = [0; 1];
    while !text.contains("encrypted") {
        assert_eq!(stderr.read(&mut byte).expect("it talks"), 1);
        text.push(char::from(byte[0]));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(
        text.contains("WARNING") && text.contains("everybody"),
        "{text}"
    );
}

#[test]
fn servers_show_their_page_and_write_captures() {
    let (folder, _) = folder();
    let pki = name(folder.path(), "pki");
    let capture = name(folder.path(), "all.wgwg");
    for (protocol, more) in [("ngtt", &["--pki", pki.as_str()][..]), ("ncp", &[])] {
        let args = [
            "serve",
            protocol,
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--http",
        ];
        let capture = ["--capture", capture.as_str(), "--force"];
        let args = [&args[..], &capture, more].concat();
        let mut server = Running::start(&args);
        let page = server.event("inspector");
        server.event("listening");
        let (_, state) = get(&url(&page), "/state");
        assert!(String::from_utf8_lossy(&state).contains("\"live\":true"));
        server.ask_to_end();
        let captured = server.event("captured");
        assert_eq!(captured["bytes"], 12, "the label alone");
        assert_eq!(std::fs::read(capture[1]).expect("it is there").len(), 12);
        server.event("done");
        server.end_input();
    }
    // A capture is precious.
    let args = [
        "serve",
        "ncp",
        "--listen",
        "127.0.0.1:0",
        "--capture",
        &capture,
    ];
    let done = run(&args, b"");
    assert_eq!(done.status, Some(1));
    assert!(done.stderr.contains("--force"), "{}", done.stderr);
}
