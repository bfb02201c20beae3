//! Moves frames between one open connection and the session.

use core::future::{Future as _, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use rand_core::CryptoRngCore;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::client::Sizes;
use wigwag_codec::ngtt::{Frame, LinkFault, NgttFramer};

use super::state::{State, Wish};
use super::status::Reason;
use crate::connection::{Framed, Incoming, ReceiveError};
use crate::net::TcpSocket;
use crate::time;
use crate::tls::{self, End, Link, TlsParameters};

/// Why the driver stopped.
#[derive(PartialEq, Eq)]
pub(super) enum Stop {
    /// The connection is over or useless.
    Failed(Reason),
    /// The application wants a new one, or none.
    Unwanted,
}

/// The connection has been used enough.
const USED: Stop = Stop::Failed(Reason::Tls(End::SessionLimit));

/// The queues between TLS and the session, whatever their size: both ends of
/// one connection.
pub(super) trait Channel {
    /// Runs TLS over `socket` to the end of the connection: see [`tls::run`].
    fn own<T: TcpSocket, R: CryptoRngCore>(
        &self,
        socket: &T,
        receive: &mut [u8],
        send: &mut [u8],
        parameters: &TlsParameters<'_>,
        rng: &mut R,
    ) -> impl Future<Output = End>;

    /// Drives the session over the connection until it ends. `opened` is told
    /// when the server has been verified.
    fn drive<M: RawMutex, S: Sizes>(
        &self,
        state: &State<M, S>,
        opened: impl FnOnce(Instant),
    ) -> impl Future<Output = Stop>;
}

impl<L: RawMutex, const IN: usize, const OUT: usize> Channel for Link<L, IN, OUT> {
    async fn own<T: TcpSocket, R: CryptoRngCore>(
        &self,
        socket: &T,
        receive: &mut [u8],
        send: &mut [u8],
        parameters: &TlsParameters<'_>,
        rng: &mut R,
    ) -> End {
        tls::run(self, socket, receive, send, parameters, rng).await
    }

    async fn drive<M: RawMutex, S: Sizes>(
        &self,
        state: &State<M, S>,
        opened: impl FnOnce(Instant),
    ) -> Stop {
        let connection = self.connection();
        if let Err(end) = connection.opened().await {
            return Stop::Failed(Reason::Tls(end));
        }
        opened(time::now());
        state.with(|inner| {
            inner.server = self.server_validity();
            inner.session.connected(time::now());
            if inner.wish == Wish::Reconnect {
                // This is the new one.
                inner.wish = Wish::Stay;
            }
        });
        let mut driver = Driver {
            state,
            framed: Framed::new(connection, NgttFramer::for_buffer(IN)),
            written: 0,
            alarm: None,
        };
        let stop = poll_fn(|cx| driver.poll(cx)).await;
        state.with(|inner| {
            inner.session.disconnected();
            inner.pulse.ending(time::now());
            inner.wake_all();
        });
        // The owner ends the connection; close is taken between records.
        match stop {
            Stop::Unwanted | USED => connection.close(),
            Stop::Failed(_) => connection.abort(),
        }
        stop
    }
}

struct Driver<'a, M: RawMutex, L: RawMutex, S: Sizes, const IN: usize, const OUT: usize> {
    state: &'a State<M, S>,
    framed: Framed<'a, NgttFramer, L, IN, OUT>,
    /// How much of the session's current frame is in the send queue.
    written: usize,
    alarm: Option<(Instant, Timer)>,
}

impl<M: RawMutex, L: RawMutex, S: Sizes, const IN: usize, const OUT: usize>
    Driver<'_, M, L, S, IN, OUT>
{
    /// Does all there is to do now. What can be received and what can be sent
    /// is bounded by the queues of the link, so this ends.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        // Wakers first: whatever changes from here on is seen.
        self.framed.connection().register(cx);
        let unwanted = self.state.with(|inner| {
            inner.driver.register(cx.waker());
            inner.is_unwanted()
        });
        if unwanted {
            return Poll::Ready(Stop::Unwanted);
        }
        // Between two frames, so that the server gets whole ones.
        if self.written == 0 && self.framed.connection().is_retiring() {
            return Poll::Ready(USED);
        }
        loop {
            let now = time::now();
            let received = match self.receive(now) {
                Ok(received) => received,
                Err(reason) => return Poll::Ready(Stop::Failed(reason)),
            };
            if let Err(fault) = self.state.with(|inner| inner.session.handle_timeout(now)) {
                return Poll::Ready(Stop::Failed(Reason::Silent(fault)));
            }
            let sent = self.transmit(now);
            if received || sent {
                self.state.with(|inner| inner.wake_others());
            }
            if !received && !sent && self.poll_alarm(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Takes every whole frame that is here.
    fn receive(&mut self, now: Instant) -> Result<bool, Reason> {
        let state = self.state;
        let mut any = false;
        loop {
            let mut handle = |incoming: Incoming<'_, _>| {
                state.with(|inner| match incoming {
                    Incoming::Message { meta, body } => {
                        inner.session.handle_frame(Frame::new(meta, body), now);
                    }
                    Incoming::Oversized { meta, length } => {
                        inner.session.handle_oversized(meta, length, now);
                    }
                    // Every frame of NGTT has an end.
                    Incoming::Endless { .. } => {}
                });
            };
            match self.framed.try_receive_with(&mut handle) {
                Ok(Some(())) => any = true,
                ended => {
                    if self.framed.take_heard() {
                        state.with(|inner| inner.heard(now));
                    }
                    return match ended {
                        Ok(_) => Ok(any),
                        Err(ReceiveError::Ended(end)) => Err(Reason::Tls(end)),
                        Err(ReceiveError::Framing(error)) => Err(Reason::Framing(error)),
                    };
                }
            }
        }
    }

    /// Queues frames of the session while there is room, in pieces where one
    /// is larger than that.
    fn transmit(&mut self, now: Instant) -> bool {
        let connection = self.framed.connection();
        let mut any = false;
        loop {
            let space = connection.send_space();
            if space == 0 {
                return any;
            }
            let written = self.written;
            let progress = self.state.with(|inner| {
                let frame = inner.session.poll_transmit(now)?;
                let header = frame.header.get(written..).unwrap_or_default();
                let body_at = written.saturating_sub(frame.header.len());
                let body = frame.body.get(body_at..).unwrap_or_default();
                let header = &header[..header.len().min(space)];
                let body = &body[..body.len().min(space - header.len())];
                connection.try_send(&[header, body]).ok()?;
                let queued = header.len() + body.len();
                let complete = written + queued == frame.header.len() + frame.body.len();
                if complete {
                    inner.session.transmitted(now);
                } else {
                    inner.session.transmitting(now);
                }
                Some((queued, complete))
            });
            match progress {
                None => return any,
                Some((queued, complete)) => {
                    any = true;
                    self.written = if complete { 0 } else { written + queued };
                }
            }
        }
    }

    /// Waits for the session's next deadline; ready when it has passed.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.state.with(|inner| inner.session.next_timeout()) else {
            return Poll::Pending;
        };
        let timer = match &mut self.alarm {
            Some((set, timer)) if *set == at => timer,
            slot => &mut slot.insert((at, Timer::at(time::instant(at)))).1,
        };
        let ready = Pin::new(timer).poll(cx);
        if ready.is_ready() {
            self.alarm = None;
        }
        ready
    }
}

impl From<LinkFault> for Reason {
    fn from(fault: LinkFault) -> Self {
        Self::Silent(fault)
    }
}
