//! A device whose connections are those of the transport services over TLS, on a
//! virtual network: at each address a server of the test's choice, and what came
//! there byte by byte.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use rand_core::OsRng;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use wigwag_codec::framer::Framer;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, RemoteEndpoint, Runner, SecurityParameters, Transport, TransportConfig, TransportMemory,
};
use wigwag_embassy::tls::{ClockPolicy, Identity, SoftwareKey, TrustAnchors};
use wigwag_harness::device::host_time;
use wigwag_harness::pki::{self, DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{HostStream, VirtualNet, alongside};

use crate::e2e::{SERVER, network_to};

/// The addresses of [`SERVER`], in the order in which they are tried.
pub const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];

/// How many connections a device has room for.
pub const SLOTS: usize = 3;

/// The memory of its transport.
pub type Memory<'a, F> = TransportMemory<
    'a,
    F,
    SecurityParameters<'a>,
    SLOTS,
    8,
    1024,
    1536,
    512,
    2048,
    1,
    16_401,
    2048,
>;

/// The runner of its transport.
pub type TestRunner<'a, F> = Runner<'a, Memory<'a, F>, EmbassyNetwork<'a>, OsRng>;

/// What the application of a device under test has.
pub struct Device<'a, F: Framer> {
    /// With [`SLOTS`] slots.
    pub transport: Transport<'a, F, SecurityParameters<'a>>,
    /// Whom it trusts, and who it is.
    pub security: SecurityParameters<'a>,
}

/// The server by its name.
#[must_use]
pub fn server<'a>() -> RemoteEndpoint<'a> {
    RemoteEndpoint::new().with_host_name(SERVER).with_port(4433)
}

/// What came over one connection to a server.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// All bytes of TCP, in order.
    pub raw: Vec<u8>,
    /// All bytes of the application.
    pub data: Vec<u8>,
    /// How it ended.
    pub end: Option<Ending>,
}

/// How a connection ended, as its server saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// There was no handshake, or the server refused the device.
    Refused,
    /// close_notify, and then FIN.
    InOrder,
    /// Without close_notify.
    CutOff,
}

/// Servers at [`ADDRESSES`].
#[derive(Clone, Default)]
pub struct Servers {
    acceptors: Rc<RefCell<HashMap<IpAddr, TlsAcceptor>>>,
    seen: Arc<Mutex<Vec<(IpAddr, Seen)>>>,
    dialled: Rc<Cell<usize>>,
}

impl Servers {
    /// From now on a server of `pki` is at the address, that sends back what it
    /// receives; nobody without one.
    pub fn set(&self, address: Ipv4Addr, pki: Option<&Pki>) {
        let mut acceptors = self.acceptors.borrow_mut();
        let Some(pki) = pki else {
            acceptors.remove(&address.into());
            return;
        };
        let config = pki.server_config(false, None);
        let config = Arc::new(config.expect("a Pki has a server"));
        acceptors.insert(address.into(), TlsAcceptor::from(config));
    }

    /// From now on a server with this configuration is at the address.
    pub fn set_config(&self, address: Ipv4Addr, config: ServerConfig) {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        self.acceptors.borrow_mut().insert(address.into(), acceptor);
    }

    /// A network to them, which knows them as [`SERVER`].
    #[must_use]
    pub fn network(&self) -> VirtualNet {
        let servers = self.clone();
        let net = network_to(move |to: SocketAddr| {
            let stream = servers.connect(to.ip());
            async { stream }
        });
        net.names().set(SERVER, ADDRESSES);
        net
    }

    /// What came so far, connection by connection.
    #[must_use]
    pub fn seen(&self) -> Vec<(IpAddr, Seen)> {
        self.seen.lock().expect("no test panicked").clone()
    }

    /// The addresses that were connected to, in order.
    #[must_use]
    pub fn visited(&self) -> Vec<IpAddr> {
        self.seen().iter().map(|(address, _)| *address).collect()
    }

    fn connect(&self, to: IpAddr) -> io::Result<impl HostStream + use<>> {
        let acceptors = self.acceptors.borrow();
        let acceptor = acceptors.get(&to).cloned();
        let acceptor = acceptor.ok_or(io::ErrorKind::ConnectionRefused)?;
        let place = self.dialled.replace(self.dialled.get() + 1);
        self.note(|seen| seen.push((to, Seen::default())));
        let (near, far) = tokio::io::duplex(16 * 1024);
        let servers = self.seen.clone();
        tokio::spawn(echo(acceptor, far, servers.clone(), place));
        let seen = servers;
        Ok(Tapped {
            stream: near,
            seen,
            place,
        })
    }

