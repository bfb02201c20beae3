//! Servers, networks, clocks and journals that do their worst: the client
//! neither panics nor waits for ever, and goes on when it is over.

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use wigwag_codec::ngtt::client::Record;
use wigwag_embassy::journal::{Journal, Memory, RamJournal};
use wigwag_embassy::ngtt::{Reason, Status};
use wigwag_embassy::tls::{CertificateError, ClockPolicy, End};
use wigwag_harness::device::host_time;
use wigwag_harness::faults::{Cut, Direction, LinkFaults};
use wigwag_harness::mock::{Book, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Identity, Pki};
use wigwag_harness::vnet::{Addressing, Options, VirtualNet};
use wigwag_tests::e2e::{
    Device, SERVER, TestClient, in_paused_time, network, network_to, no_journal,
};

const MINUTE: Duration = Duration::from_secs(60);
const ORDER: [u8; 3] = [0x41, 0x06, 200];

type Tls = TlsStream<DuplexStream>;

/// Connects the device to servers that speak TLS and then do as `serve` says;
/// returns why the first connection was lost, and after what time.
async fn against<S>(serve: impl Fn(Tls) -> S + Copy + Send + Sync + 'static) -> (Reason, Duration)
where
    S: Future<Output = ()> + Send,
{
    let pki = Pki::generate();
    let acceptor = TlsAcceptor::from(Arc::new(pki.server_config(false, None).unwrap()));
    let net = network_to(move |_: SocketAddr| {
        let acceptor = acceptor.clone();
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(far).await {
                serve(stream).await;
            }
        });
        async { Ok(near) }
    });
    Device::of(&pki)
        .run(&net, &mut no_journal(), async |client| {
            client.wait_status(Status::is_connected).await;
            let before = tokio::time::Instant::now();
            let status = client.wait_status(|status| status.reason().is_some()).await;
            assert!(client.try_next_order().is_none(), "garbage is no order");
            (status.reason().unwrap(), before.elapsed())
        })
        .await
}

/// Writes what `next` makes, ten times a second, until nobody listens.
async fn pour(stream: Tls, mut next: impl FnMut(&mut [u8; 256]) -> usize + Send) {
    let (mut from, mut to) = tokio::io::split(stream);
    let drain = async {
        let mut sink = [0; 1024];
        while from.read(&mut sink).await.is_ok_and(|count| count > 0) {}
    };
    let write = async {
        let mut bytes = [0; 256];
        loop {
            let count = next(&mut bytes);
            if to.write_all(&bytes[..count]).await.is_err() || to.flush().await.is_err() {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = drain => {}
        () = write => {}
    }
}

/// 30 s to the PING, 90 s without an answer, and a little.
const DEAD: Duration = Duration::from_secs(125);

#[test]
fn garbage_after_the_handshake_is_survived() {
    in_paused_time(async || {
        for seed in 0..8 {
            let (reason, passed) = against(move |stream| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                pour(stream, move |bytes| {
                    rng.fill_bytes(bytes);
                    // Every other time the lengths are small, so that much of
                    // it is frames.
                    if seed % 2 == 0 {
                        for word in bytes.chunks_mut(16) {
                            word[..3].fill(0);
                            word[6] = 0;
                        }
                    }
                    bytes.len()
                })
            })
            .await;
            assert!(matches!(reason, Reason::Silent(_)), "seed {seed}: {reason}");
            assert!(passed <= DEAD, "seed {seed}: after {passed:?}");
        }
    });
}

#[test]
fn a_frame_that_never_ends_holds_nobody() {
    in_paused_time(async || {
        // An ORDER of 4 GiB, a few bytes at a time: the server is heard all
        // the while, but answers no PING.
        let (reason, passed) = against(|stream| {
            let mut begun = false;
            pour(stream, move |bytes| {
                bytes[..8].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 1, 0, 1]);
                if core::mem::replace(&mut begun, true) {
                    1
                } else {
                    8
                }
            })
        })
        .await;
        assert!(matches!(reason, Reason::Silent(_)), "{reason}");
        assert!(passed <= DEAD, "after {passed:?}");
    });
}

#[test]
fn a_chain_of_twenty_certificates_is_refused() {
    in_paused_time(async || {
        let mut pki = Pki::generate();
        let folder = tempfile::tempdir().unwrap();
        let file = |name| folder.path().join(name);
        std::fs::write(file("chain.pem"), pki.server().chain_pem().repeat(20)).unwrap();
        std::fs::write(file("key.pem"), pki.server().key_pem()).unwrap();
        let device = Device::of(&pki);
        pki.set_server(Identity::load(&file("chain.pem"), &file("key.pem")).unwrap());
        let server = MockNgtt::start(&pki).await.unwrap();
        device
            .run(&network(&server), &mut no_journal(), async |client| {
                let status = client.wait_status(|status| status.reason().is_some()).await;
                assert!(matches!(status.reason(), Some(Reason::Tls(_))), "{status}");
            })
            .await;
        assert_eq!(server.book().device(DEFAULT_DEVICE_ID).connections, 0);
    });
}

