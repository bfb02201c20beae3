//! A UDP socket of embassy-net.

use core::cell::RefCell;
use core::future::{Future as _, poll_fn};
use core::net::SocketAddr;
use core::num::NonZeroU8;
use core::pin::pin;
use core::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_net::Stack;
use embassy_net::udp::{self, PacketMetadata};
use embassy_time::Timer;

use super::super::socket::{BindError, Datagram, DatagramError, UdpSocket};
use super::{endpoint, from_embassy, has_source, socket_address};
use crate::time::duration;

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

/// How long a datagram may hold up those behind it. smoltcp keeps the first one
/// until its neighbour has told its hardware address, for ever if need be, and
/// asks once a second.
const HELD_UP: Duration = Duration::from_secs(3);

impl EmbassyUdp<'_> {
    /// Waits until what was sent before has left, for a time. (smoltcp counts
    /// bytes, so that an empty datagram is not waited for.)
    async fn left(&self) -> bool {
        let left = poll_fn(|cx| {
            let mut socket = self.socket.borrow_mut();
            pin!(socket.flush()).poll(cx)
        });
        let limit = Timer::after(duration(HELD_UP));
        matches!(select(left, limit).await, Either::First(()))
    }
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

    fn discard(&self) {
        let mut socket = self.socket.borrow_mut();
        let bound = socket.endpoint();
        socket.close();
        // It was bound to this a moment ago, or not at all.
        let _ = socket.bind(bound);
    }

    async fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), DatagramError> {
        if !has_source(self.stack, to) {
            return Err(DatagramError::NoRoute);
        }
        let to = endpoint(to).ok_or(DatagramError::NoRoute)?;
        if !self.left().await {
            self.discard();
        }
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

    async fn flushed(&self) {
        self.left().await;
    }
}
