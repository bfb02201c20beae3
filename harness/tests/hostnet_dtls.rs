//! Datagrams that DTLS secures, against a server on the other end of a socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, DtlsCertificate, Output};
use tokio::net::UdpSocket;
use wigwag_embassy::net::{DatagramError, Network, PathId, UdpSocket as _};
use wigwag_embassy::tls::{CertificateError, ClockPolicy, PublicKeyPin, TrustError};
use wigwag_harness::hostnet::{
    DtlsFailure, DtlsNetwork, DtlsParameters, HostDtls, HostNetwork, MAX_DATAGRAM, ParametersError,
};
use wigwag_harness::pki::{Identity, Pki};

const LIMIT: Duration = Duration::from_secs(20);
/// Of a handshake that is meant to fail.
const SHORT: Duration = Duration::from_secs(3);

fn identity(of: &Identity) -> DtlsCertificate {
    DtlsCertificate {
        certificate: of.certificate().to_vec(),
        private_key: of.key().secret_pkcs8_der().to_vec(),
    }
}

/// What a server does beside answering in capitals.
#[derive(Default)]
struct Habits {
    /// Takes this many packets for lost.
    deaf_to: usize,
    /// Sends this as a plain packet before each packet of its own.
    rubbish: Option<&'static [u8]>,
    /// Closes instead of answering.
    closes: bool,
}

/// A server: its address, and the task that runs it until it is dropped.
struct Server(SocketAddr, tokio::task::JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.1.abort();
    }
}

async fn server(identity: DtlsCertificate, habits: Habits) -> Server {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let provider = dimpl::crypto::rust_crypto::default_provider();
    let config = Config::builder().with_crypto_provider(provider);
    let config = Arc::new(config.build().unwrap());
    let dtls = Dtls::new_auto(config, identity, Instant::now());
    Server(address, tokio::spawn(serve(socket, dtls, habits)))
}

async fn serve(socket: UdpSocket, mut dtls: Dtls, habits: Habits) {
    let (mut buffer, mut datagram) = (vec![0; 4096], vec![0; 65_536]);
    let mut client = None;
    let mut heard = 0;
    dtls.handle_timeout(Instant::now()).unwrap();
    loop {
        let mut answer = None;
        let wake = loop {
            match dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => {
                    let client = client.expect("nobody speaks before a client does");
                    if let Some(rubbish) = habits.rubbish {
                        socket.send_to(rubbish, client).await.unwrap();
                    }
                    socket.send_to(packet, client).await.unwrap();
                }
                Output::ApplicationData(data) => answer = Some(data.to_ascii_uppercase()),
                Output::Timeout(at) => break at,
                _ => {}
            }
        };
        if answer.is_some() && habits.closes {
            dtls.close().unwrap();
            continue;
        }
        if let Some(answer) = answer {
            dtls.send_application_data(&answer).unwrap();
            continue;
        }
        tokio::select! {
            received = socket.recv_from(&mut datagram) => {
                let (length, from) = received.unwrap();
                heard += 1;
                if heard > habits.deaf_to {
                    client = Some(from);
                    dtls.handle_timeout(Instant::now()).unwrap();
                    if dtls.handle_packet(&datagram[..length]).is_err() {
                        return;
                    }
                }
            }
            () = tokio::time::sleep_until(wake.into()) => {
                if dtls.handle_timeout(Instant::now()).is_err() {
                    return;
                }
            }
        }
    }
}

/// A device's parameters in `pki` for `name`.
fn parameters(pki: &mut Pki, name: &str) -> DtlsParameters {
    let root = pki.server_ca().to_vec();
    let device = identity(pki.issue_device("d1").unwrap());
    let (certificate, key) = (device.certificate, device.private_key);
    let clock = ClockPolicy::floor(ClockPolicy::EARLIEST_FLOOR);
    DtlsParameters::new(name, vec![root], certificate, key, clock).unwrap()
}

fn socket(parameters: DtlsParameters) -> HostDtls {
    let network = DtlsNetwork::new(HostNetwork::new(), parameters);
    let socket = network.udp(PathId(0), ()).unwrap();
    socket.bind(0).unwrap();
    socket
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.expect("in time")
}

/// Sends, and returns what came back.
async fn ask(socket: &HostDtls, server: &Server, text: &[u8]) -> Vec<u8> {
    let mut buffer = [0; 2048];
    let sent = within(socket.send_to(text, server.0)).await;
    assert_eq!((sent, socket.failure()), (Ok(()), None));
    let answer = within(socket.receive_from(&mut buffer)).await.unwrap();
    assert_eq!(answer.from, server.0);
    buffer[..answer.length].to_vec()
}

