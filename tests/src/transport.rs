//! Connections of the transport services on a virtual network, with their
//! server's ends in the test's hands.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;

use rand_core::OsRng;
use tokio::io::DuplexStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wigwag_codec::framer::{Framer, Passthrough};
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, Connection, ConnectionProperties, Disabled, MessageContext, Preconnection,
    RemoteEndpoint, Transport, TransportConfig, TransportMemory, TransportProperties,
};
use wigwag_harness::faults::{Direction, Faults, LinkFaults};
use wigwag_harness::vnet::{
    DatagramEnd, Options, VirtualNet, alongside, datagram_pair, with_datagrams,
};

use crate::e2e::in_paused_time;

/// Messages that can wait on each connection.
pub const MESSAGES: usize = 6;
/// Bytes that can wait on each connection.
pub const BYTES: usize = 600;
/// Received bytes that can wait on each connection.
pub const IN: usize = 300;
/// Bytes between the messages and the socket.
pub const OUT: usize = 128;
/// Bytes of a socket in each direction.
pub const SOCKET: usize = 512;

/// Little memory, so that every queue can be filled.
pub type Memory<'a, F> = TransportMemory<'a, F, Disabled, 4, MESSAGES, BYTES, IN, OUT, SOCKET>;

/// A connection under test.
pub type Tested<'a, F> = Connection<'a, F, Disabled>;

/// The server that everybody connects to.
pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 7);

/// Prefixed messages of any length that the tests have.
pub const FRAMER: PrefixFramer = PrefixFramer::new(100_000);

/// The other side of a device's network.
pub struct Peers {
    streams: UnboundedReceiver<DuplexStream>,
    datagrams: UnboundedReceiver<DatagramEnd>,
    /// What happens on the way.
    pub faults: Faults,
}

impl Peers {
    /// The server's end of the next connection.
    ///
    /// # Panics
    /// When the network is gone.
    pub async fn stream(&mut self) -> DuplexStream {
        self.streams.recv().await.expect("there is a network")
    }

    /// The server's end of the next way for datagrams.
    ///
    /// # Panics
    /// When the network is gone.
    pub async fn datagrams(&mut self) -> DatagramEnd {
        self.datagrams.recv().await.expect("there is a network")
    }

    /// Nothing comes back to the device any more, no acknowledgement either: its
    /// queues fill up.
    pub fn silence(&self) {
        let loss = LinkFaults {
            loss: 1.0,
            ..LinkFaults::NONE
        };
        self.faults.set_link(Direction::ToDevice, loss);
    }

    /// What comes back takes its time.
    pub fn delay(&self, delay: Duration) {
        let late = LinkFaults {
            delay,
            ..LinkFaults::NONE
        };
        self.faults.set_link(Direction::ToDevice, late);
    }

    /// Everything comes back again.
    pub fn speak(&self) {
        self.faults.set_link(Direction::ToDevice, LinkFaults::NONE);
    }
}

/// Runs `app` on a device with a transport, in paused time.
pub fn on_device<F: Framer + Clone + 'static>(
    config: TransportConfig<'static>,
    app: impl AsyncFnOnce(Transport<'_, F, Disabled>, Peers) + Send + 'static,
) {
    in_paused_time(async move || {
        let (to_streams, streams) = unbounded_channel();
        let (to_datagrams, datagrams) = unbounded_channel();
        let dial_stream = move |_: SocketAddr| {
            let (near, far) = tokio::io::duplex(64);
            let given = to_streams.send(far);
            async move { given.map(|()| near).map_err(std::io::Error::other) }
        };
        let dial_datagrams = move |_: SocketAddr| {
            let (near, far) = datagram_pair();
            let given = to_datagrams.send(far);
            async move { given.map(|()| near).map_err(std::io::Error::other) }
        };
        let dial = with_datagrams(dial_stream, dial_datagrams);
        let net = VirtualNet::with(Options::default(), dial);
        let peers = Peers {
            streams,
            datagrams,
            faults: net.faults().clone(),
        };
        net.run(async move |stack| {
            stack.wait_config_up().await;
            let mut memory: Box<Memory<'_, F>> = Box::new(Memory::new());
            let network = EmbassyNetwork::new(stack);
            let (transport, mut runner) = taps::new(&mut memory, network, OsRng, config);
            let runner = async { runner.run().await };
            alongside(app(transport, peers), vec![Box::pin(runner)]).await;
        })
        .await;
    });
}

/// A connection with framed messages, and its server's end.
///
/// # Panics
/// When it does not come up.
pub async fn framed<'a, F: Framer + Clone>(
    transport: &Transport<'a, F, Disabled>,
    peers: &mut Peers,
    properties: &ConnectionProperties,
    framer: F,
) -> (Tested<'a, F>, DuplexStream) {
    let preconnection = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
        .add_remote(remote())
        .with_connection_properties(*properties)
        .add_framer(framer);
    let near = preconnection.initiate(transport, None).await;
    (near.expect("it comes up"), peers.stream().await)
}

/// A connection without a framer, over TCP or UDP as `properties` say.
///
/// # Panics
/// When it does not come up.
pub async fn unframed<'a>(
    transport: &Transport<'a, Passthrough, Disabled>,
    properties: TransportProperties,
) -> Tested<'a, Passthrough> {
    let preconnection = Preconnection::new(properties, Disabled).add_remote(remote());
    let near = preconnection.initiate(transport, None).await;
    near.expect("it comes up")
}

/// Fills everything below the queue, so that what is queued after it waits: how
/// many messages that took.
///
/// # Panics
/// When it never fills.
pub async fn fill(near: &Tested<'_, PrefixFramer>, peers: &Peers) -> usize {
    peers.silence();
    let mut count = 0;
    loop {
        let ticket = near
            .try_send(&[b'x'; 60], &MessageContext::new())
            .expect("there is room");
        let sent = tokio::time::timeout(Duration::from_secs(1), near.outcome(ticket)).await;
        count += 1;
        if sent.is_err() {
            // The last one waits as the first of those that are to come.
            return count;
        }
        assert!(count * 64 < SOCKET + OUT + 512, "it never fills");
    }
}

/// The [`SERVER`] as an endpoint.
#[must_use]
pub const fn remote() -> RemoteEndpoint<'static> {
    RemoteEndpoint::new()
        .with_address(SERVER.ip())
        .with_port(SERVER.port())
}

/// A message as [`FRAMER`] puts it on the wire.
#[must_use]
pub fn frame(body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&length[..], body].concat()
}

/// A future that is polled by hand, and knows whether it was woken.
pub struct Polled<'f, T> {
    future: Pin<Box<dyn Future<Output = T> + 'f>>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'f, T> Polled<'f, T> {
    /// Not polled yet.
    pub fn new(future: impl Future<Output = T> + 'f) -> Self {
        let woken = Arc::default();
        let future = Box::pin(future);
        Self { future, woken }
    }

    /// Polls it once, under a waker of its own.
    pub fn poll(&mut self) -> Poll<T> {
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(self.woken.clone());
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Whether it was woken since.
    #[must_use]
    pub fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }

    /// Goes on as usual.
    pub async fn go_on(self) -> T {
        self.future.await
    }
}
