//! The device's side: the real TLS client over a socket of the host.

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use libtest_mimic::Failed;
use rand_core::OsRng;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;
use wigwag_embassy::net::{Network as _, PathId, TcpBuffers, TcpSocket as _};
use wigwag_embassy::tls::End;
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Identity, Pki};
use wigwag_tests::runner::Outcome;
use wigwag_tests::tls::{TlsConnection, TlsDevice};

use super::certificates::ServerIdentity;
use super::server::{Notes, Server, Setup, Starting};

/// Longest time for a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// One make of server.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) start: for<'a> fn(&'a Setup<'a>) -> Starting<'a>,
    /// Where it says, and how, that the device has closed in good order.
    pub(crate) closed: fn(&Server) -> (&Notes, &'static [u8]),
    /// The alert it has for a certificate of an authority that has the name of
    /// the right one, but another key.
    pub(crate) impostor: u8,
    /// The alert it has for a certificate that is not valid yet: RFC 8446 has
    /// none of its own.
    pub(crate) not_yet_valid: u8,
}

impl Peer {
    /// Waits until the server knows that the device has closed in good order.
    pub(crate) async fn saw_the_end(self, server: &Server) -> io::Result<()> {
        let (notes, word) = (self.closed)(server);
        notes.wait(word).await
    }
}

/// Runs a test in real time, as a task, as it would be on a device: the wakers
/// of tokio's tasks can be told apart. That of a runtime's main future cannot
/// always be, and a device that takes itself for several keeps waking itself.
pub(crate) fn run(test: impl Future<Output = Outcome> + 'static) -> Outcome {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build()?;
    let tasks = LocalSet::new();
    let test = tasks.run_until(async { timeout(PATIENCE, spawn_local(test)).await });
    runtime.block_on(test)??
}

/// The authority of the devices, and one of them.
pub(crate) fn devices() -> (Pki, Identity) {
    let pki = Pki::generate();
    let device = pki.device(DEFAULT_DEVICE_ID);
    let device = device.expect("a new Pki has this device").clone();
    (pki, device)
}

/// Connects `device`, which trusts the root of `identity`, to a port, runs `app`
/// on the connection, and closes it.
pub(crate) async fn meet<T>(
    port: u16,
    identity: &ServerIdentity,
    device: &Identity,
    app: impl AsyncFnOnce(TlsConnection<'_>) -> T,
) -> Result<(End, T), Failed> {
    meet_as(port, &TlsDevice::new(device, &identity.root), app).await
}

/// The same with a device that is set up already.
pub(crate) async fn meet_as<T>(
    port: u16,
    device: &TlsDevice,
    app: impl AsyncFnOnce(TlsConnection<'_>) -> T,
) -> Result<(End, T), Failed> {
    let network = HostNetwork::new();
    // The kernel has buffers of its own.
    let buffers = TcpBuffers {
        receive: &mut [],
        send: &mut [],
    };
    let socket = network.tcp(PathId(0), buffers);
    let socket = socket.map_err(|_| "there is no such path")?;
    let to = (Ipv4Addr::LOCALHOST, port).into();
    let connected = socket.connect(to, Duration::from_secs(5)).await;
    connected.map_err(|error| format!("{error:?}"))?;
    let app = async |connection: TlsConnection<'_>| {
        let result = app(connection).await;
        connection.close();
        result
    };
    Ok(device.run(&socket, &mut OsRng, app).await)
}

/// Receives exactly this.
pub(crate) async fn receive(connection: TlsConnection<'_>, wanted: &[u8]) -> Outcome {
    let mut rest = wanted;
    while !rest.is_empty() {
        let taken = connection.receive_with(|prefix| {
            let count = prefix.len().min(rest.len());
            (count > 0).then(|| (count, (count, prefix[..count] == rest[..count])))
        });
        let (count, same) = taken.await.map_err(|end| format!("receive: {end}"))?;
        if !same {
            return Err("the device received something else".into());
        }
        rest = &rest[count..];
    }
    Ok(())
}

/// Sends this, in messages of a thousand bytes.
pub(crate) async fn send(connection: TlsConnection<'_>, text: &[u8]) -> Outcome {
    for part in text.chunks(1000) {
        let sent = connection.send(&[part]).await;
        sent.map_err(|error| format!("send: {error}"))?;
    }
    Ok(())
}

/// Compares ends.
pub(crate) fn expect(what: &str, end: End, wanted: End) -> Outcome {
    if end == wanted {
        Ok(())
    } else {
        Err(format!("{what}: the device says {end:?} and should say {wanted:?}").into())
    }
}
