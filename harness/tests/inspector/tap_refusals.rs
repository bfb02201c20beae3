//! Whom a tap refuses, and who refuses it.

use crate::client::LIMIT;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{Identity, Pki, Validity};
use wigwag_harness::tap::{Identities, Security, Tap, TapEvent, TapEventKind, TapOptions};

const NAME: &str = "ngtt.test";

async fn tap(server: &str, security: Security) -> Tap {
    let options = TapOptions {
        handshake_limit: Duration::from_secs(20),
        ..TapOptions::new(server, security)
    };
    Tap::start(options).await.unwrap()
}

/// Connects as a device; whether it could say something and was not cut off
/// before it heard an answer.
async fn connect(pki: &Pki, identity: Option<&Identity>, tap: &Tap) -> bool {
    let config = pki.client_config(identity).unwrap();
    let stream = TcpStream::connect(tap.addr()).await.unwrap();
    let talk = async {
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(NAME.try_into().unwrap(), stream).await?;
        // PING, which is answered.
        stream.write_all(&[0, 0, 0, 0, 0, 9, 0, 0]).await?;
        let mut pong = [0; 8];
        stream.read_exact(&mut pong).await
    };
    timeout(LIMIT, talk).await.expect("an end").is_ok()
}

/// Why the next connection came to nothing, or ended.
async fn reason(events: &mut tokio::sync::broadcast::Receiver<TapEvent>) -> String {
    loop {
        match timeout(LIMIT, events.recv()).await.unwrap().unwrap().kind {
            TapEventKind::Refused { reason, .. } | TapEventKind::Disconnected { reason, .. } => {
                return reason;
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn devices_that_the_server_would_refuse_are_refused() {
    let pki = Pki::generate();
    let stranger = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let security = Security::of(&pki, NAME, None).unwrap();
    let tap = tap(&server.addr().to_string(), security).await;
    let mut events = tap.events();
    let expired = pki.device_identity("device-0001", 0, Validity::expired());
    let expired = expired.unwrap();
    let nobodys = pki.device_identity("device-0002", 0, Validity::current());
    let nobodys = nobodys.unwrap();
    for (identity, words) in [
        (None, "no client certificate"),
        (
            stranger.device("device-0001"),
            "not issued by the device CA",
        ),
        (Some(&expired), "client certificate expired"),
        // A server is no device.
        (Some(pki.server()), "client certificate refused"),
        (Some(&nobodys), "there is no key of device-0002"),
    ] {
        assert!(!connect(&pki, identity, &tap).await, "{words}");
        let reason = reason(&mut events).await;
        assert!(reason.contains(words), "{reason}");
    }
    assert!(connect(&pki, pki.device("device-0001"), &tap).await);
    assert_eq!(server.book().refused, 0, "the server never heard of them");
    assert!(server.book().device("device-0001").connections == 1);
    let totals = tap.stop().await;
    assert_eq!((totals.connections, totals.refused), (1, 5));
}

#[tokio::test]
async fn servers_that_the_device_would_refuse_are_refused() {
    let pki = Pki::generate();
    for (names, validity, words) in [
        (
            &["other.test"][..],
            Validity::current(),
            "not valid for ngtt.test",
        ),
        (&[NAME], Validity::expired(), "has expired"),
        (&[NAME], Validity::future(), "not valid yet"),
    ] {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut wrong = Pki::generate();
        wrong.set_server(pki.server_identity(&names, validity).unwrap());
        let server = MockNgtt::start(&wrong).await.unwrap();
        let security = Security::of(&pki, NAME, None).unwrap();
        let tap = tap(&server.addr().to_string(), security).await;
        let mut events = tap.events();
        assert!(!connect(&pki, pki.device("device-0001"), &tap).await);
        let reason = reason(&mut events).await;
        assert!(reason.contains(words), "{reason}");
    }
    // Of another CA.
    let server = MockNgtt::start(&Pki::generate()).await.unwrap();
    let security = Security::of(&pki, NAME, None).unwrap();
    let tap = tap(&server.addr().to_string(), security).await;
    let mut events = tap.events();
    assert!(!connect(&pki, pki.device("device-0001"), &tap).await);
    let reason = reason(&mut events).await;
    assert!(
        reason.contains("not issued by the CA that is trusted"),
        "{reason}"
    );
}

#[tokio::test]
async fn other_roots_and_one_identity_for_all_can_be_given() {
    let (pki, other) = (Pki::generate(), Pki::generate());
    let server = MockNgtt::start(&other).await.unwrap();
    let roots = || vec![other.server_ca().clone()];
    let one = Identities::One(Box::new(other.device("device-0001").unwrap().clone()));
    let security = Security::with(&pki, NAME, roots(), one, false, None).unwrap();
    let through = tap(&server.addr().to_string(), security).await;
    assert!(connect(&pki, pki.device("device-0001"), &through).await);
    assert_eq!(server.book().device("device-0001").connections, 1);
    // The server refuses what the tap shows to it, after the handshake.
    let own = Identities::One(Box::new(pki.device("device-0001").unwrap().clone()));
    let security = Security::with(&pki, NAME, roots(), own, false, None).unwrap();
    let refused = tap(&server.addr().to_string(), security).await;
    let mut events = refused.events();
    assert!(!connect(&pki, pki.device("device-0001"), &refused).await);
    let reason = reason(&mut events).await;
    assert!(
        reason.starts_with("the server: client certificate refused"),
        "{reason}"
    );
    // What cannot be used is told at the begin.
    assert!(Security::of(&pki, "not a name", None).is_err());
    let nonsense = vec![b"no certificate".to_vec().into()];
    let none = Identities::OfDevices(std::collections::BTreeMap::new());
    assert!(Security::with(&pki, NAME, nonsense, none, false, None).is_err());
}

#[tokio::test]
async fn who_shows_no_certificate_is_lent_none() {
    let pki = Pki::generate();
    let device = || pki.device("device-0001").unwrap().clone();
    let server = MockNgtt::start(&pki).await.unwrap();
    let one = Identities::One(Box::new(device()));
    let roots = vec![pki.server_ca().clone()];
    let security = Security::with(&pki, NAME, roots, one, true, None).unwrap();
    let tap = tap(&server.addr().to_string(), security).await;
    // The server demands one, and does not get that of the tap.
    assert!(!connect(&pki, None, &tap).await);
    assert_eq!(server.book().device("device-0001").connections, 0);
    assert!(connect(&pki, Some(&device()), &tap).await);
}

#[tokio::test]
async fn without_a_server_devices_meet_a_reset() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = free.local_addr().unwrap().to_string();
    drop(free);
    let tap = tap(&nobody, Security::Plain).await;
    let mut events = tap.events();
    let mut device = TcpStream::connect(tap.addr()).await.unwrap();
    let mut byte = [0; 1];
    let read = timeout(LIMIT, device.read(&mut byte)).await.unwrap();
    assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let reason = reason(&mut events).await;
    assert!(reason.starts_with(&format!("cannot connect to the server {nobody}")));
}

#[tokio::test]
async fn who_speaks_no_tls_or_nothing_at_all_is_refused() {
    let pki = Pki::generate();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = TapOptions {
        handshake_limit: Duration::from_secs(3),
        ..TapOptions::new(
            &silent.local_addr().unwrap().to_string(),
            Security::of(&pki, NAME, None).unwrap(),
        )
    };
    let tap = Tap::start(options).await.unwrap();
    let mut events = tap.events();
    let mut plain = TcpStream::connect(tap.addr()).await.unwrap();
    plain.write_all(&[0, 0, 0, 0, 0, 9, 0, 0]).await.unwrap();
    assert_eq!(reason(&mut events).await, "not TLS");
    let _mute = TcpStream::connect(tap.addr()).await.unwrap();
    let late = reason(&mut events).await;
    assert!(
        late.starts_with("the TLS handshake with the device took longer"),
        "{late}"
    );
    // The server does not answer.
    assert!(!connect(&pki, pki.device("device-0001"), &tap).await);
    let late = reason(&mut events).await;
    assert!(
        late.starts_with("the TLS handshake with the server took longer"),
        "{late}"
    );
}

#[tokio::test]
async fn the_key_log_has_the_secrets_of_both_sides() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let keylog = wigwag_harness::pki::KeyLogFile::open(&path).unwrap();
    let security = Security::of(&pki, NAME, Some(keylog)).unwrap();
    let tap = tap(&server.addr().to_string(), security).await;
    assert!(connect(&pki, pki.device("device-0001"), &tap).await);
    let text = std::fs::read_to_string(&path).unwrap();
    let of = |label: &str| {
        let lines = text.lines().filter(|line| line.starts_with(label));
        let randoms = lines.filter_map(|line| line.split(' ').nth(1));
        randoms.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(of("CLIENT_TRAFFIC_SECRET_0 "), 2);
    assert_eq!(of("SERVER_TRAFFIC_SECRET_0 "), 2);
}

#[tokio::test]
async fn strangers_cause_no_connection_to_the_server() {
    let (pki, stranger) = (Pki::generate(), Pki::generate());
    let server = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let security = Security::of(&pki, NAME, None).unwrap();
    let options = TapOptions {
        handshake_limit: Duration::from_secs(3),
        ..TapOptions::new(&server.local_addr().unwrap().to_string(), security)
    };
    let tap = Tap::start(options).await.unwrap();
    let mut events = tap.events();
    // One that says nothing, one that speaks no TLS, one without a certificate, one
    // with another CA's.
    let silent = TcpStream::connect(tap.addr()).await.unwrap();
    reason(&mut events).await;
    let mut plain = TcpStream::connect(tap.addr()).await.unwrap();
    plain.write_all(&[0, 0, 0, 0, 0, 9, 0, 0]).await.unwrap();
    reason(&mut events).await;
    assert!(!connect(&pki, None, &tap).await);
    reason(&mut events).await;
    assert!(!connect(&pki, stranger.device("device-0001"), &tap).await);
    reason(&mut events).await;
    drop((silent, plain));
    // The first that the server hears of is the device.
    let device = async {
        let config = pki.client_config(pki.device("device-0001")).unwrap();
        let stream = TcpStream::connect(tap.addr()).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let _ = connector.connect(NAME.try_into().unwrap(), stream).await;
    };
    let accepted = async { timeout(LIMIT, server.accept()).await.unwrap().unwrap() };
    let (_, (first, _)) = tokio::join!(device, accepted);
    // Nobody else has come before or behind it: the queue is empty.
    let more = timeout(Duration::from_millis(100), server.accept()).await;
    assert!(more.is_err(), "{more:?}");
    drop(first);
    assert_eq!(tap.stop().await.refused, 5);
}
