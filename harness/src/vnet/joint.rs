//! One TCP connection of the device, joined to a stream of the host.

use super::dial::HostStream;
use crate::clock;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, State};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long a device may leave data or an end unacknowledged.
const DEVICE_LIMIT: Duration = Duration::from_secs(120);

/// Until when a device may be silent that owes an answer.
pub(super) fn limit() -> u64 {
    clock::now_micros().saturating_add(DEVICE_LIMIT.as_micros() as u64)
}

/// A socket of the gateway and the stream it is joined to.
pub(super) struct Joint {
    pub(super) stream: Box<dyn HostStream>,
    pub(super) socket: SocketHandle,
    /// Our stream has no more to say: we have closed the socket's sending half.
    server_done: bool,
    /// The device has no more to say: we have shut the stream's writing half.
    device_done: bool,
    unflushed: bool,
    /// Until when the device must have acknowledged our end.
    end_limit: u64,
}

pub(super) enum Pumped {
    Idle,
    Moved,
    /// The stream has nothing to do any more.
    Over,
}

impl Joint {
    pub(super) fn new(stream: Box<dyn HostStream>, socket: SocketHandle) -> Self {
        Self {
            stream,
            socket,
            server_done: false,
            device_done: false,
            unflushed: false,
            end_limit: u64::MAX,
        }
    }

    pub(super) fn pump(&mut self, cx: &mut Context<'_>, socket: &mut Socket<'static>) -> Pumped {
        match socket.state() {
            // Waits for the end of the three-way handshake.
            State::SynSent | State::SynReceived => return Pumped::Idle,
            // Reset by the device: before the handshake's end, or later. Or it
            // did not answer a connection to it in time.
            State::Listen | State::Closed => {
                self.stream.reset();
                return Pumped::Over;
            }
            _ => {}
        }
        match self.exchange(cx, socket) {
            Ok(_) if self.server_done && self.device_done => Pumped::Over,
            Ok(true) => Pumped::Moved,
            Ok(false) => Pumped::Idle,
            Err(_) => {
                self.stream.reset();
                socket.abort();
                Pumped::Over
            }
        }
    }

    fn exchange(&mut self, cx: &mut Context<'_>, socket: &mut Socket<'static>) -> io::Result<bool> {
        let down = self.pump_down(cx, socket)?;
        // smoltcp would count a connection that is merely idle as timed out.
        let owed = socket.send_queue() > 0;
        socket.set_timeout(owed.then(|| DEVICE_LIMIT.into()));
        if socket.state() == State::FinWait1 && self.end_limit <= clock::now_micros() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let up = self.pump_up(cx, socket)?;
        Ok(down || up)
    }

    fn pump_down(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut Socket<'static>,
    ) -> io::Result<bool> {
        let mut moved = false;
        while !self.server_done && socket.can_send() {
            let stream = Pin::new(&mut self.stream);
            let read = socket.send(|room| {
                let mut room = ReadBuf::new(room);
                let polled = stream.poll_read(cx, &mut room);
                let read = room.filled().len();
                (read, polled.map_ok(|()| read))
            });
            match read {
                Ok(Poll::Ready(Ok(0))) => {
                    self.server_done = true;
                    self.end_limit = limit();
                    socket.close();
                }
                Ok(Poll::Ready(result)) => drop(result?),
                Ok(Poll::Pending) | Err(_) => break,
            }
            moved = true;
        }
        Ok(moved)
    }

    fn pump_up(&mut self, cx: &mut Context<'_>, socket: &mut Socket<'static>) -> io::Result<bool> {
        let mut moved = false;
        while socket.can_recv() {
            let stream = Pin::new(&mut self.stream);
            let written = socket.recv(|bytes| match stream.poll_write(cx, bytes) {
                Poll::Ready(Ok(count)) => (count, Poll::Ready(Ok(count))),
                other => (0, other),
            });
            match written {
                Ok(Poll::Ready(Ok(0))) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(Poll::Ready(result)) => drop(result?),
                Ok(Poll::Pending) | Err(_) => break,
            }
            self.unflushed = true;
            moved = true;
        }
        if self.unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            flushed?;
            self.unflushed = false;
        }
        let no_more = !socket.may_recv() && !socket.can_recv() && !self.unflushed;
        if no_more
            && !self.device_done
            && let Poll::Ready(shut) = Pin::new(&mut self.stream).poll_shutdown(cx)
        {
            // A stream that the server has closed already cannot be shut.
            drop(shut);
            self.device_done = true;
            moved = true;
        }
        Ok(moved)
    }
}
