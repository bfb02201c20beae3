//! `wigwag device ncp` against a mock node: what is asked, what comes, and how
//! it ends.

mod support;

use serde_json::{Value as Json, json};
use support::device::named;
use support::node::Node;
use support::running::Running;
use support::{folder, name, run};
use wigwag_codec::ncp::packet;
use wigwag_harness::faults::Cut;
use wigwag_harness::mock_ncp::MockNcpOptions;

/// `device ncp --connect ADDRESS --json` and more.
fn args<'a>(address: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["device", "ncp", "--connect", address, "--json"], more].concat()
}

fn asked(address: &str, more: &[&str]) -> (Vec<Json>, Option<i32>) {
    Running::start(&args(address, more)).finish()
}

fn events(events: &[Json]) -> Vec<&str> {
    let name = |event: &'_ Json| event["event"].as_str().expect("a name").to_owned();
    let names: Vec<String> = events.iter().map(name).collect();
    names.into_iter().map(|name| &*name.leak()).collect()
}

fn param<'e>(event: &'e Json, name: &str) -> &'e Json {
    let params = event["params"].as_array().expect("parameters");
    let param = params.iter().find(|param| param["name"] == name);
    &param.unwrap_or_else(|| panic!("{name}: {event:.200}"))["v"]
}

#[test]
fn a_command_is_answered() {
    let node = Node::new();
    let address = node.address();
    for net in ["virtual", "host"] {
        let send = [
            "--send", "DSPC", "TIME", "SAMP=16", "FCTR=915", "--net", net,
        ];
        let (told, status) = asked(&address, &send);
        assert_eq!(status, Some(0), "{told:?}");
        assert_eq!(events(&told), ["connected", "field", "done"]);
        assert_eq!(told[0]["peer"], address);
        let field = &told[1];
        assert_eq!(
            (&field["packet"], &field["name"], &field["id"]),
            (&json!("DSPC"), &json!("TIME"), &json!(0))
        );
        assert_eq!(param(field, "FCTR"), "915");
        assert_eq!(param(field, "PDAT").as_array().expect("samples").len(), 16);
        let totals = [
            "connections",
            "commands",
            "answered",
            "failed",
            "unanswered",
        ];
        let totals = totals.map(|total| told[2][total].as_u64());
        assert_eq!(totals, [1, 1, 1, 0, 0].map(Some));
    }
    let book = node.server.book();
    assert_eq!((book.connections, book.commands.len()), (2, 2));
}

#[test]
fn each_of_the_18_types_arrives_as_it_was_written() {
    let node = Node::new();
    let values = [
        ("A", "-7", "i32", json!("-7")),
        ("B", "u32:7", "u32", json!("7")),
        ("C", "a=b: c", "string", json!("a=b: c")),
        ("D", "i64:-8", "i64", json!("-8")),
        ("E", "u64:9", "u64", json!("9")),
        ("F", "1.5", "f32", json!("3fc00000")),
        ("G", "f64:1.5", "f64", json!("3ff8000000000000")),
        ("H", "raw:00ff7f80", "raw", json!("00ff7f80")),
        ("I", "u8[]:1,2,3,4", "u8[]", json!(["1", "2", "3", "4"])),
        ("J", "u16[]:1,2", "u16[]", json!(["1", "2"])),
        ("K", "u32[]:1", "u32[]", json!(["1"])),
        ("L", "i8[]:-1,2,3,4", "i8[]", json!(["-1", "2", "3", "4"])),
        ("M", "i16[]:-1,2", "i16[]", json!(["-1", "2"])),
        ("N", "i32[]:-1", "i32[]", json!(["-1"])),
        ("O", "u64[]:1", "u64[]", json!(["1"])),
        ("P", "i64[]:-1", "i64[]", json!(["-1"])),
        ("Q", "f32[]:1.5", "f32[]", json!(["3fc00000"])),
        ("R", "f64[]:1.5", "f64[]", json!(["3ff8000000000000"])),
    ];
    let written: Vec<String> = values
        .iter()
        .map(|(name, text, ..)| format!("{name}={text}"))
        .collect();
    let mut send = vec!["--send", "TEST", "ECHO"];
    send.extend(written.iter().map(String::as_str));
    let (told, status) = asked(&node.address(), &send);
    assert_eq!(status, Some(0), "{told:?}");
    let expected: Vec<Json> = values
        .iter()
        .map(|(name, _, kind, value)| json!({"name": name, "t": kind, "v": value}))
        .collect();
    assert_eq!(named(&told, "field")[0]["params"], json!(expected));
}

