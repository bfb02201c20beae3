//! The client of a server with several addresses, some of which are dead, or
//! lead to somebody else.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use wigwag_codec::Instant;
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::net::{ConnectError, Family};
use wigwag_embassy::ngtt::{Buffers, Reason, Status};
use wigwag_embassy::time::now;
use wigwag_embassy::tls::{CertificateError, End, MAX_SIGNATURE, SignError, Signer};
use wigwag_harness::faults::{Cut, DialFault, DnsFault};
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{Addressing, Dial as _, Families, Options, VirtualNet};
use wigwag_tests::e2e::{Device, SERVER, TestClient, in_paused_time, settled};

const FIRST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
const SIX: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1));

/// The memory of a client that tries two addresses at once.
type Two = Buffers<16_401, 2048, 4096, 2048, 1040, 1024, 2>;

/// Who was connected to, in that order.
type Log = Rc<RefCell<Vec<IpAddr>>>;

/// A network on which the server's first address leads to one server, and all
/// others to the other one.
fn network(first: &MockNgtt, rest: &MockNgtt, addresses: &[IpAddr]) -> (VirtualNet, Log) {
    let log = Log::default();
    let options = Options {
        addressing: Addressing::of(Families::Both),
        ..Options::default()
    };
    let (first, rest, dialled) = (first.dial(), rest.dial(), log.clone());
    let net = VirtualNet::with(options, move |to: SocketAddr| {
        dialled.borrow_mut().push(to.ip());
        if to.ip() == FIRST {
            first.dial(to)
        } else {
            rest.dial(to)
        }
    });
    net.names().set(SERVER, addresses.iter().copied());
    (net, log)
}

/// One server, at all addresses.
async fn healthy(pki: &Pki, addresses: &[IpAddr]) -> (MockNgtt, VirtualNet, Log) {
    let server = MockNgtt::start(pki).await.unwrap();
    let (net, log) = network(&server, &server, addresses);
    (server, net, log)
}

async fn run<T>(
    device: &Device,
    net: &VirtualNet,
    app: impl AsyncFnOnce(TestClient<'_>) -> T,
) -> T {
    device.run(net, &mut RamJournal::<16>::new(), app).await
}

/// The application's view until the client is connected: it must not have
/// failed on the way.
async fn connected_at_first(client: &TestClient<'_>) {
    let status = settled(client).await;
    assert!(status.is_connected(), "{status:?}");
}

async fn why(client: &TestClient<'_>) -> (Reason, u32) {
    match settled(client).await {
        Status::Waiting {
            reason, attempt, ..
        } => (reason, attempt),
        other => panic!("connected after all: {other:?}"),
    }
}

fn since(start: Instant) -> Duration {
    now().saturating_duration_since(start)
}

/// Waits until the server has answered something: then its address is known to
/// be good.
async fn heard(client: &TestClient<'_>, server: &MockNgtt) {
    let tid = server.enqueue(DEFAULT_DEVICE_ID, [0x40]);
    let order = client.next_order().await;
    assert_eq!(order.payload(), [0x40], "order {tid}");
    order.acknowledge().await;
    client.wait_idle().await;
}

#[test]
fn a_server_that_is_not_the_one_is_passed_over_at_once() {
    in_paused_time(async || {
        let (pki, other) = (Pki::generate(), Pki::generate());
        let impostor = MockNgtt::start(&other).await.unwrap();
        let server = MockNgtt::start(&pki).await.unwrap();
        let (net, log) = network(&impostor, &server, &[FIRST, SECOND]);
        run(&Device::of(&pki), &net, async |client| {
            connected_at_first(&client).await;
            heard(&client, &server).await;
        })
        .await;
        assert_eq!(*log.borrow(), [FIRST, SECOND]);
    });
}

#[test]
fn a_server_that_refuses_the_device_is_passed_over_at_once() {
    in_paused_time(async || {
        // With TLS 1.3 it says so when the device has been connected already.
        let (mut refusing, pki) = (Pki::generate(), Pki::generate());
        refusing.set_server(pki.server().clone());
        let refuser = MockNgtt::start(&refusing).await.unwrap();
        let server = MockNgtt::start(&pki).await.unwrap();
        let (net, log) = network(&refuser, &server, &[FIRST, SECOND]);
        run(&Device::of(&pki), &net, async |client| {
            let order = server.enqueue(DEFAULT_DEVICE_ID, [0x40]);
            let waiting = client.wait_status(|status| matches!(status, Status::Waiting { .. }));
            tokio::select! {
                order = client.next_order() => assert_eq!(order.payload(), [0x40]),
                status = waiting => panic!("{status:?}, with order {order} waiting"),
            }
        })
        .await;
        assert_eq!(*log.borrow(), [FIRST, SECOND]);
    });
}

#[test]
fn what_a_server_said_is_the_reason_though_the_rest_is_silent() {
    in_paused_time(async || {
        let (pki, other) = (Pki::generate(), Pki::generate());
        let impostor = MockNgtt::start(&other).await.unwrap();
        let (net, log) = network(&impostor, &impostor, &[FIRST, SECOND]);
        net.faults().set_dial_to(SECOND, DialFault::Silence);
        let impostor_says = Reason::Tls(End::Certificate(CertificateError::BadSignature));
        run(&Device::of(&pki), &net, async |client| {
            assert_eq!(why(&client).await, (impostor_says, 1));
        })
        .await;
        assert_eq!(*log.borrow(), [FIRST]);

        // Both answer, and neither is the one: that is one failure, not two.
        let (net, log) = network(&impostor, &impostor, &[FIRST, SECOND]);
        run(&Device::of(&pki), &net, async |client| {
            assert_eq!(why(&client).await, (impostor_says, 1));
        })
        .await;
        assert_eq!(*log.borrow(), [FIRST, SECOND]);
    });
}

#[test]
fn the_silence_of_others_does_not_make_a_refused_connection_a_stable_one() {
    in_paused_time(async || {
        let (mut refusing, pki) = (Pki::generate(), Pki::generate());
        refusing.set_server(pki.server().clone());
        let refuser = MockNgtt::start(&refusing).await.unwrap();
        let (net, _) = network(&refuser, &refuser, &[FIRST, SECOND]);
        net.faults().set_dial_to(SECOND, DialFault::Silence);
        let device = Device {
            // Longer than a connection has to live to be a stable one.
            tune: |config| config.race.attempt_timeout = Duration::from_secs(90),
            ..Device::of(&pki)
        };
        run(&device, &net, async |client| {
            // Each is refused for a moment and silent for 90 s.
            let counted = client.wait_status(
                |status| matches!(status, Status::Waiting { attempt, .. } if *attempt == 3),
            );
            let counted = tokio::time::timeout(Duration::from_secs(3600), counted).await;
            assert!(counted.is_ok(), "{:?}", client.status());
        })
        .await;
    });
}

#[test]
fn a_fault_of_this_device_is_not_tried_on_all_servers() {
    struct Broken;

    impl Signer for Broken {
        fn sign(&self, _: &[u8], _: &mut [u8; MAX_SIGNATURE]) -> Result<usize, SignError> {
            Err(SignError)
        }
    }

    in_paused_time(async || {
        let pki = Pki::generate();
        let (_server, net, log) = healthy(&pki, &[FIRST, SECOND]).await;
        let device = Device {
            signer: |_, _| Box::new(Broken),
            ..Device::of(&pki)
        };
        run(&device, &net, async |client| {
            assert_eq!(why(&client).await, (Reason::Tls(End::SignerFailed), 1));
        })
        .await;
        assert_eq!(*log.borrow(), [FIRST]);
    });
}

#[test]
fn dead_addresses_cost_a_timeout_one_at_a_time_and_a_moment_two_at_a_time() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let (_server, net, _) = healthy(&pki, &[FIRST, SECOND]).await;
        net.faults().set_dial_to(FIRST, DialFault::Silence);
        let start = now();
        run(&Device::of(&pki), &net, async |client| {
            connected_at_first(&client).await;
        })
        .await;
        let passed = since(start);
        assert!(
            passed >= Duration::from_secs(10) && passed < Duration::from_secs(13),
            "{passed:?}"
        );

        let start = now();
        let mut buffers = Box::new(Two::new());
        Device::of(&pki)
            .run_with(
                &net,
                &mut RamJournal::<16>::new(),
                &mut *buffers,
                async |client| connected_at_first(&client).await,
            )
            .await;
        // DHCP and ARP are in this, too.
        let passed = since(start);
        assert!(passed < Duration::from_secs(3), "{passed:?}");
    });
}

