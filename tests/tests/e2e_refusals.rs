//! What the client says when there is no connection, and how soon it tries
//! again: each failure has its reason and its pace.

use core::time::Duration;
use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use wigwag_codec::Instant;
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::net::{ConnectError, ResolveError};
use wigwag_embassy::ngtt::{NgttError, Reason, Status};
use wigwag_embassy::supervisor::{Backoff, FailureClass};
use wigwag_embassy::time;
use wigwag_embassy::tls::{CertificateError, ClockPolicy, End, RecordError};
use wigwag_harness::faults::{DialFault, DnsFault};
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki, Validity};
use wigwag_harness::vnet::VirtualNet;
use wigwag_tests::e2e::{Device, SERVER, in_paused_time, network, network_to, settled};

/// Runs `device` until its first attempt has failed (or, wrongly, succeeded)
/// and returns why, and the time until the next attempt.
async fn first_failure(device: &Device, net: &VirtualNet) -> (Reason, Duration) {
    device
        .run(
            net,
            &mut RamJournal::<16>::new(),
            async |client| match settled(&client).await {
                Status::Waiting {
                    reason,
                    retry_at,
                    attempt,
                } => {
                    assert_eq!(attempt, 1);
                    (reason, retry_at.saturating_duration_since(time::now()))
                }
                other => panic!("connected after all: {other:?}"),
            },
        )
        .await
}

/// Runs `device` until it has failed for the same reason as often as it may be
/// forged without being believed, and once more. Returns the reason, and the time
/// that it then waits. Before that it tries again soon, whatever the reason.
async fn repeated_failure(device: &Device, net: &VirtualNet) -> (Reason, Duration) {
    let mut failures = Vec::new();
    device
        .run(net, &mut RamJournal::<16>::new(), async |client| {
            let mut last = Instant::from_micros(0);
            while failures.len() <= usize::from(Backoff::DEFAULT.doubts) {
                let is_next = |status: &Status| matches!(status, Status::Waiting { retry_at, .. } if *retry_at > last);
                let Status::Waiting {
                    reason, retry_at, ..
                } = client.wait_status(is_next).await
                else {
                    unreachable!("waited for it");
                };
                last = retry_at;
                failures.push((reason, retry_at.saturating_duration_since(time::now())));
            }
        })
        .await;
    let (last, soon) = failures.split_last().expect("one failure at least");
    for (index, (reason, wait)) in soon.iter().enumerate() {
        assert_eq!(*reason, last.0);
        let window = Duration::from_secs((1 << index).min(60));
        assert!(*wait <= window, "{reason}: {wait:?} after {index} failures");
    }
    *last
}

/// Each failure must be `expected`; the server must have seen nothing.
async fn refuses(pki: &Pki, device: Device, expected: CertificateError) {
    let server = MockNgtt::start(pki).await.unwrap();
    server.enqueue(DEFAULT_DEVICE_ID, [0x40]);
    let (reason, wait) = repeated_failure(&device, &network(&server)).await;
    assert_eq!(reason, Reason::Tls(End::Certificate(expected)));
    assert_eq!(reason.class(), FailureClass::Authentication);
    assert!(wait >= Duration::from_secs(30), "retried after {wait:?}");
    assert!(!reason.is_due_to_no_internet());
    let book = server.book().device(DEFAULT_DEVICE_ID);
    assert_eq!((book.connections, book.fetches), (0, 0));
}

#[test]
fn a_server_with_another_name_is_refused() {
    in_paused_time(async || {
        let mut pki = Pki::generate();
        let other = ["other.test".to_owned()];
        let identity = pki.server_identity(&other, Validity::current()).unwrap();
        pki.set_server(identity);
        let device = Device::of(&pki);
        refuses(&pki, device, CertificateError::WrongName).await;
    });
}

#[test]
fn a_server_of_a_foreign_authority_is_refused() {
    in_paused_time(async || {
        let (pki, foreign) = (Pki::generate(), Pki::generate());
        let device = Device {
            root: foreign.server_ca().to_vec(),
            ..Device::of(&pki)
        };
        // Both authorities have the same name; the signature tells.
        refuses(&pki, device, CertificateError::BadSignature).await;
        let device = Device {
            root: pki.device_ca().to_vec(),
            ..Device::of(&pki)
        };
        refuses(&pki, device, CertificateError::UnknownIssuer).await;
    });
}

#[test]
fn a_device_of_the_fleet_cannot_be_the_server() {
    in_paused_time(async || {
        let mut pki = Pki::generate();
        let device = Device {
            // The worst case: one authority for servers and devices.
            root: pki.device_ca().to_vec(),
            ..Device::of(&pki)
        };
        pki.issue_device(SERVER).unwrap();
        let thief = pki.device(SERVER).unwrap().clone();
        pki.set_server(thief);
        let server = MockNgtt::start(&pki).await.unwrap();
        let (reason, _) = first_failure(&device, &network(&server)).await;
        assert_eq!(reason.class(), FailureClass::Authentication, "{reason}");
        assert!(matches!(reason, Reason::Tls(End::Certificate(_))));
    });
}

