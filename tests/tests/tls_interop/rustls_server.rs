//! rustls, in a task of this process, on a socket of the host.

use std::future::poll_fn;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, version};
use tokio::io::{AsyncRead as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::server::{Notes, Order, Server, Setup, Starting};

pub(crate) fn start<'a>(setup: &'a Setup<'a>) -> Starting<'a> {
    Box::pin(async move {
        let config = Arc::new(config(setup).map_err(io::Error::other)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (heard, log) = (Notes::new(), Notes::new());
        let (send, orders) = mpsc::unbounded_channel();
        let notes = (heard.clone(), log.clone());
        let task = tokio::spawn(async move {
            let (heard, log) = notes;
            let word = match serve(&listener, config, &heard, orders).await {
                Ok(()) => "closed".to_owned(),
                Err(error) => format!("broken: {error}"),
            };
            log.add(word.as_bytes());
        });
        Ok(Server::task(port, (heard, log), send, task.abort_handle()))
    })
}

fn config(setup: &Setup<'_>) -> Result<ServerConfig, rustls::Error> {
    let mut provider = ring::default_provider();
    if let Some(groups) = setup.groups {
        let known = |group: &&'static dyn SupportedKxGroup| groups.contains(name(*group));
        provider.kx_groups.retain(|group| known(group));
    }
    if let Some(suite) = setup.suite {
        let named = suite.replacen("TLS_", "TLS13_", 1);
        provider
            .cipher_suites
            .retain(|known| format!("{:?}", known.suite()) == named);
    }
    let provider: Arc<CryptoProvider> = Arc::new(provider);
    let mut devices = RootCertStore::empty();
    devices.add(CertificateDer::from(setup.devices.to_vec()))?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(devices), Arc::clone(&provider))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
    let versions: &[_] = if setup.old {
        &[&version::TLS12]
    } else {
        &[&version::TLS13]
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(setup.identity.chain.clone(), setup.identity.key())?;
    // rustls counts the record's header in.
    config.max_fragment_size = setup.record.map(|record| record + 5);
    Ok(config)
}

/// A group's name as OpenSSL has it.
fn name(group: &dyn SupportedKxGroup) -> &'static str {
    match group.name() {
        rustls::NamedGroup::secp256r1 => "P-256",
        rustls::NamedGroup::secp384r1 => "P-384",
        rustls::NamedGroup::X25519 => "X25519",
        _ => "another",
    }
}

/// Serves one connection; an error is everything but a close in good order.
async fn serve(
    listener: &TcpListener,
    config: Arc<ServerConfig>,
    heard: &Notes,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> io::Result<()> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    let mut stream = TlsAcceptor::from(config).accept(stream).await?;
    let mut buffer = vec![0; 65_536];
    let mut unsaid = Vec::new();
    loop {
        let next = poll_fn(|cx| next(cx, &mut stream, &mut buffer, &unsaid, &mut orders));
        match next.await? {
            Event::Heard(0) => return Ok(()),
            Event::Heard(count) => heard.add(&buffer[..count]),
            Event::Said(count) => drop(unsaid.drain(..count)),
            Event::Order(Some(Order::Say(text))) => unsaid = text,
            Event::Order(Some(Order::Close)) => stream.shutdown().await?,
            Event::Order(Some(Order::Rekey(_))) => rekey(&mut stream).await?,
            Event::Order(None) => return Ok(()),
        }
    }
}

enum Event {
    Heard(usize),
    Said(usize),
    Order(Option<Order>),
}

/// The next that happens; orders are taken when all has been said.
fn next(
    cx: &mut Context<'_>,
    stream: &mut TlsStream<TcpStream>,
    buffer: &mut [u8],
    unsaid: &[u8],
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> Poll<io::Result<Event>> {
    let mut room = ReadBuf::new(buffer);
    if let Poll::Ready(read) = Pin::new(&mut *stream).poll_read(cx, &mut room) {
        return Poll::Ready(read.map(|()| Event::Heard(room.filled().len())));
    }
    if !unsaid.is_empty() {
        let written = Pin::new(stream).poll_write(cx, unsaid);
        return written.map_ok(Event::Said);
    }
    match Pin::new(stream).poll_flush(cx) {
        Poll::Ready(Ok(())) => orders.poll_recv(cx).map(|order| Ok(Event::Order(order))),
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending => Poll::Pending,
    }
}

/// Changes the keys; rustls asks the peer for the same.
async fn rekey(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    let (_, connection) = stream.get_mut();
    connection
        .refresh_traffic_keys()
        .map_err(io::Error::other)?;
    stream.flush().await
}
