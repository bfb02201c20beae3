//! The whole NCP device of `wigwag device ncp`, on the virtual network, against
//! the real server in Python (ncplib 6.1.0).

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::{Value as Json, json};
use wigwag_codec::ncp::{Array, PacketWriter};
use wigwag_embassy::ncp::NcpError;
use wigwag_harness::device::DeviceEvent;
use wigwag_harness::device::ncp::{Book, Command, Fate, Settings, Tls, Work, run};
use wigwag_harness::pki::Pki;
use wigwag_harness::vnet::{VirtualNet, loopback};
use wigwag_tests::ncplib::{Server, every_type};
use wigwag_tests::runner::{Outcome, Suite, tools};

/// Longest time for a device's work.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() {
    let needs = [tools::PYTHON_PEERS];
    Suite::new()
        .test("every_type_comes_back", &needs, every_type_comes_back)
        .test("answers_of_each_kind", &needs, answers_of_each_kind)
        .test("answers_in_any_order", &needs, answers_in_any_order)
        .test("logins", &needs, logins)
        .test("tls", &needs, tls)
        .run();
}

fn settings(server: &Server) -> Settings {
    Settings {
        // The gateway leads everything to this machine.
        host: "192.0.2.1".into(),
        port: server.port(),
        peer: None,
        hostname: "wigwag-test".into(),
        tls: None,
        login: None,
    }
}

/// Runs a device to the end of its work: its events and its book.
fn asked(settings: Settings, commands: Vec<Command>) -> (Vec<Json>, Book) {
    let device = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (events, book) = (RefCell::default(), RefCell::default());
        let work = Work {
            commands,
            ..Work::default()
        };
        runtime.block_on(async {
            let net = VirtualNet::new(loopback());
            for name in ["ngtt.test", "other.test"] {
                net.names().set(name, [Ipv4Addr::new(192, 0, 2, 1)]);
            }
            let emit = |event: DeviceEvent| {
                RefCell::<Vec<Json>>::borrow_mut(&events).push(event.json());
            };
            let stop = tokio::time::sleep(PATIENCE);
            let done = run(&net, &settings, &work, &book, &emit, stop).await;
            done.expect("the settings can be used");
        });
        (events.into_inner(), book.into_inner())
    };
    // The device's memory is made on the stack before it is boxed.
    let thread = std::thread::Builder::new().stack_size(16 << 20);
    let running = thread.spawn(device).expect("a thread");
    running.join().expect("no panic")
}

fn named<'e>(events: &'e [Json], name: &str) -> Vec<&'e Json> {
    let wanted = |event: &&Json| event["event"] == name;
    events.iter().filter(wanted).collect()
}

