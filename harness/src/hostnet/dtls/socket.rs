//! A secured connection as a UDP socket.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::num::NonZeroU8;
use std::rc::Rc;
use std::sync::Arc;

use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::sync::{Mutex, Notify, mpsc, watch};
use wigwag_embassy::net::{BindError, Datagram, DatagramError, UdpSocket as Socket};

use super::DtlsParameters;
use super::engine::{self, Application, DtlsFailure, MAX_DATAGRAM, Standing, WAITING};
use crate::hostnet::options;
use crate::hostnet::udp::bound;

/// A UDP socket whose datagrams DTLS protects. The first datagram to send
/// begins the handshake with its destination, which is the only peer from then
/// on: others are [`DatagramError::NoRoute`].
///
/// Dropped, it closes in good order. It lives on tokio.
#[derive(Debug)]
pub struct HostDtls {
    parameters: Arc<DtlsParameters>,
    /// Between `bind` and the first datagram.
    socket: RefCell<Option<UdpSocket>>,
    connection: RefCell<Option<Rc<Connection>>>,
    begun: Notify,
    hop_limit: Cell<Option<NonZeroU8>>,
    dscp: Cell<u8>,
}

#[derive(Debug)]
struct Connection {
    server: SocketAddr,
    outgoing: mpsc::Sender<Vec<u8>>,
    incoming: Mutex<mpsc::Receiver<Vec<u8>>>,
    standing: watch::Receiver<Standing>,
}

impl HostDtls {
    pub(super) fn new(parameters: Arc<DtlsParameters>) -> Self {
        Self {
            parameters,
            socket: RefCell::new(None),
            connection: RefCell::new(None),
            begun: Notify::new(),
            hop_limit: Cell::new(None),
            dscp: Cell::new(0),
        }
    }

    /// Why there is no connection, or no more; `None` while there may be one.
    #[must_use]
    pub fn failure(&self) -> Option<DtlsFailure> {
        let connection = self.connection.borrow().clone()?;
        match &*connection.standing.borrow() {
            Standing::Over(failure) => Some(failure.clone()),
            Standing::Opening | Standing::Open => None,
        }
    }

    /// The connection to `server`, begun if there was none.
    fn connect(&self, server: SocketAddr) -> Result<Rc<Connection>, DatagramError> {
        if let Some(connection) = &*self.connection.borrow() {
            return if connection.server == server {
                Ok(connection.clone())
            } else {
                Err(DatagramError::NoRoute)
            };
        }
        let socket = self.socket.take().ok_or(DatagramError::NoRoute)?;
        options::set_hop_limit(&SockRef::from(&socket), self.hop_limit.get());
        options::set_dscp(&SockRef::from(&socket), self.dscp.get());
        let (outgoing, to_send) = mpsc::channel(WAITING);
        let (received, incoming) = mpsc::channel(WAITING);
        let (sender, standing) = watch::channel(Standing::Opening);
        let application = Application {
            outgoing: to_send,
            incoming: received,
            standing: sender,
        };
        let parameters = self.parameters.clone();
        tokio::spawn(engine::run(socket, server, parameters, application));
        let connection = Rc::new(Connection {
            server,
            outgoing,
            incoming: Mutex::new(incoming),
            standing,
        });
        *self.connection.borrow_mut() = Some(connection.clone());
        self.begun.notify_waiters();
        Ok(connection)
    }
}

impl Connection {
    /// Waits until the handshake is over.
    async fn opened(&self) -> Result<(), DatagramError> {
        let mut standing = self.standing.clone();
        let standing = standing.wait_for(|now| *now != Standing::Opening).await;
        match standing.as_deref() {
            Ok(Standing::Open | Standing::Opening) => Ok(()),
            Ok(Standing::Over(DtlsFailure::Closed)) => Err(DatagramError::Closed),
            Ok(Standing::Over(_)) | Err(_) => Err(DatagramError::NotSecured),
        }
    }
}

impl Socket for HostDtls {
    fn bind(&self, port: u16) -> Result<(), BindError> {
        if self.socket.borrow().is_some() || self.connection.borrow().is_some() {
            return Err(BindError);
        }
        *self.socket.borrow_mut() = Some(bound(port).map_err(|_| BindError)?);
        Ok(())
    }

    /// For the packets of a connection that has not begun.
    fn set_hop_limit(&self, hop_limit: Option<NonZeroU8>) {
        self.hop_limit.set(hop_limit);
    }

    /// For the packets of a connection that has not begun.
    fn set_dscp(&self, dscp: u8) {
        self.dscp.set(dscp);
    }

    async fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), DatagramError> {
        if data.len() > MAX_DATAGRAM {
            return Err(DatagramError::TooLong);
        }
        let connection = self.connect(to)?;
        connection.opened().await?;
        let sent = connection.outgoing.send(data.to_vec()).await;
        match sent {
            Ok(()) => Ok(()),
            // The task has ended since.
            Err(_) => {
                connection.opened().await?;
                Err(DatagramError::Closed)
            }
        }
    }

    /// Waits for the first datagram to be sent, if none was.
    async fn receive_from(&self, buffer: &mut [u8]) -> Result<Datagram, DatagramError> {
        let connection = loop {
            let begun = self.begun.notified();
            if let Some(connection) = self.connection.borrow().clone() {
                break connection;
            }
            begun.await;
        };
        let data = connection.incoming.lock().await.recv().await;
        let Some(data) = data else {
            connection.opened().await?;
            return Err(DatagramError::Closed);
        };
        let place = buffer.get_mut(..data.len()).ok_or(DatagramError::TooLong)?;
        place.copy_from_slice(&data);
        Ok(Datagram {
            length: data.len(),
            from: connection.server,
            to: None,
        })
    }
}