#[test]
fn an_expired_server_is_refused() {
    in_paused_time(async || {
        let mut pki = Pki::generate();
        let names = [SERVER.to_owned()];
        let expired = pki.server_identity(&names, Validity::expired()).unwrap();
        let future = pki.server_identity(&names, Validity::future()).unwrap();
        let device = Device::of(&pki);
        pki.set_server(expired);
        refuses(&pki, device.clone(), CertificateError::Expired).await;
        pki.set_server(future);
        refuses(&pki, device, CertificateError::NotYetValid).await;
    });
}

#[test]
fn a_clock_that_is_not_set_trusts_nobody() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let device = |clock| Device {
            clock,
            ..Device::of(&pki)
        };
        let unset = device(ClockPolicy::real_time(|| None));
        refuses(&pki, unset, CertificateError::ClockNotSet).await;
        let in_1970 = device(ClockPolicy::real_time(|| Some(1000)));
        refuses(&pki, in_1970, CertificateError::NotYetValid).await;
        // With a floor the same clock does no harm.
        let server = MockNgtt::start(&pki).await.unwrap();
        let build_time = 1_700_000_000;
        device(ClockPolicy::real_time_or_floor(|| Some(1000), build_time))
            .run(
                &network(&server),
                &mut RamJournal::<16>::new(),
                async |client| client.connected().await.unwrap(),
            )
            .await;
    });
}

#[test]
fn a_refused_device_certificate_is_an_authentication_failure() {
    in_paused_time(async || {
        let (pki, foreign) = (Pki::generate(), Pki::generate());
        let stranger = foreign.device(DEFAULT_DEVICE_ID).unwrap().clone();
        let expired = pki
            .device_identity(DEFAULT_DEVICE_ID, 0, Validity::expired())
            .unwrap();
        // decrypt_error: the authorities have one name. certificate_expired.
        for (identity, alert) in [(stranger, 51), (expired, 45)] {
            let server = MockNgtt::start(&pki).await.unwrap();
            let device = Device {
                identity,
                ..Device::of(&pki)
            };
            let net = network(&server);
            device
                .run(&net, &mut RamJournal::<16>::new(), async |client| {
                    // TLS 1.3 tells only after the handshake.
                    let status = client
                        .wait_status(|status| matches!(status, Status::Waiting { .. }))
                        .await;
                    let Status::Waiting {
                        reason, retry_at, ..
                    } = status
                    else {
                        unreachable!("waited for it");
                    };
                    assert_eq!(reason, Reason::Tls(End::IdentityRefused(alert)));
                    assert_eq!(reason.class(), FailureClass::Authentication);
                    let wait = retry_at.saturating_duration_since(time::now());
                    assert!(wait >= Duration::from_secs(30), "{wait:?}");
                })
                .await;
            assert_eq!(server.book().refused, 1);
        }
    });
}

#[test]
fn a_refused_port_is_not_a_missing_network() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let net = network_to(|_: SocketAddr| async {
            Err::<tokio::io::DuplexStream, _>(io::ErrorKind::ConnectionRefused.into())
        });
        let (reason, wait) = first_failure(&Device::of(&pki), &net).await;
        assert_eq!(reason, Reason::Connect(ConnectError::Refused));
        assert_eq!(
            NgttError::from(reason),
            NgttError::ConnectionFailed {
                is_due_to_no_internet: false
            }
        );
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
    });
}

#[test]
fn a_silent_host_is_given_up_in_time() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let net = network(&MockNgtt::start(&pki).await.unwrap());
        net.faults().set_dial(DialFault::Silence);
        let before = time::now();
        let (reason, _) = first_failure(&Device::of(&pki), &net).await;
        assert_eq!(reason, Reason::Connect(ConnectError::TimedOut));
        let passed = time::now().saturating_duration_since(before);
        assert!(passed < Duration::from_secs(15), "after {passed:?}");
    });
}

