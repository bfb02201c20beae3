//! A connection that was used enough is replaced by a new one, and nobody
//! notices: orders and batches go on.

use core::future::pending;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use rand_core::OsRng;
use tokio::io::AsyncReadExt as _;
use tokio_rustls::TlsAcceptor;
use wigwag_codec::ngtt::client::Answer;
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::ngtt::Config;
use wigwag_embassy::tls::{self, End};
use wigwag_harness::hostnet::StreamSocket;
use wigwag_harness::mock::{EventKind, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::alongside;
use wigwag_tests::e2e::{Device, TestClient, in_paused_time, network};
use wigwag_tests::tls::{TlsDevice, TlsLink};

const ORDERS: u8 = 60;
const BATCHES: i64 = 60;

async fn execute(client: &TestClient<'_>) -> BTreeMap<u8, u32> {
    let mut executed = BTreeMap::new();
    while executed.len() < usize::from(ORDERS) {
        let order = client.next_order().await;
        *executed.entry(order.payload()[2]).or_insert(0) += 1;
        order.acknowledge().await;
        tokio::time::sleep(Duration::from_secs(7)).await;
    }
    executed
}

async fn send(client: &TestClient<'_>) {
    for number in 0..BATCHES {
        let batch = client.sync_pathpoints(1, |batch| {
            let value = batch.pathpoint("W1", 1)?;
            value.value(1, |encoder| encoder.int(number))?;
            Ok(())
        });
        batch.await.unwrap();
        tokio::time::sleep(Duration::from_secs(9)).await;
    }
}

/// Runs a device through its orders and batches with small limits; returns how
/// many connections it took.
async fn run(tune: fn(&mut Config<'_>)) -> u64 {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    for number in 0..ORDERS {
        server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, number]);
    }
    let mut events = server.events();
    let device = Device {
        tune,
        ..Device::of(&pki)
    };
    let net = network(&server);
    let executed = device
        .run(&net, &mut RamJournal::<16>::new(), async |client| {
            let (executed, ()) = tokio::join!(execute(&client), send(&client));
            client.wait_idle().await;
            executed
        })
        .await;
    assert!(executed.values().all(|times| *times == 1));
    let book = server.book().device(DEFAULT_DEVICE_ID);
    assert_eq!(book.answered(Answer::Confirm), usize::from(ORDERS));
    let mut batches: Vec<_> = book.batches.iter().map(|batch| batch.digest.0).collect();
    batches.sort_unstable();
    batches.dedup();
    assert_eq!(batches.len(), usize::try_from(BATCHES).unwrap());
    while let Ok(event) = events.try_recv() {
        if let EventKind::Disconnected { reason } = event.kind {
            // With close_notify, and between two frames.
            assert_eq!(reason, "closed by the device");
        }
    }
    book.connections
}

#[test]
fn nothing_is_lost_when_a_connection_has_carried_enough() {
    in_paused_time(async || {
        let few = run(|_| {}).await;
        assert_eq!(few, 1);
        for tune in [
            (|config| config.tls.session_limits.bytes = 8000) as fn(&mut Config<'_>),
            |config| config.tls.session_limits.records = 100,
            |config| config.tls.session_limits.time = Duration::from_secs(90),
        ] {
            let connections = run(tune).await;
            assert!(connections > 2, "only {connections} connections");
        }
    });
}

#[test]
fn a_connection_of_a_day_is_replaced_at_once() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        let mut journal = RamJournal::<16>::new();
        let before = tokio::time::Instant::now();
        let device = Device::of(&pki);
        let day = device.run(&net, &mut journal, async |client| {
            client.connected().await.unwrap();
            let status = client.wait_status(|status| !status.is_connected()).await;
            // No failure, so no reason and nothing to wait for.
            assert_eq!(status.reason(), None, "{status}");
            let hours = before.elapsed().as_secs() / 3600;
            assert!((21..=24).contains(&hours), "after {hours} hours");
            let left = tokio::time::Instant::now();
            client.connected().await.unwrap();
            assert!(left.elapsed() < Duration::from_secs(1));
            client.sync_pathpoints(0, |_| Ok(())).await.unwrap();
        });
        day.await;
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!(book.connections, 2);
    });
}

/// On a stream with next to no buffer of its own, where a byte that is taken is
/// one that the server has read.
#[test]
fn a_server_that_drips_cannot_keep_a_connection_that_was_used_enough() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let config = Arc::new(Pki::server_config(&pki, false, None).unwrap());
        let (near, far) = tokio::io::duplex(64);
        let dripping = tokio::spawn(async {
            let accepted = TlsAcceptor::from(config).accept(far).await;
            let (mut stream, _) = accepted.unwrap().into_inner();
            // Never so long without a byte that it would be given up.
            while stream.read_u8().await.is_ok() {
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
        });
        let device = TlsDevice::of(&pki);
        let before = tokio::time::Instant::now();
        let end = device.with_parameters(async |mut parameters| {
            parameters.session_limits.time = Duration::from_secs(60);
            let (link, socket) = (TlsLink::new(), StreamSocket::new(near));
            let connection = link.connection();
            let (mut receive, mut send) = ([0; 16_640], [0; 2048]);
            let mut rng = OsRng;
            let owner = async {
                let (receive, send) = (&mut receive, &mut send);
                tls::run(&link, &socket, receive, send, &parameters, &mut rng).await;
                pending().await
            };
            let work = async {
                connection.opened().await.unwrap();
                while connection.send(&[&[7; 512]]).await.is_ok() {}
                connection.ended().await
            };
            alongside(work, vec![Box::pin(owner)]).await
        });
        assert_eq!(end.await, End::WriteTimeout);
        let passed = before.elapsed().as_secs();
        // The limit, and 30 s each to close and to send what is left.
        assert!((110..=125).contains(&passed), "{passed} s");
        dripping.await.unwrap();
    });
}
