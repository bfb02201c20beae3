//! The real client on the virtual network against the mock server, all in this
//! process and in paused time: cuts at any byte, and days of quiet.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Duration;
use wigwag_codec::ngtt::client::History;
use wigwag_codec::ngtt::message::{LogEntry, LogsWriter, PathpointsWriter};
use wigwag_embassy::journal::RamJournal;
use wigwag_harness::device::batch::Batch;
use wigwag_harness::device::{self, Book, DeviceEvent, Reply, Settings, Work};
use wigwag_harness::faults::{Cut, Direction, StreamFault, StreamPlan};
use wigwag_harness::mock::{self, Answer, DataAnswer, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{Options, VirtualNet};
use wigwag_tests::campaign;

const ORDERS: u64 = 12;

/// A device's memory is made on the stack before it is boxed, which is too much
/// for a test's own thread in an unoptimised build.
fn in_paused_time(test: impl AsyncFnOnce() + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(test());
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run);
    if let Err(panic) = thread.unwrap().join() {
        std::panic::resume_unwind(panic);
    }
}

fn settings(pki: &Pki) -> Settings {
    let device = pki.device(DEFAULT_DEVICE_ID).unwrap();
    Settings {
        server_name: "ngtt.test".into(),
        port: 2405,
        roots: vec![pki.server_ca().to_vec()],
        certificate: device.certificate().to_vec(),
        key: device.key().secret_pkcs8_der().to_vec(),
    }
}

/// An order of one message, of about 200 bytes, that can be told from others.
fn order(number: u64) -> Vec<u8> {
    let mut payload = b"\x41\x51\x06orders\x41\x52\x04type\x87message\x04uuid\x00\xc8".to_vec();
    payload.extend_from_slice(format!("{number:0200}").as_bytes());
    payload
}

fn points(number: i64) -> Batch {
    let mut payload = vec![0; 512];
    let mut writer = PathpointsWriter::new(&mut payload, 1).unwrap();
    writer.pathpoint("W1", 10).unwrap();
    for at in 0..10 {
        writer
            .value(1_700_000_000_000 + at, |encoder| encoder.int(number))
            .unwrap();
    }
    let length = writer.finish().unwrap();
    payload.truncate(length);
    Batch {
        payload,
        things: 10,
    }
}

fn logs() -> Batch {
    let mut payload = vec![0; 512];
    let mut writer = LogsWriter::new(&mut payload, 1).unwrap();
    writer
        .entry(&LogEntry::text("pump", 1, 20, "started"))
        .unwrap();
    let length = writer.finish().unwrap();
    payload.truncate(length);
    Batch { payload, things: 1 }
}

fn work(max_orders: Option<u64>) -> Work {
    Work {
        reply: Reply::Acknowledge,
        slow: None,
        pathpoints: (0..6).map(points).collect(),
        logs: vec![logs()],
        baobs: None,
        max_orders,
    }
}

fn network(server: &MockNgtt, seed: u64) -> VirtualNet {
    let options = Options {
        seed,
        ..Options::default()
    };
    let net = VirtualNet::with(options, server.dial());
    net.names().set("ngtt.test", [Ipv4Addr::new(192, 0, 2, 1)]);
    net
}

/// Both books, which know nothing of each other, must tell the same.
fn compare(device: &Book, server: &mock::DeviceBook, seed: u64) {
    let mut executed = HashMap::new();
    for execution in &device.orders {
        assert_ne!(execution.history, History::Interrupted, "seed {seed}");
        *executed.entry(execution.digest).or_insert(0) += 1;
    }
    assert_eq!(server.orders.len() as u64, ORDERS);
    for order in &server.orders {
        assert_eq!(order.answer, Some(Answer::Confirm), "seed {seed}");
        assert_eq!(
            executed.get(&order.digest),
            Some(&1),
            "seed {seed}: {order:?}"
        );
    }
    for sent in &device.pathpoints {
        let taken = |batch: &&mock::Batch| batch.digest == sent.digest;
        let batch = server.batches.iter().find(taken);
        assert_eq!(
            batch.map(|batch| batch.answer),
            Some(DataAnswer::Confirm),
            "seed {seed}"
        );
    }
    assert_eq!(
        (device.points_confirmed(), device.logs_confirmed()),
        (60, 1),
        "seed {seed}"
    );
    assert!(server.log_entries() >= 1, "seed {seed}");
}

#[test]
fn campaign_nothing_is_lost_and_nothing_done_twice_whatever_is_cut() {
    in_paused_time(cut_anywhere);
}

async fn cut_anywhere() {
    let pki = Pki::generate();
    let (settings, work) = (settings(&pki), work(Some(ORDERS)));
    let mut struck = 0;
    for seed in campaign::seeds("whole device", 300) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let server = MockNgtt::start(&pki).await.unwrap();
        for number in 0..ORDERS {
            server.enqueue(DEFAULT_DEVICE_ID, order(number));
        }
        let net = network(&server, seed);
        for _ in 0..5 {
            let (direction, most) = match rng.next_u32() % 2 {
                0 => (Direction::ToServer, 2500),
                _ => (Direction::ToDevice, 4500),
            };
            let how = [Cut::Reset, Cut::Close, Cut::Silence][rng.next_u32() as usize % 3];
            let at = rng.next_u64() % most;
            net.faults()
                .plan(StreamPlan::new().at(direction, at, StreamFault::Cut(how)));
        }
        let book = RefCell::new(Book::default());
        let done = device::run(
            &net,
            &settings,
            &work,
            RamJournal::<64>::new(),
            &book,
            &|_| {},
            std::future::pending(),
        );
        tokio::time::timeout(Duration::from_secs(24 * 3600), done)
            .await
            .unwrap_or_else(|_| panic!("not done after a day, seed {seed}: {:?}", book.borrow()))
            .unwrap();
        let counts = net.faults().counts();
        struck += counts.stream_faults;
        compare(
            &book.borrow(),
            &server.book().device(DEFAULT_DEVICE_ID),
            seed,
        );
    }
    assert!(struck >= 80, "only {struck} cuts struck");
}

#[test]
fn a_quiet_device_stays_connected_for_days_on_its_pings() {
    in_paused_time(quiet_for_days);
}

async fn quiet_for_days() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let net = network(&server, 1);
    let book = RefCell::new(Book::default());
    let events = RefCell::new(Vec::new());
    let days = Duration::from_secs(3 * 24 * 3600);
    device::run(
        &net,
        &settings(&pki),
        &work(None),
        RamJournal::<64>::new(),
        &book,
        &|event| events.borrow_mut().push(event),
        tokio::time::sleep(days),
    )
    .await
    .unwrap();
    let seen = server.book().device(DEFAULT_DEVICE_ID);
    // Each is replaced after 21 to 24 hours, to have new keys.
    let connections = book.borrow().connections;
    assert!((3..=4).contains(&connections), "{connections} connections");
    assert_eq!(seen.connections, connections);
    // One for each 30 s, a few for the logs.
    assert!((8600..8700).contains(&seen.pings), "{} pings", seen.pings);
    let lost = |event: &&DeviceEvent| matches!(event, DeviceEvent::Disconnected { .. });
    assert_eq!(events.borrow().iter().find(lost), None);
}
