//! A tap between real clients and real servers: nothing is lost or changed, and
//! what it records is what was said.

use crate::capture::{Item, Items};
use crate::client::LIMIT;
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::sync::Arc;
use wigwag_embassy::journal::RamJournal;
use wigwag_harness::demo::{compare, corpus};
use wigwag_harness::device::{self, BATCH_BYTES, Reply, Settings, Work, batch, ncp};
use wigwag_harness::mock::{MockNgtt, MockOptions};
use wigwag_harness::mock_ncp::{Credentials, MockNcp, MockNcpOptions};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::record::{Direction, Existing, Limits, Protocol, Recorder};
use wigwag_harness::tap::{Identities, Security, Tap, TapEventKind, TapOptions};
use wigwag_harness::vnet::{VirtualNet, loopback};

use Direction::{ToDevice, ToServer};

const NAME: &str = "ngtt.test";
const ORDERS: u64 = 40;

/// A device's memory is made on the stack before it is boxed, which is too much
/// for a test's own thread in an unoptimised build.
fn with_a_large_stack(test: impl AsyncFnOnce() + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(test());
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run);
    if let Err(panic) = thread.unwrap().join() {
        std::panic::resume_unwind(panic);
    }
}

fn network() -> VirtualNet {
    let net = VirtualNet::new(loopback());
    net.names().set(NAME, [Ipv4Addr::new(192, 0, 2, 1)]);
    net
}

/// A capture file of a recorder, and what is in it.
fn file_of(recorder: &Recorder) -> Vec<Item> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    let file = recorder.to_file(&path, Existing::Keep).unwrap();
    file.finish().unwrap();
    Items::of(&std::fs::read(&path).unwrap())
}

/// Both have seen the same connections, and the same bytes on each.
fn assert_same(tapped: &[Item], server: &[Item], connections: u32) {
    for connection in 1..=connections {
        for direction in [ToServer, ToDevice] {
            let seen = |items| crate::capture::stream(items, connection, direction);
            let (tap, server) = (seen(tapped), seen(server));
            assert!(!tap.is_empty());
            assert!(tap == server, "{connection} {direction:?}");
        }
    }
    let ends = tapped
        .iter()
        .filter(|item| matches!(item, Item::End { .. }));
    assert_eq!(ends.count(), connections as usize);
}

fn history() -> Recorder {
    Recorder::new(Limits { history: 256 << 20 })
}

#[test]
fn ngtt_goes_through_unchanged() {
    with_a_large_stack(async || {
        let pki = Pki::generate();
        let at_server = history();
        let server = MockNgtt::start_with(
            &pki,
            MockOptions {
                recorder: Some(at_server.clone()),
                ..MockOptions::default()
            },
        )
        .await
        .unwrap();
        for number in 0..ORDERS {
            let mut order = b"\x41\x51\x06orders\x41\x52\x04type\x87message\x04uuid\x8a".to_vec();
            order.extend(format!("{number:010}").as_bytes());
            server.enqueue(DEFAULT_DEVICE_ID, order);
        }
        let recorder = history();
        let tap = Tap::start(TapOptions {
            recorder: Some(recorder.clone()),
            protocol: Some(Protocol::Ngtt),
            ..TapOptions::new(
                &server.addr().to_string(),
                Security::of(&pki, NAME, None).unwrap(),
            )
        })
        .await
        .unwrap();
        let mut events = tap.events();
        let port = tap.addr().port();
        let settings = Settings::of(&pki, DEFAULT_DEVICE_ID, NAME, port).unwrap();
        let work = Work {
            reply: Reply::Acknowledge,
            slow: None,
            pathpoints: batch::pathpoints(corpus::PATHPOINTS, BATCH_BYTES).unwrap(),
            logs: batch::logs(corpus::LOGS, BATCH_BYTES).unwrap(),
            baobs: Some(corpus::BAOBS.to_vec()),
            max_orders: Some(ORDERS),
        };
        let book = RefCell::new(device::Book::default());
        let journal = RamJournal::<64>::new();
        let net = network();
        let late = tokio::time::sleep(LIMIT);
        let run = device::run(&net, &settings, &work, journal, &book, &|_| (), late);
        Box::pin(run).await.unwrap();
        let servers = server.book().device(DEFAULT_DEVICE_ID);
        let compared = compare(&servers, &book.borrow());
        assert!(compared.agrees(), "{compared}");
        assert_eq!(servers.unanswered(), 0);
        assert_eq!(servers.orders.len() as u64, ORDERS);
        let totals = tap.stop().await;
        drop(server);
        assert_eq!((totals.connections, totals.refused), (1, 0));
        assert!(totals.to_server > 1_000_000);
        let tapped = file_of(&recorder);
        assert_same(&tapped, &file_of(&at_server), 1);
        let length = crate::capture::stream(&tapped, 1, ToServer).len() as u64;
        assert_eq!(totals.to_server, length);
        assert!(
            matches!(&tapped[1], Item::Open { protocol: Some(1), device, .. }
            if device == DEFAULT_DEVICE_ID)
        );
        let first = events.try_recv().unwrap().kind;
        assert!(
            matches!(&first, TapEventKind::Connected { device: Some(name), .. }
            if &**name == DEFAULT_DEVICE_ID)
        );
    });
}

