//! The task that drives one secured connection: datagrams of the network on one
//! side, those of the application on the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use dimpl::{Config, Dtls, Output, UnexpectedMessageError};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use wigwag_embassy::tls::CertificateError;

use super::DtlsParameters;
use crate::hostnet::protocol::canonical;
use crate::hostnet::udp::mapped;

/// Most bytes of a datagram to send: what DTLS adds to it must fit into a
/// packet that every IPv6 link carries (1280 bytes, RFC 8200 section 5).
pub const MAX_DATAGRAM: usize = 1100;

/// Bytes of a packet, the headers of IPv6 and UDP left out.
const MTU: usize = 1232;

/// Datagrams that wait in each direction. One that comes when nobody reads is
/// lost then, as with UDP.
pub(super) const WAITING: usize = 32;

/// Why there is no secure connection, or no more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DtlsFailure {
    /// The server's certificate was refused.
    Certificate(CertificateError),
    /// The handshake or a later record: what `dimpl` says of it. A server that
    /// refuses this end's certificate shows so, or as silence.
    Protocol(String),
    /// The network did.
    Network(std::io::ErrorKind),
    /// The server has closed in good order.
    Closed,
}

impl core::fmt::Display for DtlsFailure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Certificate(reason) => write!(f, "the server's certificate: {reason}"),
            Self::Protocol(reason) => write!(f, "DTLS: {reason}"),
            Self::Network(kind) => write!(f, "the network: {kind}"),
            Self::Closed => f.write_str("the server has closed the connection"),
        }
    }
}

impl std::error::Error for DtlsFailure {}

/// Where a connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    Opening,
    Open,
    Over(DtlsFailure),
}

/// The task's ends of the application's channels.
pub(super) struct Application {
    pub(super) outgoing: mpsc::Receiver<Vec<u8>>,
    pub(super) incoming: mpsc::Sender<Vec<u8>>,
    pub(super) standing: watch::Sender<Standing>,
}

/// Runs a connection to its end: until it fails, the server closes, or the
/// application has dropped its ends.
pub(super) async fn run(
    socket: UdpSocket,
    server: SocketAddr,
    parameters: Arc<DtlsParameters>,
    mut application: Application,
) {
    let result = drive(&socket, server, &parameters, &mut application).await;
    if let Err(failure) = result {
        // Nobody may be listening any more.
        let _ = application.standing.send(Standing::Over(failure));
    }
}

async fn drive(
    socket: &UdpSocket,
    server: SocketAddr,
    parameters: &DtlsParameters,
    application: &mut Application,
) -> Result<(), DtlsFailure> {
    let mut connection = Connection {
        dtls: engine(parameters)?,
        parameters,
        verified: false,
        buffer: vec![0; 2048],
    };
    let mut datagram = vec![0; 1 << 16];
    loop {
        let wake = connection.drain(socket, server, application).await?;
        let is_open = *application.standing.borrow() == Standing::Open;
        tokio::select! {
            received = socket.recv_from(&mut datagram) => match received {
                // From anybody else it is nothing: the socket is not connected,
                // so that ICMP errors cannot end what keys protect.
                Ok((length, from)) if canonical(from) == server => {
                    connection.pass_time()?;
                    let received = datagram.get(..length).unwrap_or_default();
                    taken(connection.dtls.handle_packet(received))?;
                }
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(DtlsFailure::Network(error.kind())),
            },
            data = application.outgoing.recv(), if is_open => match data {
                Some(data) => {
                    connection.pass_time()?;
                    connection.dtls.send_application_data(&data).map_err(protocol)?;
                }
                None => {
                    connection.dtls.close().map_err(protocol)?;
                    connection.drain(socket, server, application).await?;
                    return Ok(());
                }
            },
            // Given up before it was open.
            () = application.standing.closed(), if !is_open => return Ok(()),
            () = tokio::time::sleep_until(wake.into()) => connection.pass_time()?,
        }
    }
}

struct Connection<'p> {
    dtls: Dtls,
    parameters: &'p DtlsParameters,
    verified: bool,
    buffer: Vec<u8>,
}

impl Connection<'_> {
    fn pass_time(&mut self) -> Result<(), DtlsFailure> {
        self.dtls.handle_timeout(Instant::now()).map_err(protocol)
    }

    /// Takes everything that the engine has to say; returns when it wants to be
    /// called again.
    async fn drain(
        &mut self,
        socket: &UdpSocket,
        server: SocketAddr,
        application: &Application,
    ) -> Result<Instant, DtlsFailure> {
        loop {
            match self.dtls.poll_output(&mut self.buffer) {
                Output::Packet(packet) => {
                    let to = mapped(socket, server);
                    // A packet that cannot be sent now is as good as lost: it
                    // is sent again, or the handshake's time runs out.
                    let _ = socket.send_to(packet, to).await;
                }
                Output::BufferTooSmall { needed } => self.buffer.resize(needed.min(1 << 17), 0),
                Output::PeerCert(certificate) => {
                    let verdict = self.parameters.verify(certificate);
                    verdict.map_err(DtlsFailure::Certificate)?;
                    self.verified = true;
                }
                Output::Connected => {
                    if !self.verified {
                        return Err(DtlsFailure::Certificate(CertificateError::Missing));
                    }
                    let _ = application.standing.send(Standing::Open);
                }
                Output::ApplicationData(data) if self.verified => {
                    let _ = application.incoming.try_send(data.to_vec());
                }
                Output::CloseNotify => return Err(DtlsFailure::Closed),
                Output::Timeout(at) => return Ok(at),
                _ => {}
            }
        }
    }
}

fn engine(parameters: &DtlsParameters) -> Result<Dtls, DtlsFailure> {
    let config = Config::builder()
        .mtu(MTU)
        .handshake_timeout(parameters.handshake())
        .with_crypto_provider(dimpl::crypto::rust_crypto::default_provider())
        .build()
        .map_err(protocol)?;
    let now = Instant::now();
    let mut dtls = Dtls::new_auto(Arc::new(config), parameters.identity(), now);
    dtls.set_active(true);
    dtls.handle_timeout(now).map_err(protocol)?;
    Ok(dtls)
}

/// What a packet was. While the version is still open, a packet that is no
/// answer to a ClientHello leaves the engine as it was, and anybody can send
/// one.
fn taken(result: Result<(), dimpl::Error>) -> Result<(), DtlsFailure> {
    match result {
        Err(dimpl::Error::UnexpectedMessage(
            UnexpectedMessageError::UnrecognizedAutoServerResponse,
        )) => Ok(()),
        other => other.map_err(protocol),
    }
}

fn protocol(error: dimpl::Error) -> DtlsFailure {
    DtlsFailure::Protocol(error.to_string())
}