#[tokio::test]
async fn datagrams_go_both_ways_and_keep_their_bounds() {
    let mut pki = Pki::generate();
    let server = server(identity(pki.server()), Habits::default()).await;
    let socket = socket(parameters(&mut pki, "localhost"));
    assert!(socket.bind(0).is_err());
    for text in [&b"one"[..], b"two", &[b'x'; MAX_DATAGRAM]] {
        assert_eq!(ask(&socket, &server, text).await, text.to_ascii_uppercase());
    }
    let too_long = socket.send_to(&[0; MAX_DATAGRAM + 1], server.0).await;
    assert_eq!(too_long, Err(DatagramError::TooLong));
    let elsewhere = (Ipv4Addr::LOCALHOST, 9).into();
    let elsewhere = socket.send_to(b"hello", elsewhere).await;
    assert_eq!(elsewhere, Err(DatagramError::NoRoute));
    within(socket.send_to(b"long", server.0)).await.unwrap();
    let answer = within(socket.receive_from(&mut [0; 3])).await;
    assert_eq!(answer, Err(DatagramError::TooLong));
    assert_eq!(socket.failure(), None);
}

#[tokio::test]
async fn a_server_that_is_not_the_one_meant_gets_no_data() {
    let mut pki = Pki::generate();
    let foreign = Pki::generate();
    let honest = identity(pki.server());
    let device = identity(pki.issue_device("thief").unwrap());
    let stranger = identity(foreign.server());
    let named = |pki: &mut Pki, name| parameters(pki, name).with_handshake_limit(SHORT);
    let other = named(&mut pki, "other.example");
    let ours = named(&mut pki, "localhost");
    let pin = PublicKeyPin::of_certificate(foreign.server_ca()).unwrap();
    let pinned = ours.clone().with_pins(vec![pin]).unwrap();
    for (server_identity, parameters, reason) in [
        (honest.clone(), other, CertificateError::WrongName),
        // Trial authorities all have the same name: it is the key that differs.
        (stranger, ours.clone(), CertificateError::BadSignature),
        (device, ours, CertificateError::WrongName),
        (honest, pinned, CertificateError::NotPinned),
    ] {
        let server = server(server_identity, Habits::default()).await;
        let socket = socket(parameters);
        let refused = within(socket.send_to(b"secret", server.0)).await;
        assert_eq!(refused, Err(DatagramError::NotSecured));
        assert_eq!(socket.failure(), Some(DtlsFailure::Certificate(reason)));
        let heard = within(socket.receive_from(&mut [0; 64])).await;
        assert_eq!(heard, Err(DatagramError::NotSecured));
    }
}

#[tokio::test]
async fn silence_ends_in_time() {
    let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut pki = Pki::generate();
    let parameters = parameters(&mut pki, "localhost");
    let socket = socket(parameters.with_handshake_limit(Duration::from_millis(200)));
    let sent = within(socket.send_to(b"hello", nobody.local_addr().unwrap())).await;
    assert_eq!(sent, Err(DatagramError::NotSecured));
    assert!(matches!(socket.failure(), Some(DtlsFailure::Protocol(_))));
}

#[tokio::test]
async fn lost_and_foreign_packets_are_no_end() {
    let mut pki = Pki::generate();
    for rubbish in [&b""[..], b"\x16\xfe\xfd", &[0xff; 60], &[0x17; 1200]] {
        let habits = Habits {
            deaf_to: 1,
            rubbish: Some(rubbish),
            ..Habits::default()
        };
        let server = server(identity(pki.server()), habits).await;
        let socket = socket(parameters(&mut pki, "localhost"));
        assert_eq!(
            ask(&socket, &server, b"still there?").await,
            b"STILL THERE?"
        );
    }
}

#[tokio::test]
async fn a_close_is_told_as_one() {
    let mut pki = Pki::generate();
    let habits = Habits {
        closes: true,
        ..Habits::default()
    };
    let server = server(identity(pki.server()), habits).await;
    let socket = socket(parameters(&mut pki, "localhost"));
    within(socket.send_to(b"bye", server.0)).await.unwrap();
    let end = within(socket.receive_from(&mut [0; 64])).await;
    assert_eq!(end, Err(DatagramError::Closed));
    assert_eq!(socket.failure(), Some(DtlsFailure::Closed));
    let after = within(socket.send_to(b"more", server.0)).await;
    assert_eq!(after, Err(DatagramError::Closed));
}

#[tokio::test]
async fn unusable_parameters_are_named() {
    let mut pki = Pki::generate();
    let root = pki.server_ca().to_vec();
    let device = identity(pki.issue_device("d1").unwrap());
    let new = |server: &str, roots: Vec<Vec<u8>>, key: &[u8]| {
        let clock = ClockPolicy::floor(ClockPolicy::EARLIEST_FLOOR);
        let made =
            DtlsParameters::new(server, roots, device.certificate.clone(), key.into(), clock);
        made.map(drop)
    };
    let roots = vec![root];
    assert_eq!(new("localhost", roots.clone(), &device.private_key), Ok(()));
    assert_eq!(
        new("", roots.clone(), &device.private_key),
        Err(ParametersError::Server)
    );
    assert_eq!(new("a", roots, b"PEM"), Err(ParametersError::Key));
    let none = new("a", Vec::new(), &device.private_key);
    assert_eq!(none, Err(ParametersError::Trust(TrustError::Empty)));
}