fn commands() -> ncp::Work {
    let echo = |number: u32| {
        let text = "x".repeat(number as usize * 100);
        ncp::Command::new("TEST", "ECHO", |field| field.param("B", &text[..])).unwrap()
    };
    ncp::Work {
        commands: (0..20).map(echo).collect(),
        stays: false,
        reconnects: false,
    }
}

async fn ncp_through(pki: &Pki, is_secure: bool) {
    let at_server = history();
    let login = is_secure.then(|| ("admin".to_owned(), "secret".to_owned()));
    let server = MockNcp::start_with(MockNcpOptions {
        tls: is_secure.then(|| Arc::new(pki.public_server_config(None).unwrap())),
        login: is_secure.then(|| Credentials::new("admin", "secret").unwrap()),
        recorder: Some(at_server.clone()),
        ..MockNcpOptions::default()
    })
    .await
    .unwrap();
    let recorder = history();
    let security = if is_secure {
        let roots = vec![pki.server_ca().clone()];
        let none = Identities::OfDevices(std::collections::BTreeMap::new());
        Security::with(pki, NAME, roots, none, true, None).unwrap()
    } else {
        Security::Plain
    };
    let tap = Tap::start(TapOptions {
        recorder: Some(recorder.clone()),
        ..TapOptions::new(&server.addr().to_string(), security)
    })
    .await
    .unwrap();
    let settings = ncp::Settings {
        host: NAME.into(),
        port: tap.addr().port(),
        peer: None,
        hostname: "device".into(),
        tls: is_secure.then(|| ncp::Tls {
            roots: vec![pki.server_ca().to_vec()],
            identity: None,
        }),
        login,
    };
    let (net, work) = (network(), commands());
    let book = RefCell::new(ncp::Book::default());
    let late = tokio::time::sleep(LIMIT);
    let run = ncp::run(&net, &settings, &work, &book, &|_| (), late);
    Box::pin(run).await.unwrap();
    let answered = |entry: &ncp::Entry| matches!(entry.fate, ncp::Fate::Answered(_));
    assert_eq!(
        book.borrow().entries.iter().filter(|e| answered(e)).count(),
        20
    );
    assert_eq!(server.book().commands.len(), 20);
    assert_eq!(server.book().unanswered(), 0);
    tap.stop().await;
    drop(server);
    let tapped = file_of(&recorder);
    assert_same(&tapped, &file_of(&at_server), 1);
    // Nobody has said what is spoken.
    assert!(matches!(&tapped[1], Item::Open { protocol: None, .. }));
}

#[test]
fn ncp_goes_through_unchanged_over_tls_with_a_login() {
    with_a_large_stack(async || ncp_through(&Pki::generate(), true).await);
}

#[test]
fn ncp_goes_through_unchanged_over_plain_tcp() {
    with_a_large_stack(async || ncp_through(&Pki::generate(), false).await);
}
