//! The last good chain is remembered, over real connections: a reconnect costs
//! one signature, and whatever is new about the server costs all of them.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex};

use embassy_net::Stack;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use wigwag_embassy::net::{EmbassyNetwork, Network, PathId, TcpBuffers, TcpSocket};
use wigwag_embassy::tls::{
    self, CertificateError, ClockPolicy, End, Identity, Link, LinkState, SoftwareKey,
    TlsParameters, TrustAnchors,
};
use wigwag_harness::device::host_time;
use wigwag_harness::pki::{self, DEFAULT_DEVICE_ID, Pki, Validity};
use wigwag_harness::vnet::alongside;
use wigwag_tests::e2e::{SERVER, in_paused_time, network_to};

/// The other name of the server, in the same certificate.
const OTHER_NAME: &str = "other.test";

/// Certificate by the root, and the handshake by the certificate.
const ALL: Result<u8, End> = Ok(2);
const REMEMBERED: Result<u8, End> = Ok(1);

/// Who answers the device: changed while it runs.
type Answering = Arc<Mutex<Arc<ServerConfig>>>;

/// A device in one place, with the one link that remembers.
struct Device<'d> {
    stack: Stack<'d>,
    identity: Identity<'d>,
    link: Link<NoopRawMutex, 256, 256>,
}

impl Device<'_> {
    /// Connects to `server` as one that trusts `roots`. The signatures that it
    /// verified; the end where there was no connection.
    async fn connect(&self, server: &str, roots: &[&[u8]]) -> Result<u8, End> {
        let trust = TrustAnchors::new(roots).expect("roots");
        let clock = ClockPolicy::real_time(host_time);
        let parameters = TlsParameters::new(server, trust, self.identity, clock);
        let parameters = parameters.expect("a name");
        let network = EmbassyNetwork::new(self.stack);
        let (mut receive, mut send) = (vec![0; 4096], vec![0; 4096]);
        let buffers = TcpBuffers {
            receive: &mut receive,
            send: &mut send,
        };
        let socket = network.tcp(PathId(0), buffers).expect("a free socket");
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 2405);
        let connected = socket.connect(remote, Duration::from_secs(5)).await;
        connected.expect("somebody answers");
        let (mut tls_in, mut tls_out) = (vec![0; 16_640], vec![0; 2048]);
        let owner = async {
            let (tls_in, tls_out) = (&mut tls_in, &mut tls_out);
            let rng = &mut OsRng;
            tls::run(&self.link, &socket, tls_in, tls_out, &parameters, rng).await;
            std::future::pending().await
        };
        let connection = self.link.connection();
        let work = async {
            // Of this attempt, not of the one before.
            std::future::poll_fn(|cx| {
                connection.register(cx);
                match connection.state() {
                    LinkState::Opening => std::task::Poll::Ready(()),
                    _ => std::task::Poll::Pending,
                }
            })
            .await;
            assert_eq!(connection.signatures_verified(), 0);
            connection.opened().await?;
            let signatures = connection.signatures_verified();
            connection.close();
            assert_eq!(connection.ended().await, End::Closed);
            Ok(signatures)
        };
        alongside(work, vec![Box::pin(owner)]).await
    }
}