static TIME: AtomicU64 = AtomicU64::new(0);

#[test]
fn a_clock_that_jumps_ends_no_connection_and_is_believed_at_the_next() {
    in_paused_time(async || {
        let now = host_time().unwrap();
        TIME.store(now, Ordering::Relaxed);
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let device = Device {
            clock: ClockPolicy::real_time(|| Some(TIME.load(Ordering::Relaxed))),
            ..Device::of(&pki)
        };
        device
            .run(&network(&server), &mut no_journal(), async |client| {
                client.wait_status(Status::is_connected).await;
                for (time, expected) in [
                    (now + 100 * 366 * 24 * 3600, CertificateError::Expired),
                    (u64::MAX, CertificateError::Expired),
                    (0, CertificateError::NotYetValid),
                ] {
                    TIME.store(time, Ordering::Relaxed);
                    sleep(10 * MINUTE).await;
                    assert!(client.status().is_connected());
                    client.reconnect();
                    let status = client.wait_status(|status| status.reason().is_some()).await;
                    let refused = Reason::Tls(End::Certificate(expected));
                    assert_eq!(status.reason(), Some(refused), "{time}");
                    // Set right again, it goes on by itself.
                    TIME.store(now, Ordering::Relaxed);
                    let connected = client.wait_status(Status::is_connected);
                    tokio::time::timeout(15 * MINUTE, connected).await.unwrap();
                }
            })
            .await;
    });
}

#[test]
fn a_lease_that_is_lost_and_given_again_costs_a_connection() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let options = Options {
            addressing: Addressing {
                lease: MINUTE,
                ..Addressing::DEFAULT
            },
            ..Options::default()
        };
        let net = VirtualNet::with(options, server.dial());
        net.names().set(SERVER, [Ipv4Addr::new(192, 0, 2, 1)]);
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                client.wait_status(Status::is_connected).await;
                // Renewed again and again.
                sleep(10 * MINUTE).await;
                assert_eq!(server.book().device(DEFAULT_DEVICE_ID).connections, 1);
                net.faults().set_dhcp_silent(true);
                let offline = |status: &Status| matches!(status, Status::Offline { .. });
                let status = tokio::time::timeout(5 * MINUTE, client.wait_status(offline)).await;
                assert_eq!(status.unwrap().reason(), Some(Reason::NoAddress));
                server.enqueue(DEFAULT_DEVICE_ID, ORDER);
                net.faults().set_dhcp_silent(false);
                client.next_order().await.acknowledge().await;
                client.wait_idle().await;
            })
            .await;
    });
}

#[test]
fn connections_that_die_young_do_not_reset_the_pace() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let kill = async {
            loop {
                let up = |_: &Book| !server.connected().is_empty();
                server.wait_until(60 * MINUTE, up).await;
                server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
                sleep(Duration::from_millis(10)).await;
            }
        };
        let net = network(&server);
        let device = Device::of(&pki);
        let mut journal = no_journal();
        let live = device.run(&net, &mut journal, async |client| {
            sleep(60 * MINUTE).await;
            client.status()
        });
        tokio::select! {
            _ = live => {}
            () = kill => {}
        }
        // 60 waits of 30 s on average make half an hour; one a second were 3600.
        let connections = server.book().device(DEFAULT_DEVICE_ID).connections;
        assert!((30..400).contains(&connections), "{connections}");
    });
}

#[test]
fn a_flapping_link_does_not_hurry_a_refused_device() {
    in_paused_time(async || {
        let (pki, foreign) = (Pki::generate(), Pki::generate());
        let stranger = foreign.device(DEFAULT_DEVICE_ID).unwrap().clone();
        let server = MockNgtt::start(&pki).await.unwrap();
        let device = Device {
            identity: stranger,
            ..Device::of(&pki)
        };
        let net = network(&server);
        device
            .run(&net, &mut no_journal(), async |_| {
                for _ in 0..120 {
                    sleep(Duration::from_secs(20)).await;
                    net.faults().set_link_up(false);
                    sleep(Duration::from_secs(1)).await;
                    net.faults().set_link_up(true);
                }
            })
            .await;
        // 42 minutes at a pace of a minute and more, and one wait cut short.
        let refused = server.book().refused;
        assert!((2..12).contains(&refused), "{refused}");
    });
}

/// With 25 ms each way a connection takes a while to come up.
fn slow(net: &VirtualNet) {
    for direction in [Direction::ToDevice, Direction::ToServer] {
        let faults = LinkFaults {
            delay: Duration::from_millis(25),
            ..LinkFaults::NONE
        };
        net.faults().set_link(direction, faults);
    }
}

