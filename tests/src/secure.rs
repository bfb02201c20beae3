//! A secure connection by itself: a device's link on one side, rustls on the
//! other, the virtual network between them.

use core::future::{Future, pending};
use core::time::Duration;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use wigwag_embassy::net::{EmbassyNetwork, Network, PathId, TcpBuffers, TcpSocket};
use wigwag_embassy::tls::{
    self, ClockPolicy, End, Identity, Link, SoftwareKey, TlsParameters, TrustAnchors,
};
use wigwag_harness::device::host_time;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::alongside;

use crate::e2e::{SERVER, network_to};

/// Bytes of each queue of the link.
pub const QUEUE: usize = 1024;
/// The server's end.
pub type Server = TlsStream<DuplexStream>;
/// The device's end.
pub type Connection<'a> = tls::Connection<'a, NoopRawMutex, QUEUE, QUEUE>;

/// What is different from the usual.
#[derive(Clone, Copy)]
pub struct Setup {
    /// Bytes of the device's TLS buffer for receiving.
    pub receive: usize,
    /// Bytes of the one for sending.
    pub send: usize,
    /// Most bytes of a record of the server.
    pub fragment: Option<usize>,
    /// Bytes that wait between device and server.
    pub pipe: usize,
    /// Changes the parameters of TLS.
    pub tune: fn(&mut TlsParameters<'_>),
}

/// Room enough, and nothing special.
pub const USUAL: Setup = Setup {
    receive: 16_401,
    send: 2048,
    fragment: None,
    pipe: 16 * 1024,
    tune: |_| {},
};

/// Connects a device to a server that is `serve`, runs `app` on the device's
/// end, and returns how the connection ended and what the server returned.
///
/// # Panics
///
/// The handshake fails.
pub async fn connect<S, T>(
    serve: impl FnOnce(Server) -> S + Send + 'static,
    app: impl AsyncFnOnce(Connection<'_>),
) -> (End, T)
where
    S: Future<Output = T> + Send,
    T: Send + 'static,
{
    let (end, told) = connect_with(USUAL, serve, app).await;
    (end, told.expect("the handshake succeeds"))
}

/// The same; the server has nothing to tell when there was no handshake.
///
/// # Panics
///
/// The device's parameters are wrong, or TCP does not connect.
pub async fn connect_with<S, T>(
    setup: Setup,
    serve: impl FnOnce(Server) -> S + Send + 'static,
    app: impl AsyncFnOnce(Connection<'_>),
) -> (End, Option<T>)
where
    S: Future<Output = T> + Send,
    T: Send + 'static,
{
    let pki = Pki::generate();
    let mut config = pki.server_config(false, None).unwrap();
    config.max_fragment_size = setup.fragment;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (near, far) = tokio::io::duplex(setup.pipe);
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        if let Ok(stream) = acceptor.accept(far).await {
            let _ = tell.send(serve(stream).await);
        }
    });
    let near = std::sync::Mutex::new(Some(near));
    let net = network_to(move |_: SocketAddr| {
        let near = near.lock().unwrap().take();
        async { near.ok_or(io::ErrorKind::ConnectionRefused.into()) }
    });
    let device = pki.device(DEFAULT_DEVICE_ID).unwrap();
    let key = SoftwareKey::from_der(device.key().secret_pkcs8_der()).unwrap();
    let identity = Identity::new(device.certificate(), &key).unwrap();
    let roots: [&[u8]; 1] = [pki.server_ca()];
    let trust = TrustAnchors::new(&roots).unwrap();
    let clock = ClockPolicy::real_time(host_time);
    let mut parameters = TlsParameters::new(SERVER, trust, identity, clock).unwrap();
    (setup.tune)(&mut parameters);
    let end = net
        .run(async |stack| {
            stack.wait_config_up().await;
            let network = EmbassyNetwork::new(stack);
            let (mut receive, mut send) = (vec![0; 4096], vec![0; 4096]);
            let buffers = TcpBuffers {
                receive: &mut receive,
                send: &mut send,
            };
            let socket = network.tcp(PathId(0), buffers).unwrap();
            let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 2405);
            socket
                .connect(remote, Duration::from_secs(5))
                .await
                .unwrap();
            let link: Link<NoopRawMutex, QUEUE, QUEUE> = Link::new();
            let connection = link.connection();
            let (mut tls_in, mut tls_out) = (vec![0; setup.receive], vec![0; setup.send]);
            let owner = async {
                let mut rng = OsRng;
                tls::run(
                    &link,
                    &socket,
                    &mut tls_in,
                    &mut tls_out,
                    &parameters,
                    &mut rng,
                )
                .await;
                pending().await
            };
            let work = async {
                if connection.opened().await.is_ok() {
                    app(connection).await;
                }
                connection.ended().await
            };
            alongside(work, vec![Box::pin(owner)]).await
        })
        .await;
    (end, told.await.ok())
}
