//! A connection from its begin to its end.

use super::pump::{Counts, End, Who, pump};
use super::security::{Security, Tls};
use super::{Shared, TapEventKind, refusal};
use crate::mock::{certified_name, tls_refusal};
use crate::record::{About, Recording};
use crate::vnet::HostStream;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// How long to wait when the system cannot accept, as when it is out of file
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long each side may take for its end.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

impl<S: HostStream> HostStream for client::TlsStream<S> {
    fn reset(&mut self) {
        self.get_mut().0.reset();
    }
}

/// Accepts until the tap is told to stop, and its connections have ended.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        let accepted = tokio::select! {
            () = shared.until_stopping() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        let Ok((device, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        number += 1;
        let place = Place {
            shared: shared.clone(),
            number,
            peer,
        };
        if connections.len() < shared.options.max_connections {
            connections.spawn(place.run(device));
        } else {
            let mut device = device;
            device.reset();
            place.refuse("too many connections".into());
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

struct Place {
    shared: Arc<Shared>,
    number: u64,
    peer: SocketAddr,
}

impl Place {
    fn refuse(&self, reason: String) {
        self.shared.totals().refused += 1;
        let peer = self.peer;
        let kind = TapEventKind::Refused { peer, reason };
        self.shared.tell(Some(self.number), kind);
    }

    async fn run(self, device: TcpStream) {
        // Frames are small and wanted at once. Failing costs time only.
        let _ = device.set_nodelay(true);
        match &self.shared.options.security {
            Security::Plain => {
                let mut device = device;
                match self.until_stopping(self.dial()).await {
                    Ok(server) => self.talk(device, server, None).await,
                    Err(reason) => {
                        device.reset();
                        self.refuse(reason);
                    }
                }
            }
            Security::Tls(tls) => match self.until_stopping(self.secure(tls, device)).await {
                Ok((device, server, name)) => self.talk(device, server, name).await,
                Err(reason) => self.refuse(reason),
            },
        }
    }

    /// What comes of it, if it does before the tap ends.
    async fn until_stopping<T>(
        &self,
        work: impl Future<Output = Result<T, String>>,
    ) -> Result<T, String> {
        tokio::select! {
            result = work => result,
            () = self.shared.until_stopping() => Err("the tap ends".into()),
        }
    }

    async fn dial(&self) -> Result<TcpStream, String> {
        let options = &self.shared.options;
        let to = &options.connect;
        let limit = options.handshake_limit;
        match timeout(limit, TcpStream::connect(to)).await {
            Ok(Ok(server)) => {
                let _ = server.set_nodelay(true);
                Ok(server)
            }
            Ok(Err(error)) => Err(format!("cannot connect to the server {to}: {error}")),
            Err(_) => Err(format!(
                "connecting to the server {to} took longer than {limit:?}"
            )),
        }
    }

    /// Makes both handshakes, the device's first: only who has proved what a device has
    /// to prove makes the tap knock at the server, and its name decides what the server
    /// is shown.
    async fn secure(
        &self,
        tls: &Tls,
        device: TcpStream,
    ) -> Result<
        (
            server::TlsStream<TcpStream>,
            client::TlsStream<TcpStream>,
            Option<Arc<str>>,
        ),
        String,
    > {
        let limit = self.shared.options.handshake_limit;
        let late = |who: Who| {
            let who = who.words();
            format!("the TLS handshake with {who} took longer than {limit:?}")
        };
        let acceptor = TlsAcceptor::from(tls.to_devices.clone());
        let mut device = match timeout(limit, acceptor.accept(device)).await {
            Ok(Ok(device)) => device,
            Ok(Err(error)) => return Err(tls_refusal(&error)),
            Err(_) => return Err(late(Who::Device)),
        };
        let name = match certified_name(&device) {
            Ok(name) => Some(name),
            Err(_) if device.get_ref().1.peer_certificates().is_none() => None,
            Err(reason) => {
                device.reset();
                return Err(reason.into());
            }
        };
        let secured = async {
            let config = tls.for_device(name.as_deref())?;
            let server = self.dial().await?;
            let connector = TlsConnector::from(Arc::new(config));
            let handshake = connector.connect(tls.server_name.clone(), server);
            match timeout(limit, handshake).await {
                Ok(Ok(server)) => Ok(server),
                Ok(Err(error)) => Err(refusal::of_server(&error, &tls.server_name.to_str())),
                Err(_) => Err(late(Who::Server)),
            }
        };
        match secured.await {
            Ok(server) => Ok((device, server, name)),
            Err(reason) => {
                device.reset();
                Err(reason)
            }
        }
    }

    async fn talk<D: HostStream, S: HostStream>(
        &self,
        device: D,
        server: S,
        name: Option<Arc<str>>,
    ) {
        self.shared.totals().connections += 1;
        let recording = self.recording(name.as_deref());
        let kind = TapEventKind::Connected {
            peer: self.peer,
            device: name,
        };
        self.shared.tell(Some(self.number), kind);
        let counts = Counts::default();
        let stop = self.shared.until_stopping();
        let (end, device, server) = pump(device, server, &counts, recording.as_ref(), stop).await;
        let reason = match &end {
            Some(End::Closed(who)) => format!("closed by {}", who.words()),
            Some(End::Broken(who, error)) => {
                format!("{}: {}", who.words(), refusal::of_talk(error))
            }
            None => "the tap ends".into(),
        };
        if let Some(recording) = &recording {
            recording.end(&reason);
        }
        let to_server = counts.to_server.load(Ordering::Relaxed);
        let to_device = counts.to_device.load(Ordering::Relaxed);
        {
            let mut totals = self.shared.totals();
            totals.to_server += to_server;
            totals.to_device += to_device;
        }
        let kind = TapEventKind::Disconnected {
            reason,
            to_server,
            to_device,
        };
        self.shared.tell(Some(self.number), kind);
        close(end, device, server).await;
    }

    fn recording(&self, name: Option<&str>) -> Option<Recording> {
        let options = &self.shared.options;
        let recorder = options.recorder.as_ref()?;
        let device = match name {
            Some(name) => name.to_owned(),
            None => self.peer.to_string(),
        };
        Some(recorder.connection(&About {
            protocol: options.protocol,
            device: device.into(),
            server: (&*options.connect).into(),
        }))
    }
}

/// Ends both sides as the talk ended.
async fn close<D: HostStream, S: HostStream>(end: Option<End>, mut device: D, mut server: S) {
    match end {
        // Both have been told, and have told.
        Some(End::Closed(_)) => {}
        Some(End::Broken(who, error)) => {
            let is_cut = error.kind() == io::ErrorKind::UnexpectedEof;
            // The end of TCP without that of TLS is passed on as such, everything
            // else as a reset.
            match (who, is_cut) {
                (_, true) => {}
                (Who::Device, false) => server.reset(),
                (Who::Server, false) => device.reset(),
            }
        }
        None => {
            let both = async {
                let (device, server) = (device.shutdown(), server.shutdown());
                // One that is gone already is no trouble.
                let _ = tokio::join!(device, server);
            };
            let _ = timeout(CLOSE_LIMIT, both).await;
        }
    }
}
