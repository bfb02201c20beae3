//! A UDP socket of embassy-net.

use core::cell::RefCell;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::num::NonZeroU8;

use embassy_net::Stack;
use embassy_net::udp::{self, PacketMetadata};

use super::super::socket::{BindError, Datagram, DatagramError, UdpSocket};
use super::{endpoint, from_embassy, has_source, socket_address};

/// The memory of a UDP socket of embassy-net.
#[allow(missing_debug_implementations)]
pub struct EmbassyUdpBuffers<'a> {
    /// One entry a datagram that can wait to be read.
    pub receive_meta: &'a mut [PacketMetadata],
    /// The bytes of received datagrams.
    pub receive: &'a mut [u8],
    /// One entry a datagram that can wait to be sent.
    pub send_meta: &'a mut [PacketMetadata],
    /// The bytes of datagrams to send.
    pub send: &'a mut [u8],
}

/// A UDP socket of embassy-net, shared by reference. It takes datagrams that
/// were sent without a checksum unless the driver of its stack is in
/// [`FullChecksums`](super::FullChecksums).
pub struct EmbassyUdp<'a> {
    pub(super) socket: RefCell<udp::UdpSocket<'a>>,
    pub(super) stack: Stack<'a>,
}

impl UdpSocket for EmbassyUdp<'_> {
    fn has_route(&self, to: SocketAddr) -> bool {
        has_source(self.stack, to)
    }

    fn bind(&self, port: u16) -> Result<(), BindError> {
        self.socket.borrow_mut().bind(port).map_err(|_| BindError)
    }

    fn local_port(&self) -> Option<u16> {
        let port = self.socket.borrow().endpoint().port;
        (port != 0).then_some(port)
    }

    fn set_hop_limit(&self, hop_limit: Option<NonZeroU8>) {
        self.socket
            .borrow_mut()
            .set_hop_limit(hop_limit.map(NonZeroU8::get));
    }

    async fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), DatagramError> {
        if !has_source(self.stack, to) {
            return Err(DatagramError::NoRoute);
        }
        let to = endpoint(to).ok_or(DatagramError::NoRoute)?;
        poll_fn(|cx| self.socket.borrow().poll_send_to(data, to, cx))
            .await
            .map_err(|error| match error {
                udp::SendError::PacketTooLarge => DatagramError::TooLong,
                udp::SendError::NoRoute | udp::SendError::SocketNotBound => DatagramError::NoRoute,
            })
    }

    async fn receive_from(&self, buffer: &mut [u8]) -> Result<Datagram, DatagramError> {
        loop {
            let (length, meta) = poll_fn(|cx| self.socket.borrow().poll_recv_from(buffer, cx))
                .await
                .map_err(|udp::RecvError::Truncated| DatagramError::TooLong)?;
            if let Some(from) = socket_address(meta.endpoint) {
                let to = meta.local_address.and_then(from_embassy);
                return Ok(Datagram { length, from, to });
            }
        }
    }
}