#[test]
fn closing_works_at_any_moment_of_a_connection() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        slow(&net);
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                for step in 0..60 {
                    sleep(Duration::from_millis(7 * step)).await;
                    let closed = tokio::time::timeout(Duration::from_secs(10), client.close());
                    assert!(closed.await.is_ok(), "after {} ms", 7 * step);
                    assert_eq!(client.status(), Status::Closed);
                    client.open();
                }
                client.wait_status(Status::is_connected).await;
                server.enqueue(DEFAULT_DEVICE_ID, ORDER);
                client.next_order().await.acknowledge().await;
                client.wait_idle().await;
            })
            .await;
    });
}

#[test]
fn closing_ends_when_another_task_opens() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        let net = network(&server);
        Device::of(&pki)
            .run(&net, &mut no_journal(), async |client| {
                client.wait_status(Status::is_connected).await;
                let mut closing = pin!(client.close());
                // Begun, and not done yet.
                let pending = poll_fn(|cx| closing.as_mut().poll(cx).is_pending().into()).await;
                assert!(pending);
                client.open();
                let closed = tokio::time::timeout(MINUTE, closing).await;
                assert!(closed.is_ok(), "waits for a close that nobody wants");
                client.wait_status(Status::is_connected).await;
            })
            .await;
    });
}

/// A journal on a worn-out flash: until it is mended nothing can be written.
struct Worn<'a> {
    kept: RamJournal,
    mended: &'a Cell<bool>,
}

impl Journal for Worn<'_> {
    type Error = &'static str;

    async fn load(&mut self, each: &mut dyn FnMut(Record)) -> Result<Memory, Self::Error> {
        let _ = self.kept.load(each).await;
        Err("cannot be read")
    }

    async fn append(&mut self, record: Record) -> Result<(), Self::Error> {
        if !self.mended.get() {
            return Err("cannot be written");
        }
        self.kept.append(record).await.map_err(|_| "full")
    }
}

#[test]
fn a_journal_that_fails_holds_confirmations_back_and_nothing_else() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        server.enqueue(DEFAULT_DEVICE_ID, ORDER);
        let net = network(&server);
        let mended = Cell::new(false);
        let mut journal = Worn {
            kept: RamJournal::new(),
            mended: &mended,
        };
        Device::of(&pki)
            .run(&net, &mut journal, async |client| {
                client.wait_status(Status::is_connected).await;
                sleep(60 * MINUTE).await;
                let book = server.book().device(DEFAULT_DEVICE_ID);
                // It pings on, tries more and more slowly, at last once a minute, and
                // confirms nothing.
                assert_eq!((book.connections, book.unanswered()), (1, 1));
                assert!(book.pings > 100, "{}", book.pings);
                let failures = client.journal_failures();
                assert!((55..75).contains(&failures), "{failures}");
                mended.set(true);
                client.next_order().await.acknowledge().await;
                client.wait_idle().await;
            })
            .await;
        let book = server.book().device(DEFAULT_DEVICE_ID);
        assert_eq!((book.connections, book.unanswered()), (1, 0));
    });
}

/// A future of `work` that panics when it is polled more often than any honest
/// waiting takes: paused time would stand still for ever.
async fn counted<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        assert!(polls < 10_000, "it spins");
        work.as_mut().poll(cx)
    })
    .await
}

/// `orders` futures wait for one order each, beside a few that wait for other
/// things; all of them are served.
async fn many_wait(client: TestClient<'_>, server: &MockNgtt, orders: usize) {
    let mut waiting: FuturesUnordered<LocalBoxFuture<'_, ()>> = FuturesUnordered::new();
    for _ in 0..orders {
        waiting.push(Box::pin(counted(async {
            client.next_order().await.acknowledge().await;
        })));
    }
    for _ in 0..3 {
        waiting.push(Box::pin(counted(async {
            client.sync_pathpoints(0, |_| Ok(())).await.unwrap();
        })));
    }
    waiting.push(Box::pin(counted(async {
        client.wait_status(Status::is_connected).await;
    })));
    let feed = async {
        for number in 0..orders {
            sleep(Duration::from_secs(5)).await;
            server.enqueue(DEFAULT_DEVICE_ID, [0x41, 0x06, number as u8]);
        }
        core::future::pending::<()>().await;
    };
    let all = async { while waiting.next().await.is_some() {} };
    tokio::select! {
        () = all => {}
        () = feed => {}
        () = sleep(60 * MINUTE) => panic!("somebody was not woken"),
    }
}

#[test]
fn sixteen_tasks_wait_side_by_side_without_spinning() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = MockNgtt::start(&pki).await.unwrap();
        Device::of(&pki)
            .run(&network(&server), &mut no_journal(), async |client| {
                many_wait(client, &server, 12).await;
                client.wait_idle().await;
            })
            .await;
        assert_eq!(server.book().unanswered(), 0);
    });
}
