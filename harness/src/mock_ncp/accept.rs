//! From a TCP connection to a place at the server.

use super::connection::{self, Place};
use super::shared::Shared;
use crate::mock::{certified_name, tls_refusal};
use crate::vnet::HostStream;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long to wait when the system cannot accept, as when it is out of file
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl<S: HostStream> HostStream for TlsStream<S> {
    fn reset(&mut self) {
        self.get_mut().0.reset();
    }
}

/// Accepts until it is aborted.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Packets are small and wanted at once. Failing costs time only.
                let _ = stream.set_nodelay(true);
                serve(&shared, stream, peer);
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Serves a stream in a task of its own, if there is room for it.
pub(super) fn serve<S>(shared: &Arc<Shared>, stream: S, peer: SocketAddr)
where
    S: HostStream + Send + 'static,
{
    let most = shared.options.max_connections;
    let admitted = shared.lock().admit(most);
    let Some((number, signals)) = admitted else {
        return shared.refuse(peer, "too many connections".into());
    };
    let place = Place {
        shared: shared.clone(),
        number,
        peer,
        signals,
    };
    let mut tasks = shared.tasks();
    while tasks.try_join_next().is_some() {}
    tasks.spawn(async move {
        let limit = place.shared.options.handshake_limit;
        let Some(tls) = place.shared.options.tls.clone() else {
            return connection::run(&place, stream, None, limit).await;
        };
        let began = Instant::now();
        if let Some(stream) = secure(&place, TlsAcceptor::from(tls), stream, limit).await {
            let left = limit.saturating_sub(began.elapsed());
            let certificate = certified_name(&stream).ok();
            connection::run(&place, stream, certificate, left).await;
        }
    });
}

/// Makes the TLS handshake; `None` if it failed, which is told.
async fn secure<S: HostStream>(
    place: &Place,
    acceptor: TlsAcceptor,
    stream: S,
    limit: Duration,
) -> Option<TlsStream<S>> {
    let mut handshake = acceptor.accept(stream);
    let reason = tokio::select! {
        done = tokio::time::timeout(limit, &mut handshake) => match done {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => tls_refusal(&error),
            Err(_) => format!("the TLS handshake took longer than {limit:?}"),
        },
        // Only an end is ordered before the handshake.
        () = place.signals.changed.notified() => {
            let ending = place.signals.lock().end;
            ending.map_or("the server stops", |ending| ending.reason).into()
        }
    };
    if let Some(stream) = handshake.get_mut() {
        stream.reset();
    }
    place.shared.refuse(place.peer, reason);
    None
}
