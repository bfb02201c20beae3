//! The host's end of the device's datagrams.

use std::io;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Datagrams that wait in each direction of a [`datagram_pair`]; more are lost.
pub const PAIR_QUEUE: usize = 64;

/// A way for datagrams to one server and back: a connected socket of the host,
/// or something in this process. Datagrams keep their boundaries, and may be
/// lost.
pub trait HostDatagrams {
    /// Sends one datagram.
    ///
    /// # Errors
    /// Any ends this way: the device hears that nobody listens.
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<()>>;

    /// Receives one datagram; its length.
    ///
    /// # Errors
    /// Any ends this way: the device hears that nobody listens.
    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;
}

impl HostDatagrams for UdpSocket {
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<()>> {
        UdpSocket::poll_send(self, cx, datagram).map_ok(|_| ())
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        self.poll_recv(cx, &mut buffer)
            .map_ok(|()| buffer.filled().len())
    }
}

/// One end of a way for datagrams within this process. Dropping it is silence.
#[derive(Debug)]
pub struct DatagramEnd {
    sender: mpsc::Sender<Vec<u8>>,
    receiver: mpsc::Receiver<Vec<u8>>,
}

/// Two ends: what one sends, the other receives. No sockets, so it works in
/// paused time too.
#[must_use]
pub fn datagram_pair() -> (DatagramEnd, DatagramEnd) {
    let (to_far, from_near) = mpsc::channel(PAIR_QUEUE);
    let (to_near, from_far) = mpsc::channel(PAIR_QUEUE);
    let near = DatagramEnd {
        sender: to_far,
        receiver: from_far,
    };
    let far = DatagramEnd {
        sender: to_near,
        receiver: from_near,
    };
    (near, far)
}

impl DatagramEnd {
    /// Sends a datagram. It is lost where [`PAIR_QUEUE`] wait already or the
    /// other end is gone, as UDP's are; says whether it was not.
    pub fn send(&self, datagram: impl Into<Vec<u8>>) -> bool {
        self.sender.try_send(datagram.into()).is_ok()
    }

    /// The next datagram; `None` once the other end is gone.
    pub async fn receive(&mut self) -> Option<Vec<u8>> {
        self.receiver.recv().await
    }
}

impl HostDatagrams for DatagramEnd {
    fn poll_send(&mut self, _: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<()>> {
        self.send(datagram);
        Poll::Ready(Ok(()))
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.receiver.poll_recv(cx) {
            Poll::Ready(Some(datagram)) => {
                let length = datagram.len().min(buffer.len());
                buffer[..length].copy_from_slice(&datagram[..length]);
                Poll::Ready(Ok(length))
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