#[test]
fn failing_name_servers_are_a_missing_network() {
    in_paused_time(async || {
        let pki = Pki::generate();
        for (fault, expected) in [
            (DnsFault::ServerFailure, ResolveError::Failed),
            (DnsFault::NoSuchName, ResolveError::Failed),
        ] {
            let net = network(&MockNgtt::start(&pki).await.unwrap());
            net.faults().set_dns(fault);
            let (reason, _) = first_failure(&Device::of(&pki), &net).await;
            assert_eq!(reason, Reason::Resolve(expected), "{fault:?}");
            assert!(reason.is_due_to_no_internet());
        }
        let net = network(&MockNgtt::start(&pki).await.unwrap());
        net.faults().set_dns(DnsFault::Silence);
        let before = time::now();
        let (reason, _) = first_failure(&Device::of(&pki), &net).await;
        assert!(matches!(reason, Reason::Resolve(_)), "{reason}");
        assert!(reason.is_due_to_no_internet());
        let passed = time::now().saturating_duration_since(before);
        assert!(passed < Duration::from_secs(40), "after {passed:?}");
    });
}

#[test]
fn a_missing_link_or_address_is_a_missing_network() {
    in_paused_time(async || {
        let pki = Pki::generate();
        for (link_up, expected) in [(false, Reason::LinkDown), (true, Reason::NoAddress)] {
            let server = MockNgtt::start(&pki).await.unwrap();
            let net = network(&server);
            net.faults().set_link_up(link_up);
            net.faults().set_dhcp_silent(true);
            Device::of(&pki)
                .run(&net, &mut RamJournal::<16>::new(), async |client| {
                    let failed = client.connected().await;
                    let missing = NgttError::ConnectionFailed {
                        is_due_to_no_internet: true,
                    };
                    assert_eq!(failed, Err(missing));
                    assert_eq!(client.status(), Status::Offline { reason: expected });
                    // It goes on by itself.
                    net.faults().set_link_up(true);
                    net.faults().set_dhcp_silent(false);
                    client.wait_status(Status::is_connected).await;
                })
                .await;
        }
    });
}

#[test]
fn servers_that_do_not_speak_tls_are_told_by_their_first_words() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let net = network_to(|_: SocketAddr| async {
            let (near, mut far) = tokio::io::duplex(4096);
            tokio::spawn(async move {
                let _ = far.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                tokio::time::sleep(Duration::from_secs(5)).await;
            });
            Ok(near)
        });
        let (reason, _) = first_failure(&Device::of(&pki), &net).await;
        assert_eq!(reason, Reason::Tls(End::Record(RecordError::NotTls)));
    });
}

#[test]
fn a_server_that_never_answers_is_given_up_in_time() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let net = network_to(|_: SocketAddr| async {
            let (near, far) = tokio::io::duplex(4096);
            // Held open for ever.
            std::mem::forget(far);
            Ok(near)
        });
        let before = time::now();
        let (reason, _) = first_failure(&Device::of(&pki), &net).await;
        assert_eq!(reason, Reason::Tls(End::HandshakeTimeout));
        let passed = time::now().saturating_duration_since(before);
        assert!(passed < Duration::from_secs(25), "after {passed:?}");
    });
}

#[test]
fn failures_in_a_row_are_spread_over_a_growing_window() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let net = network(&MockNgtt::start(&pki).await.unwrap());
        net.faults().set_dial(DialFault::Refuse);
        Device::of(&pki)
            .run(&net, &mut RamJournal::<16>::new(), async |client| {
                let mut last = Instant::ZERO;
                for expected in 1..=12 {
                    let status = client
                        .wait_status(|status| {
                            matches!(status, Status::Waiting { attempt, .. } if *attempt == expected)
                        })
                        .await;
                    let Status::Waiting { retry_at, .. } = status else {
                        unreachable!("waited for it");
                    };
                    let window = Duration::from_secs(60.min(1 << (expected - 1)));
                    let wait = retry_at.saturating_duration_since(time::now());
                    assert!(wait <= window, "attempt {expected}: {wait:?}");
                    assert!(retry_at > last);
                    last = retry_at;
                }
                // The network is mended: the next attempt succeeds.
                net.faults().set_dial(DialFault::None);
                client.wait_status(Status::is_connected).await;
            })
            .await;
    });
}

#[test]
fn a_server_that_only_speaks_tls_1_2_is_a_matter_of_configuration() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = pki.server();
        let config = rustls::ServerConfig::builder_with_provider(
            rustls::crypto::ring::default_provider().into(),
        )
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(server.chain().to_vec(), server.key().clone_key().into())
        .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
        let net = network_to(move |_: SocketAddr| {
            let (near, far) = tokio::io::duplex(16 * 1024);
            let accepting = acceptor.accept(far);
            tokio::spawn(async move { accepting.await.map(drop) });
            async { Ok(near) }
        });
        let (reason, wait) = repeated_failure(&Device::of(&pki), &net).await;
        // protocol_version, RFC 8446 section 6.2.
        assert_eq!(reason, Reason::Tls(End::HandshakeAlert(70)));
        assert_eq!(reason.class(), FailureClass::Configuration);
        assert!(wait >= Duration::from_secs(150), "{wait:?}");
    });
}