fn all_types(field: PacketWriter<'_>) -> PacketWriter<'_> {
    field
        .param("A", i32::MIN)
        .param("B", u32::MAX)
        .param("C", "Zażółć gęślą jaźń")
        .param("D", i64::MIN)
        .param("E", u64::MAX)
        .param("F", -std::f32::consts::PI)
        .param("G", std::f64::consts::PI)
        .param("H", &[0_u8, 255, 127, 128])
        .param("I", Array::<u8>::new(&[0, 1, 128, 255]))
        .param("J", &[0, u16::MAX])
        .param("K", &[0, 1, u32::MAX])
        .param("L", &[-128_i8, -1, 0, 127])
        .param("M", &[i16::MIN, i16::MAX])
        .param("N", &[i32::MIN, i32::MAX])
        .param("O", &[0, u64::MAX])
        .param("P", &[i64::MIN, i64::MAX])
        .param("Q", &[0.0, f32::INFINITY, f32::MIN])
        .param("R", &[f64::NEG_INFINITY, f64::from_bits(1)])
}

fn every_type_comes_back() -> Outcome {
    let mut server = Server::start(&json!({}))?;
    let echo = Command::new("TEST", "ECHO", all_types)?;
    let (events, book) = asked(settings(&server), vec![echo]);
    assert_eq!(named(&events, "field")[0]["params"], every_type());
    assert!(book.is_answered(0), "{events:?}");
    let told: Vec<Json> = (0..3).map(|_| server.event()).collect::<Result<_, _>>()?;
    assert_eq!(told[0]["remote_hostname"], "wigwag-test");
    assert_eq!(told[1]["params"], every_type());
    assert_eq!(
        (&told[2]["event"], &told[2]["reason"]),
        (&json!("closed"), &json!("closed"))
    );
    Ok(())
}

fn answers_of_each_kind() -> Outcome {
    let server = Server::start(&json!({}))?;
    let commands: Result<Vec<_>, NcpError> = [
        Command::new("TEST", "ACKN", |field| field.param("A", 5)),
        Command::new("TEST", "OOPS", |field| {
            field.param("ERRO", "no antenna").param("ERRC", 7)
        }),
        Command::new("TEST", "ODDS", |field| field.param("A", 6)),
        Command::new("TEST", "BOTH", |field| field.param("A", 7)),
    ]
    .into_iter()
    .collect();
    let (events, book) = asked(settings(&server), commands?);
    let (entries, expected) = (&book.entries, named(&events, "field"));
    assert_eq!(entries.len(), 4, "{events:?}");
    assert!(entries[0].acknowledged && matches!(entries[0].fate, Fate::Answered(_)));
    let error = Fate::Failed {
        detail: "no antenna".into(),
        code: 7,
    };
    assert_eq!(entries[1].fate, error);
    assert!(!entries[2].acknowledged && matches!(entries[2].fate, Fate::Answered(_)));
    let warning = named(&events, "command_warning")[0];
    assert_eq!(
        (&warning["name"], &warning["detail"], &warning["code"]),
        (&json!("ODDS"), &json!("odd"), &json!(1))
    );
    // The field that came with the answer to BOTH is nobody's.
    assert_eq!(book.unasked, 1);
    let names: Vec<_> = expected.iter().map(|field| &field["name"]).collect();
    assert!(names.contains(&&json!("NOTE")), "{names:?}");
    Ok(())
}

fn answers_in_any_order() -> Outcome {
    let server = Server::start(&json!({}))?;
    let hold = |number: i32| {
        Command::new("TEST", "HOLD", |field| {
            field.param("COUN", 30).param("A", number)
        })
    };
    let commands: Result<Vec<_>, _> = (0..30).map(hold).collect();
    let (events, book) = asked(settings(&server), commands?);
    let answered = book.count(|fate| matches!(fate, Fate::Answered(_)));
    assert_eq!(answered, 30, "{events:?}");
    // Each has got back its own parameters, and the last asked was the first
    // answered.
    for entry in &book.entries {
        assert_eq!(entry.fate, Fate::Answered(entry.params));
    }
    let ids: Vec<_> = named(&events, "field")
        .iter()
        .map(|field| field["id"].as_u64())
        .collect();
    assert_eq!(ids, (0..30).rev().map(Some).collect::<Vec<_>>());
    Ok(())
}

fn logins() -> Outcome {
    let server = Server::start(&json!({"user": "admin", "password": "a b"}))?;
    for (password, reason) in [("a b", None), ("a", Some("wrong user or password"))] {
        let settings = Settings {
            login: Some(("admin".into(), password.into())),
            ..settings(&server)
        };
        let echo = Command::new("TEST", "ECHO", |field| field.param("A", 5))?;
        let (events, book) = asked(settings, vec![echo]);
        assert_eq!(book.refused.as_deref(), reason, "{events:?}");
        assert_eq!(book.is_answered(0), reason.is_none());
    }
    Ok(())
}

fn tls() -> Outcome {
    let folder = tempfile::tempdir()?;
    let pki = Pki::generate();
    pki.write_dir(folder.path())?;
    let server = Server::start(&json!({
        "cert": folder.path().join("server.pem"), "key": folder.path().join("server.key"),
        "user": "admin", "password": "secret",
    }))?;
    for (host, reason) in [
        ("other.test", Some("certificate not valid for other.test")),
        ("ngtt.test", None),
    ] {
        let settings = Settings {
            host: host.into(),
            tls: Some(Tls {
                roots: vec![pki.server_ca().to_vec()],
                identity: None,
            }),
            login: Some(("admin".into(), "secret".into())),
            ..settings(&server)
        };
        let echo = Command::new("TEST", "ECHO", |field| field.param("A", 5))?;
        let (events, book) = asked(settings, vec![echo]);
        assert_eq!(book.refused.as_deref(), reason, "{events:?}");
        assert_eq!(book.is_answered(0), reason.is_none());
    }
    Ok(())
}
