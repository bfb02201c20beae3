//! The virtual network of one emulated board, on a thread of its own: it goes
//! on whatever the thread with the test in it does.

use super::{FirmwareError, error};
use crate::vnet::{
    self, Answer, Background, Dial, Dialled, HostDatagrams, VirtualNet, WireCounts, WireError,
    alongside,
};
use std::cell::RefCell;
use std::future::pending;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// How long the wire may take to end after the board's process has.
const END_LIMIT: Duration = Duration::from_secs(2);

/// How a wire ended; `None` while it has not.
type Ended = Option<Result<WireCounts, WireError>>;

/// A running gateway. Dropping it ends it.
pub(super) struct Gateway {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Ended>,
}

/// The caller's dial, which came from another thread.
struct Boxed(Box<dyn Dial + Send>);

impl Dial for Boxed {
    fn dial(&self, to: SocketAddr) -> Dialled {
        self.0.dial(to)
    }

    fn dial_datagrams(&self, to: SocketAddr) -> Answer<Box<dyn HostDatagrams>> {
        self.0.dial_datagrams(to)
    }
}

impl Gateway {
    /// Joins the board at the other end of `stream` to a network.
    pub(super) fn start(
        stream: TcpStream,
        options: vnet::Options,
        dial: Box<dyn Dial + Send>,
        forwards: Vec<(TcpListener, u16)>,
    ) -> Result<Self, FirmwareError> {
        let failed = "the gateway cannot be started";
        // Frames are small and wait for each other's answers.
        stream.set_nodelay(true).map_err(error::io(failed))?;
        let stream = stream.into_std().map_err(error::io(failed))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(error::io(failed))?;
        for (listener, _) in &forwards {
            listener.set_nonblocking(true).map_err(error::io(failed))?;
        }
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("gateway".into())
            .spawn(move || {
                runtime.block_on(async {
                    let stream = TcpStream::from_std(stream);
                    let stream = stream.map_err(WireError::Io);
                    let device = options.addressing.device;
                    let net = VirtualNet::with(options, Boxed(dial));
                    let net = &net;
                    let wire = async { net.carry_wire(stream?).await };
                    let forwards = forwards.into_iter().map(|(listener, port)| {
                        let forward: Background<'_> = Box::pin(async move {
                            match tokio::net::TcpListener::from_std(listener) {
                                Ok(listener) => net.forward(&listener, (device, port).into()).await,
                                // Without one nobody is taken anywhere.
                                Err(_) => pending().await,
                            }
                        });
                        forward
                    });
                    carry(net, wire, forwards.collect(), stopped).await
                })
            })
            .map_err(error::io(failed))?;
        Ok(Self { stop, thread })
    }

    /// Ends the gateway after the board has ended, and says what passed.
    pub(super) async fn end(self) -> Ended {
        let Self { stop, thread } = self;
        let _ = stop.send(());
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        match ended {
            Ok(Ok(ended)) => ended,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => None,
        }
    }
}

/// Runs the gateway until it is told to stop, and the wire to its end. The
/// gateway goes on when the wire has ended, so that what the board said last
/// arrives at its server.
async fn carry(
    net: &VirtualNet,
    wire: impl Future<Output = Result<WireCounts, WireError>>,
    forwards: Vec<Background<'_>>,
    stopped: oneshot::Receiver<()>,
) -> Ended {
    let ended = RefCell::new(None);
    let (over, is_over) = oneshot::channel::<()>();
    let wire = async {
        let result = wire.await;
        ended.replace(Some(result));
        let _ = over.send(());
        pending().await
    };
    let mut background: Vec<Background<'_>> = vec![Box::pin(wire), Box::pin(net.carry())];
    background.extend(forwards);
    alongside(
        async {
            // Told to stop, or its handle dropped.
            if stopped.await.is_ok() {
                let _ = tokio::time::timeout(END_LIMIT, is_over).await;
            }
        },
        background,
    )
    .await;
    ended.into_inner()
}