    fn note(&self, f: impl FnOnce(&mut Vec<(IpAddr, Seen)>)) {
        f(&mut self.seen.lock().expect("no test panicked"));
    }
}

type AllSeen = Arc<Mutex<Vec<(IpAddr, Seen)>>>;

fn note(seen: &AllSeen, place: usize, f: impl FnOnce(&mut Seen)) {
    f(&mut seen.lock().expect("no test panicked")[place].1);
}

async fn echo(acceptor: TlsAcceptor, stream: DuplexStream, seen: AllSeen, place: usize) {
    let end = match acceptor.accept(stream).await {
        Err(_) => Ending::Refused,
        Ok(mut stream) => {
            let mut chunk = [0; 1024];
            loop {
                match stream.read(&mut chunk).await {
                    Ok(0) => {
                        let _ = stream.shutdown().await;
                        break Ending::InOrder;
                    }
                    Ok(count) => {
                        note(&seen, place, |seen| seen.data.extend(&chunk[..count]));
                        let _ = stream.write_all(&chunk[..count]).await;
                        let _ = stream.flush().await;
                    }
                    Err(_) => break Ending::CutOff,
                }
            }
        }
    };
    note(&seen, place, |seen| seen.end = Some(end));
}

/// Notes what the device sends.
struct Tapped {
    stream: DuplexStream,
    seen: AllSeen,
    place: usize,
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, data))?;
        note(&self.seen, self.place, |seen| {
            seen.raw.extend(&data[..count])
        });
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl HostStream for Tapped {}

/// What a device is given.
pub struct Setup<'s> {
    /// Whose servers it trusts.
    pub trust: &'s Pki,
    /// What it shows, if it shows anything.
    pub identity: Option<pki::Identity>,
    /// A second identity, that is to take over.
    pub next: Option<pki::Identity>,
}

impl<'s> Setup<'s> {
    /// The first device of `pki`, which trusts its servers.
    ///
    /// # Panics
    /// `pki` has no such device.
    #[must_use]
    pub fn of(pki: &'s Pki) -> Self {
        let identity = pki.device(DEFAULT_DEVICE_ID);
        Self {
            trust: pki,
            identity: Some(identity.expect("a new Pki has this device").clone()),
            next: None,
        }
    }

    /// Runs `app` on a device on `net`, beside its runner.
    pub async fn run<F: Framer + Clone, T>(
        &self,
        net: &VirtualNet,
        app: impl AsyncFnOnce(Device<'_, F>) -> T,
    ) -> T {
        self.run_by_hand(net, async |device, mut runner| {
            let runner = async { runner.run().await };
            alongside(app(device), vec![Box::pin(runner)]).await
        })
        .await
    }

    /// Runs `app`, which has the runner, too.
    ///
    /// # Panics
    /// The identities cannot be used.
    pub async fn run_by_hand<F: Framer + Clone, T>(
        &self,
        net: &VirtualNet,
        app: impl AsyncFnOnce(Device<'_, F>, TestRunner<'_, F>) -> T,
    ) -> T {
        let roots: [&[u8]; 1] = [self.trust.server_ca()];
        let trust = TrustAnchors::new(&roots).expect("the root of a Pki is a certificate");
        let clock = ClockPolicy::real_time(host_time);
        let key = self.identity.as_ref().map(self::key);
        let mut security = match (&self.identity, &key) {
            (Some(identity), Some(key)) => {
                SecurityParameters::new(trust, self::identity(identity, key), clock)
            }
            _ => SecurityParameters::without_client_certificate(trust, clock),
        };
        let next_key = self.next.as_ref().map(self::key);
        if let (Some(next), Some(key)) = (&self.next, &next_key) {
            security = security
                .next_client_certificate(self::identity(next, key))
                .expect("there are certificates");
        }
        net.run(async |stack| {
            stack.wait_config_up().await;
            let mut memory: Box<Memory<'_, F>> = Box::new(Memory::new());
            let network = EmbassyNetwork::new(stack);
            let config = TransportConfig::DEFAULT;
            let (transport, runner) = taps::new(&mut memory, network, OsRng, config);
            let device = Device {
                transport,
                security,
            };
            app(device, runner).await
        })
        .await
    }
}

fn key(identity: &pki::Identity) -> SoftwareKey {
    SoftwareKey::from_der(identity.key().secret_pkcs8_der()).expect("the key of a Pki is P-256")
}

fn identity<'a>(identity: &'a pki::Identity, key: &'a SoftwareKey) -> Identity<'a> {
    Identity::new(identity.certificate(), key).expect("certificate and key fit")
}