/// Runs `test` with a device of `pki`, and with what answers it.
async fn with_device(pki: &Pki, test: impl AsyncFnOnce(&Device<'_>, &Answering)) {
    let answering: Answering = Arc::new(Mutex::new(config(pki)));
    let answers = Arc::clone(&answering);
    let net = network_to(move |_: SocketAddr| {
        let acceptor = TlsAcceptor::from(Arc::clone(&answers.lock().unwrap()));
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(async move {
            if let Ok(mut stream) = acceptor.accept(far).await {
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        });
        async { io::Result::Ok(near) }
    });
    let device = pki.device(DEFAULT_DEVICE_ID).expect("a device");
    let key = SoftwareKey::from_der(device.key().secret_pkcs8_der()).expect("P-256");
    let identity = Identity::new(device.certificate(), &key).expect("they fit");
    net.run(async |stack| {
        stack.wait_config_up().await;
        let device = Device {
            stack,
            identity,
            link: Link::new(),
        };
        test(&device, &answering).await;
    })
    .await;
}

fn config(pki: &Pki) -> Arc<ServerConfig> {
    Arc::new(pki.server_config(false, None).expect("a server"))
}

fn names() -> [String; 2] {
    [SERVER.into(), OTHER_NAME.into()]
}

/// An infrastructure whose server has both names.
fn pki() -> Pki {
    let mut pki = Pki::generate();
    let server = pki.server_identity(&names(), Validity::current());
    pki.set_server(server.expect("the authority signs"));
    pki
}

#[test]
fn a_reconnect_to_the_same_chain_verifies_one_signature() {
    in_paused_time(async || {
        let pki = pki();
        with_device(&pki, async |device, _| {
            let roots: [&[u8]; 1] = [pki.server_ca()];
            assert_eq!(device.connect(SERVER, &roots).await, ALL);
            for _ in 0..3 {
                assert_eq!(device.connect(SERVER, &roots).await, REMEMBERED);
            }
        })
        .await;
    });
}

#[test]
fn another_chain_name_or_root_is_verified_in_full() {
    in_paused_time(async || {
        let mut pki = pki();
        let root = pki.server_ca().to_vec();
        let another = Pki::generate().server_ca().to_vec();
        let first = config(&pki);
        let renewed = pki.server_identity(&names(), Validity::current());
        pki.set_server(renewed.expect("the authority signs"));
        let renewed = config(&pki);
        with_device(&pki, async |device, answering| {
            *answering.lock().unwrap() = first;
            let roots: [&[u8]; 1] = [&root];
            let both: [&[u8]; 2] = [&root, &another];
            let swapped: [&[u8]; 2] = [&another, &root];
            // Both roots have the same name: trying the wrong one first costs
            // one more.
            for (server, roots, all) in [
                (SERVER, &roots[..], ALL),
                (OTHER_NAME, &roots, ALL),
                (SERVER, &roots, ALL),
                (SERVER, &both, ALL),
                (SERVER, &swapped, Ok(3)),
                (SERVER, &roots, ALL),
            ] {
                assert_eq!(device.connect(server, roots).await, all);
                assert_eq!(device.connect(server, roots).await, REMEMBERED);
            }
            *answering.lock().unwrap() = renewed;
            assert_eq!(device.connect(SERVER, &roots).await, ALL);
            assert_eq!(device.connect(SERVER, &roots).await, REMEMBERED);
        })
        .await;
    });
}

/// The remembered chain, by somebody who has it and not its key.
#[derive(Debug)]
struct Thief(Arc<CertifiedKey>);

impl ResolvesServerCert for Thief {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn thief(certificates: &pki::Identity, keys: &pki::Identity) -> Arc<ServerConfig> {
    let provider = ring::default_provider();
    let key = provider
        .key_provider
        .load_private_key(keys.key().clone_key().into());
    let key = CertifiedKey::new(certificates.chain().to_vec(), key.expect("a key"));
    let config = ServerConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[&tokio_rustls::rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Thief(Arc::new(key))));
    Arc::new(config)
}

#[test]
fn what_is_remembered_helps_nobody_else() {
    in_paused_time(async || {
        let (pki, mut forger) = (pki(), Pki::generate());
        let forged = forger.server_identity(&names(), Validity::current());
        forger.set_server(forged.expect("anybody's authority signs"));
        with_device(&pki, async |device, answering| {
            let honest = config(&pki);
            let roots: [&[u8]; 1] = [pki.server_ca()];
            assert_eq!(device.connect(SERVER, &roots).await, ALL);
            // The forger's authority has the name of the real one.
            let liars = [config(&forger), thief(pki.server(), forger.server())];
            for liar in liars {
                *answering.lock().unwrap() = liar;
                let refused = device.connect(SERVER, &roots).await;
                let reason = CertificateError::BadSignature;
                assert_eq!(refused, Err(End::Certificate(reason)));
                // Nor does a lie make the device forget.
                *answering.lock().unwrap() = Arc::clone(&honest);
                assert_eq!(device.connect(SERVER, &roots).await, REMEMBERED);
            }
            // For another root the same chain is a stranger's.
            let others: [&[u8]; 1] = [forger.server_ca()];
            let refused = device.connect(SERVER, &others).await;
            assert!(matches!(refused, Err(End::Certificate(_))), "{refused:?}");
        })
        .await;
    });
}
