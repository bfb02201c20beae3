//! NCP on the sockets of this host: our client, and our server in a thread of its
//! own beside a peer that is driven step by step.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rand_core::OsRng;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use wigwag_embassy::ncp::{
    self, ClientLink, ClientMemory, Error, Ncp, Server, ServerConnection, ServerMemory,
};
use wigwag_embassy::taps::{Security, TransportConfig};
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;

use crate::runner::Outcome;

/// A thread's stack that the memory of both ends can be built on.
const STACK: usize = 32 << 20;

/// The memory of a client: packets of 128 KiB, 1024 fields of requests.
pub type Memory<'a, S> =
    ClientMemory<'a, S, 4, 131_072, 131_072, 1024, 65_536, 1024, 4096, 1, 16_401, 2048>;

/// The memory of a server with two clients at a time.
pub type FarMemory<'a> = ServerMemory<'a, 5, 131_072, 131_072, 8, 4096>;

/// Runs `app` with our client's side, in real time.
///
/// # Errors
/// Those of `app`.
pub fn client<S: Security>(
    app: impl for<'a> AsyncFnOnce(Ncp<'a, ClientLink<'a>, S>) -> Outcome + Send,
) -> Outcome {
    thread::scope(|scope| {
        let client = thread::Builder::new().stack_size(STACK);
        let client = client.spawn_scoped(scope, || run_client(app))?;
        client.join().expect("the client does not panic")
    })
}

fn run_client<S: Security>(
    app: impl for<'a> AsyncFnOnce(Ncp<'a, ClientLink<'a>, S>) -> Outcome,
) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut memory = Box::new(Memory::new());
        let (net, config) = (HostNetwork::new(), TransportConfig::DEFAULT);
        let (ncp, mut runner) = ncp::new(&mut memory, net, OsRng, config);
        alongside(app(ncp), vec![Box::pin(async { runner.run().await })]).await
    })
}

/// Runs our server in a thread of its own, on a free port that `peer` is given.
/// The server is stopped when `peer` is done.
///
/// # Errors
/// Those of `peer`, and of the server.
///
/// # Panics
/// The thread of the server panics.
pub fn server(
    make: impl FnOnce() -> Server<'static> + Send + 'static,
    handler: impl AsyncFn(&ServerConnection<'_>) -> Result<(), Error> + Send + 'static,
    peer: impl FnOnce(u16) -> Outcome,
) -> Outcome {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port();
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = mpsc::channel();
    let serve = move || -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let mut memory = Box::new(FarMemory::new());
            let (net, config) = (HostNetwork::new(), TransportConfig::DEFAULT);
            let (ncp, mut runner) = ncp::new(&mut memory, net, OsRng, config);
            let serve = async {
                let listening = make().with_port(port).listen(&ncp)?;
                let served = async {
                    let _ = tell.send(());
                    listening.serve::<3, Error>(handler).await
                };
                let ended = async {
                    let _ = stopped.await;
                    listening.stop();
                };
                futures::join!(served, ended).0
            };
            alongside(serve, vec![Box::pin(async { runner.run().await })])
                .await
                .map_err(|error| error.to_string())
        })
    };
    let served = thread::Builder::new().stack_size(STACK).spawn(serve)?;
    if told.recv_timeout(Duration::from_secs(10)).is_err() {
        served.join().expect("the server does not panic")?;
        return Err("the server does not listen".into());
    }
    wait_for(port)?;
    let outcome = peer(port);
    let _ = stop.send(());
    served.join().expect("the server does not panic")?;
    outcome
}

/// Waits until somebody listens. The runner binds the socket a moment after
/// `listen`.
fn wait_for(port: u16) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        for _ in 0..1000 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err("nobody listens".into())
    })
}