#[test]
fn several_commands_do_not_wait_for_each_other() {
    let node = Node::new();
    let mut send = vec!["--send", "DSPC", "LONG", "DURA=1000"];
    // More than are on the way at a time.
    for _ in 0..40 {
        send.extend(["--send", "DSPC", "STAT"]);
    }
    send.extend(["--send", "DSPC", "SWEP", "FSTA=70", "FSTO=6000"]);
    let (told, status) = asked(&node.address(), &send);
    assert_eq!(status, Some(0), "{told:?}");
    let fields = named(&told, "field");
    assert_eq!(fields[0]["name"], "LONG");
    assert_eq!(param(fields[0], "ACKN"), "1");
    let last = fields.last().expect("fields");
    assert_eq!((&last["name"], &last["id"]), (&json!("LONG"), &json!(0)));
    assert_eq!(param(last, "DONE"), "1");
    let sweep = fields.iter().find(|field| field["name"] == "SWEP");
    let points = param(sweep.expect("a sweep"), "PDAT");
    assert_eq!(points.as_array().expect("points").len(), 61_440);
    let done = told.last().expect("events");
    assert_eq!(
        (&done["commands"], &done["answered"]),
        (&42.into(), &42.into())
    );
    let book = node.server.book();
    let long = &book.commands[0];
    assert!(long.acknowledged.is_some() && long.answered.is_some());
}

#[test]
fn errors_and_warnings_of_the_server_are_told() {
    let node = Node::new();
    let send = [
        "--send", "DSPC", "NOPE", "--send", "DSPC", "GAIN", "GAIN=99", "--send", "DSPC", "GAIN",
    ];
    let (told, status) = asked(&node.address(), &send);
    assert_eq!(status, Some(1), "{told:?}");
    let errors = named(&told, "command_error");
    let said = |error: &Json| {
        (
            error["name"].clone(),
            error["detail"].clone(),
            error["code"].clone(),
        )
    };
    assert_eq!(
        said(errors[0]),
        (json!("NOPE"), json!("Unknown command"), json!(400))
    );
    assert_eq!(
        said(errors[1]),
        (json!("GAIN"), json!("GAIN is given in dB"), json!(422))
    );
    let warning = named(&told, "command_warning")[0];
    assert_eq!(
        said(warning),
        (
            json!("GAIN"),
            json!("the gain is -10 to 30 dB; it is set to 30"),
            json!(1)
        )
    );
    let done = told.last().expect("events");
    assert_eq!((&done["answered"], &done["failed"]), (&1.into(), &2.into()));

    let address = node.address();
    let done = run(
        &[
            "device",
            "ncp",
            "--connect",
            &address,
            "--send",
            "DSPC",
            "NOPE",
        ],
        b"",
    );
    assert_eq!(done.status, Some(1));
    assert_eq!(
        done.stderr,
        "wigwag: DSPC NOPE failed: Unknown command (400)\n"
    );
    let error = done.lines()[1];
    assert!(
        error.ends_with(
            "command error  code 400  detail Unknown command  id 0  name NOPE  packet DSPC"
        ),
        "{error}"
    );
}