#[test]
fn a_server_of_both_families_is_found_with_one_of_them_dead() {
    in_paused_time(async || {
        let pki = Pki::generate();
        for (dead, alive) in [(Family::V4, SIX), (Family::V6, FIRST)] {
            let (_server, net, log) = healthy(&pki, &[FIRST, SIX]).await;
            net.faults().set_dial_for(dead, DialFault::Refuse);
            net.faults().set_dns_for(dead, DnsFault::ServerFailure);
            run(&Device::of(&pki), &net, async |client| {
                client.wait_status(Status::is_connected).await;
            })
            .await;
            assert_eq!(*log.borrow(), [alive]);
        }
    });
}

#[test]
fn the_address_that_was_good_is_the_first_the_next_time() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let (server, net, log) = healthy(&pki, &[FIRST, SECOND]).await;
        net.faults().set_dial_to(FIRST, DialFault::Refuse);
        run(&Device::of(&pki), &net, async |client| {
            connected_at_first(&client).await;
            heard(&client, &server).await;
            net.faults().set_dial(DialFault::None);
            log.borrow_mut().clear();
            for fault in [DnsFault::None, DnsFault::ServerFailure, DnsFault::Silence] {
                // Even though no name server answers.
                net.faults().set_dns(fault);
                server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
                client.wait_status(|status| !status.is_connected()).await;
                client.wait_status(Status::is_connected).await;
                heard(&client, &server).await;
            }
            assert_eq!(*log.borrow(), [SECOND; 3]);
            // It moves: the name servers say where to.
            net.faults().set_dns(DnsFault::None);
            net.names().set(SERVER, [FIRST]);
            server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);
            client.wait_status(|status| !status.is_connected()).await;
            client.wait_status(Status::is_connected).await;
            assert_eq!(log.borrow().last(), Some(&FIRST));
        })
        .await;
    });
}

#[test]
fn all_addresses_dead_is_one_failure_and_they_come_back() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let (_server, net, _) = healthy(&pki, &[FIRST, SECOND, SIX]).await;
        net.faults().set_dial(DialFault::Refuse);
        net.faults().set_dial_to(SECOND, DialFault::Silence);
        run(&Device::of(&pki), &net, async |client| {
            // Of a refusal and a silence the refusal says more.
            let refused = Reason::Connect(ConnectError::Refused);
            assert_eq!(why(&client).await, (refused, 1));
            net.faults().set_dial(DialFault::None);
            client.wait_status(Status::is_connected).await;
        })
        .await;
    });
}
