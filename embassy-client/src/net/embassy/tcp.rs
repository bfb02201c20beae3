//! A TCP socket of embassy-net.

use core::cell::RefCell;
use core::future::{Future as _, poll_fn};
use core::net::SocketAddr;
use core::num::NonZeroU8;
use core::pin::pin;
use core::task::{Context, Poll};
use core::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_net::Stack;
use embassy_net::tcp::{self, State};
use embassy_time::Timer;

use super::super::socket::{ConnectError, StreamError, TcpOptions, TcpSocket};
use super::congestion::CongestionWindow;
use super::{endpoint, has_source, socket_address};
use crate::time::{duration, now};

/// A TCP socket of embassy-net, shared by reference, with a congestion window
/// of its own: see the text of `congestion.rs`. The cells are borrowed inside
/// one poll only: embassy's own futures keep no state, so each poll makes a new
/// one.
pub struct EmbassyTcp<'a> {
    socket: RefCell<tcp::TcpSocket<'a>>,
    window: RefCell<CongestionWindow>,
    stack: Stack<'a>,
}

/// Aborts a connection attempt that is given up.
struct AbortOnDrop<'s, 'a> {
    socket: &'s EmbassyTcp<'a>,
    armed: bool,
}

impl Drop for AbortOnDrop<'_, '_> {
    fn drop(&mut self) {
        if self.armed {
            self.socket.abort();
        }
    }
}

impl<'a> EmbassyTcp<'a> {
    pub(super) fn new(stack: Stack<'a>, receive: &'a mut [u8], send: &'a mut [u8]) -> Self {
        Self {
            socket: RefCell::new(tcp::TcpSocket::new(stack, receive, send)),
            window: RefCell::new(CongestionWindow::new()),
            stack,
        }
    }

    /// Writes what the window has room for.
    // Polled from many places: once in the image.
    #[inline(never)]
    fn poll_write(&self, data: &[u8], cx: &mut Context<'_>) -> Poll<Result<usize, StreamError>> {
        let mut socket = self.socket.borrow_mut();
        let mut window = self.window.borrow_mut();
        let mut room = data.len();
        if socket.may_send() && room > 0 {
            room = window.room(socket.send_queue(), room, now()).min(room);
            if room == 0 {
                // Something is under way: an acknowledgement will wake.
                let _ = pin!(socket.flush()).poll(cx);
                window.watch();
                return Poll::Pending;
            }
        }
        let written = pin!(socket.write(&data[..room])).poll(cx);
        match written {
            Poll::Ready(Ok(count)) => window.wrote(count, now()),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => window.watch(),
        }
        written.map_err(|tcp::Error::ConnectionReset| StreamError)
    }

    /// Waits until a socket that was told to connect or listen is either
    /// connected or closed.
    async fn established(&self) -> Result<(), ConnectError> {
        poll_fn(|cx| {
            let socket = self.socket.borrow();
            match socket.state() {
                State::Closed | State::TimeWait => Poll::Ready(Err(ConnectError::Refused)),
                State::Listen | State::SynSent | State::SynReceived => {
                    // Not ready in these states: registers the waker.
                    let _ = pin!(socket.wait_write_ready()).poll(cx);
                    Poll::Pending
                }
                _ => Poll::Ready(Ok(())),
            }
        })
        .await
    }
}

impl TcpSocket for EmbassyTcp<'_> {
    fn set_options(&self, options: &TcpOptions) {
        let mut socket = self.socket.borrow_mut();
        socket.set_keep_alive(options.keep_alive.map(duration));
        socket.set_nagle_enabled(options.nagle);
        socket.set_timeout(options.timeout.map(duration));
        socket.set_hop_limit(options.hop_limit.map(NonZeroU8::get));
    }

    async fn connect(&self, remote: SocketAddr, timeout: Duration) -> Result<(), ConnectError> {
        let to = endpoint(remote).ok_or(ConnectError::Unusable)?;
        if !has_source(self.stack, remote) {
            return Err(ConnectError::NoRoute);
        }
        *self.window.borrow_mut() = CongestionWindow::new();
        // One poll sends the SYN; the rest is watched through the state, so
        // that the cell is never borrowed while waiting.
        let begun = poll_fn(|cx| {
            let mut socket = self.socket.borrow_mut();
            Poll::Ready(match pin!(socket.connect(to)).poll(cx) {
                Poll::Ready(Err(tcp::ConnectError::NoRoute)) => Err(ConnectError::NoRoute),
                Poll::Ready(Err(tcp::ConnectError::ConnectionReset)) => Err(ConnectError::Refused),
                Poll::Ready(Err(tcp::ConnectError::TimedOut)) => Err(ConnectError::TimedOut),
                Poll::Ready(Err(tcp::ConnectError::InvalidState)) => Err(ConnectError::Unusable),
                Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
            })
        })
        .await;
        begun?;
        let mut attempt = AbortOnDrop {
            socket: self,
            armed: true,
        };
        // An own clock tells a timeout from a refusal: the stack does not.
        match select(self.established(), Timer::after(duration(timeout))).await {
            Either::First(result) => {
                attempt.armed = result.is_err();
                result
            }
            Either::Second(()) => Err(ConnectError::TimedOut),
        }
    }

    async fn accept(&self, port: u16) -> Result<(), ConnectError> {
        *self.window.borrow_mut() = CongestionWindow::new();
        poll_fn(|cx| {
            let mut socket = self.socket.borrow_mut();
            Poll::Ready(match pin!(socket.accept(port)).poll(cx) {
                Poll::Ready(Err(_)) => Err(ConnectError::Unusable),
                Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
            })
        })
        .await?;
        let mut attempt = AbortOnDrop {
            socket: self,
            armed: true,
        };
        let result = self.established().await;
        attempt.armed = result.is_err();
        result
    }

    fn is_half_open(&self) -> bool {
        self.socket.borrow().state() == State::SynReceived
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, StreamError> {
        poll_fn(|cx| {
            let mut socket = self.socket.borrow_mut();
            pin!(socket.read(buffer)).poll(cx)
        })
        .await
        .map_err(|tcp::Error::ConnectionReset| StreamError)
    }

    async fn write(&self, data: &[u8]) -> Result<usize, StreamError> {
        self.window.borrow_mut().unwatch();
        poll_fn(|cx| self.poll_write(data, cx)).await
    }

    fn unacknowledged(&self) -> Option<usize> {
        Some(self.socket.borrow().send_queue())
    }

    async fn flushed(&self) {
        self.window.borrow_mut().unwatch();
        poll_fn(|cx| {
            let mut socket = self.socket.borrow_mut();
            let mut window = self.window.borrow_mut();
            window.look(socket.send_queue(), now());
            let flushed = pin!(socket.flush()).poll(cx);
            if flushed.is_pending() {
                window.watch();
            }
            flushed.map(|_| ())
        })
        .await;
    }

    fn close(&self) {
        self.socket.borrow_mut().close();
    }

    fn abort(&self) {
        self.socket.borrow_mut().abort();
    }

    fn local(&self) -> Option<SocketAddr> {
        self.socket
            .borrow()
            .local_endpoint()
            .and_then(socket_address)
    }

    fn remote(&self) -> Option<SocketAddr> {
        self.socket
            .borrow()
            .remote_endpoint()
            .and_then(socket_address)
    }
}