#[test]
fn what_a_server_says_does_nothing_to_the_terminal() {
    let node = Node::new();
    node.server.set_handler(|asked| {
        Ok(vec![match asked.is("DSPC", "FAIL") {
            true => asked.fail("\u{1b}[2Jgone", 7)?,
            false => asked.answer(|field| field.param("A", "\u{1b}[2Jgone"))?,
        }])
    });
    let address = node.address();
    let send = ["--send", "DSPC", "FAIL", "--send", "DSPC", "STAT"];
    let done = run(
        &[&["device", "ncp", "--connect", &address], &send[..]].concat(),
        b"",
    );
    assert_eq!(done.status, Some(1));
    for text in [done.text(), &done.stderr] {
        assert!(text.contains("\\u{1b}[2Jgone"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    assert_eq!(done.text().matches("gone").count(), 2, "{}", done.text());
}

#[test]
fn a_login_over_tls_lets_in() {
    let (folder, pki) = folder();
    let node = Node::with(MockNcpOptions {
        login: Node::login(),
        ..Node::tls(&pki)
    });
    let ca = name(folder.path(), "pki/server-ca.pem");
    let cert = name(folder.path(), "pki/device-0001.pem");
    let key = name(folder.path(), "pki/device-0001.key");
    let address = node.address();
    let base = [
        "device",
        "ncp",
        "--connect",
        &address,
        "--tls",
        "--server-name",
        "localhost",
        "--ca",
        &ca,
        "--user",
        "admin",
        "--password",
        "open:sesame",
        "--send",
        "DSPC",
        "STAT",
    ];
    for more in [
        &[][..],
        &["--cert", &cert, "--key", &key],
        &["--net", "host"],
    ] {
        let done = run(&[&base, more].concat(), b"");
        assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""));
        let lines = done.lines();
        assert!(
            lines[1].contains("field  id 0  name STAT  packet DSPC  TEMP f32 4"),
            "{lines:?}"
        );
        assert!(lines[1].ends_with("  STRN string \"strong\""), "{lines:?}");
    }
}

#[test]
fn it_talks_to_the_server_of_the_same_command() {
    let server = Running::start(&["serve", "ncp", "--listen", "127.0.0.1:0", "--json"]);
    let listening = server.event("listening");
    let address = listening["addr"].as_str().expect("text");
    let send = ["--send", "DSPC", "TIME", "SAMP=16"];
    let (told, status) = asked(address, &send);
    assert_eq!(status, Some(0), "{told:?}");
    let (here, there) = (named(&told, "field")[0], server.event("field"));
    for field in ["packet", "name", "id"] {
        assert_eq!(here[field], there[field]);
    }
    assert_eq!(
        there["params"],
        json!([{"name": "SAMP", "t": "i32", "v": "16"}])
    );
}

#[test]
fn a_login_in_the_clear_is_warned_about() {
    let node = Node::with(MockNcpOptions {
        login: Node::login(),
        ..MockNcpOptions::default()
    });
    let address = node.address();
    let done = run(
        &args(
            &address,
            &[
                "--user",
                "admin",
                "--password",
                "open:sesame",
                "--send",
                "DSPC",
                "STAT",
            ],
        ),
        b"",
    );
    assert_eq!(done.status, Some(0));
    assert!(
        done.stderr.contains("the password goes in the clear"),
        "{}",
        done.stderr
    );
    assert!(done.json().iter().any(|event| event["event"] == "field"));
}

#[test]
fn it_stays_and_shows_what_comes_unasked() {
    let node = Node::new();
    let address = node.address();
    let mut device = Running::start(&args(&address, &[]));
    device.event("connected");
    let mut place = [0; 128];
    let news = packet(&mut place, "DSPL").field("NEWS").param("A", 5);
    assert_eq!(node.server.send_to_all(news.finish().expect("a packet")), 1);
    let field = device.event("field");
    assert_eq!(
        (&field["packet"], &field["name"]),
        (&json!("DSPL"), &json!("NEWS"))
    );
    assert_eq!(param(&field, "A"), "5");
    assert_eq!(device.terminate(), Some(0));
    node.wait("it closes", |_| node.server.connections() == 0);

    let (told, status) = asked(&address, &["--duration", "1", "--send", "DSPC", "STAT"]);
    assert_eq!(
        (events(&told), status),
        (vec!["connected", "field", "done"], Some(0))
    );
    assert!(told[2]["t"].as_u64().expect("t") >= 1000, "{told:?}");
}

#[test]
fn it_connects_again_and_repeats_nothing() {
    let mut node = Node::new();
    let address = node.address();
    let send = ["--duration", "60", "--send", "DSPC", "LONG", "DURA=600000"];
    let device = Running::start(&args(&address, &send));
    device.event("field");
    node.stop(Cut::Reset);
    device.event("disconnected");
    let waiting = device.event("waiting");
    assert_eq!(waiting["attempt"], 1);
    node.restart();
    device.event("connected");
    device.ask_to_end();
    let (told, status) = device.finish();
    assert_eq!(status, Some(1));
    let done = told.last().expect("events");
    assert_eq!(
        (&done["connections"], &done["unanswered"]),
        (&2.into(), &1.into())
    );
    assert_eq!(node.server.book().commands.len(), 1, "it was sent once");
}

#[test]
fn without_a_duration_a_lost_connection_is_the_end() {
    let node = Node::new();
    let address = node.address();
    let device = Running::start(&args(&address, &["--send", "DSPC", "LONG", "DURA=600000"]));
    device.event("field");
    assert_eq!(node.server.disconnect("wigwag", Cut::Close), 1);
    let (told, status) = device.finish();
    assert_eq!(
        (events(&told), status),
        (vec!["disconnected", "done"], Some(1))
    );
    assert_eq!(told[0]["reason"], "closed by the server");
    assert_eq!(told[1]["unanswered"], 1);
}
