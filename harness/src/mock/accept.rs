//! From a TCP connection to a device: limits, handshake, name.

use super::connection;
use super::event::EventKind;
use super::shared::Shared;
use crate::vnet::HostStream;
use rustls::{CertificateError, Error};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// How long to wait when the system cannot accept, as when it is out of file
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts until it is aborted.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                prepare(&stream);
                serve(&shared, stream, peer);
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn prepare(stream: &TcpStream) {
    // Frames are small and wanted at once. Failing costs time only.
    let _ = stream.set_nodelay(true);
}

/// Serves a stream in a task of its own, if there is room for it.
pub(super) fn serve<S>(shared: &Arc<Shared>, stream: S, peer: SocketAddr)
where
    S: HostStream + Send + 'static,
{
    let mut tasks = shared.tasks.lock().unwrap_or_else(PoisonError::into_inner);
    while tasks.try_join_next().is_some() {}
    if tasks.len() >= shared.options.max_connections {
        drop(tasks);
        return refuse(shared, peer, "too many connections".into());
    }
    let shared = shared.clone();
    tasks.spawn(async move {
        let limit = shared.options.handshake_limit;
        let handshake = tokio::time::timeout(limit, shared.acceptor.accept(stream));
        let handshake = tokio::select! {
            done = handshake => done,
            () = shared.until_stopped() => return,
        };
        let reason = match handshake {
            Err(_) => format!("the TLS handshake took longer than {limit:?}"),
            Ok(Err(error)) => reason(&error),
            Ok(Ok(stream)) => match certified_name(&stream) {
                Ok(device) => return connection::run(shared, stream, device, peer).await,
                Err(reason) => reason.into(),
            },
        };
        refuse(&shared, peer, reason);
    });
}

fn refuse(shared: &Shared, peer: SocketAddr, reason: String) {
    shared.lock().refused += 1;
    shared.tell(None, EventKind::Refused { peer, reason });
}

/// The common name of the certificate that was verified in the handshake.
pub(crate) fn certified_name<S>(stream: &TlsStream<S>) -> Result<Arc<str>, &'static str> {
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let leaf = certificates.first().ok_or("no client certificate")?;
    let (_, leaf) = X509Certificate::from_der(leaf).map_err(|_| "client certificate unreadable")?;
    let name = leaf.subject().iter_common_name().next();
    match name.and_then(|name| name.as_str().ok()) {
        Some(name) if !name.is_empty() => Ok(name.into()),
        _ => Err("client certificate has no common name"),
    }
}

/// Why a TLS handshake failed, in words a person can act on.
pub(crate) fn reason(error: &io::Error) -> String {
    let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => "hung up during the TLS handshake".into(),
            _ => format!("connection lost during the TLS handshake: {error}"),
        };
    };
    match tls {
        Error::NoCertificatesPresented => "no client certificate".into(),
        Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "client certificate expired".into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "client certificate not valid yet".into()
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "client certificate refused: not issued by the device CA".into()
            }
            other => format!("client certificate refused: {other}"),
        },
        Error::InvalidMessage(_) => "not TLS".into(),
        Error::AlertReceived(alert) => format!("the client ended the TLS handshake: {alert:?}"),
        Error::PeerIncompatible(what) => format!("no common ground for TLS: {what:?}"),
        other => format!("TLS failed: {other}"),
    }
}
