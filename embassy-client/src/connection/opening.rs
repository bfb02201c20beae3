//! The way to Ready, the framer's clock, and the end.

use core::future::{Future as _, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use wigwag_codec::framer::{FrameError, Framer, Out, Receiver, Start, Turn, tick};

use super::{Framed, ReceiveError};
use crate::time;
use crate::tls::{Connection, LinkState, SendError};

/// Most bytes that a framer may say by itself at once here.
const SAYS: usize = 256;

impl<'a, F: Framer, M: RawMutex, const IN: usize, const OUT: usize> Framed<'a, F, M, IN, OUT> {
    /// Waits until the connection is open and the framer ready: until its
    /// handshake is complete, if it has one. `IN` must hold the largest message
    /// and the largest step of the handshake, `OUT` what the framer says at once
    /// ([`Framer::OUT`]).
    ///
    /// The wait ends with the connection, or when the framer's own clock says so;
    /// put a timeout of the application's around it if the framer has none.
    /// What arrived behind the handshake is kept for the first receive. A future
    /// dropped before it is ready leaves the handshake half made: abort the
    /// connection then.
    ///
    /// # Errors
    /// [`ReceiveError`]. The connection is still open when the framer fails, so
    /// that its last words can be sent: close or abort it.
    pub async fn open(
        connection: Connection<'a, M, IN, OUT>,
        framer: F,
    ) -> Result<Self, ReceiveError> {
        const {
            assert!(
                F::OUT <= SAYS,
                "the framer says more than 256 bytes at once"
            );
            assert!(
                F::OUT <= OUT,
                "the send queue cannot hold what the framer says at once"
            );
        };
        let mut framed = Self::on(connection, framer);
        connection.opened().await.map_err(ReceiveError::Ended)?;
        let start = poll_fn(|cx| {
            framed.poll_speak(cx, |framer, receiver, _, out| receiver.start(framer, out))
        });
        if start.await? == Start::Handshake {
            poll_fn(|cx| framed.poll_handshake(cx)).await?;
        }
        Ok(framed)
    }

    /// Sends the framer's last words, then ends the connection in good order, as
    /// [`Connection::close`]: everything queued before is sent. What finds no
    /// room in the send queue stays unsaid.
    pub fn close(&mut self) {
        let mut place = [0; SAYS];
        let mut out = Out::new(&mut place);
        self.framer.stop(&mut out);
        let _ = self.connection.try_send(&[out.bytes()]);
        self.connection.close();
    }

    /// Waits for room for all the framer may say, lets it, and queues that.
    fn poll_speak<T>(
        &mut self,
        cx: &mut Context<'_>,
        f: impl FnOnce(
            &mut F,
            &mut Receiver<F::Meta>,
            Connection<'a, M, IN, OUT>,
            &mut Out<'_>,
        ) -> Result<T, FrameError>,
    ) -> Poll<Result<T, ReceiveError>> {
        if F::OUT > 0 && self.connection.send_space() < F::OUT {
            self.connection.register(cx);
            // The room may have come between the look and the registration.
            if self.connection.send_space() < F::OUT {
                return match self.connection.state() {
                    LinkState::Ended(end) => Poll::Ready(Err(ReceiveError::Ended(end))),
                    _ => Poll::Pending,
                };
            }
        }
        let mut place = [0; SAYS];
        let mut out = Out::new(&mut place);
        let result = f(
            &mut self.framer,
            &mut self.receiver,
            self.connection,
            &mut out,
        );
        if !out.is_empty()
            && let Err(SendError::Ended(end)) = self.connection.try_send(&[out.bytes()])
        {
            return Poll::Ready(Err(ReceiveError::Ended(end)));
        }
        Poll::Ready(result.map_err(ReceiveError::Framing))
    }

    /// Takes the handshake as far as the received bytes allow.
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ReceiveError>> {
        loop {
            self.connection.register(cx);
            let before = self.connection.send_space();
            // Whatever comes of it, the framer may have noted the time to look.
            self.stirred = true;
            let step = ready!(self.poll_speak(cx, |framer, receiver, connection, out| {
                let step = connection.try_receive_with(|prefix| {
                    match receiver.handshake(framer, prefix, IN, out) {
                        Ok(Turn::Need(_)) => None,
                        Ok(Turn::Drop(count)) => Some((count, Ok(false))),
                        Ok(Turn::Take { consumed, .. }) => Some((consumed, Ok(true))),
                        Err(error) => Some((0, Err(error))),
                    }
                });
                match step {
                    Ok(Some(Err(error))) => Err(error),
                    Ok(Some(Ok(complete))) => Ok(Ok(Some(complete))),
                    Ok(None) => Ok(Ok(None)),
                    Err(end) => Ok(Err(end)),
                }
            }))?;
            match step {
                Ok(Some(true)) => return Poll::Ready(Ok(())),
                Ok(Some(false)) => {}
                // It said something without taking anything: it may have more.
                Ok(None) if self.connection.send_space() < before => {}
                Ok(None) => return self.poll_clock(cx).map(Err),
                Err(end) => return Poll::Ready(Err(ReceiveError::Ended(end))),
            }
        }
    }

    /// Looks at the framer's clock if it is time, or something happened; ready
    /// only when the framer has failed.
    fn poll_clock(&mut self, cx: &mut Context<'_>) -> Poll<ReceiveError> {
        loop {
            let due = match &mut self.alarm {
                Some((_, timer)) => Pin::new(timer).poll(cx).is_ready(),
                None => false,
            };
            if !due && !self.stirred {
                return Poll::Pending;
            }
            // When there is no room yet, it is due until there is.
            self.stirred = true;
            let now = time::now();
            match ready!(self.poll_speak(cx, |framer, _, _, out| tick(framer, now, out))) {
                Ok(next) => {
                    self.stirred = false;
                    self.alarm = next.map(|at| (at, Timer::at(time::instant(at))));
                }
                Err(error) => return Poll::Ready(error),
            }
        }
    }

    /// Waits for what `take` takes, with the framer's clock running.
    pub(super) fn poll_with_clock<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Self) -> Result<Option<T>, ReceiveError>,
    ) -> Poll<Result<T, ReceiveError>> {
        self.connection.register(cx);
        let taken = take(self);
        // After the bytes, so that the framer knows what has come; in any case,
        // because a busy stream is no reason to keep silent.
        let clock = self.poll_clock(cx);
        match (taken, clock) {
            (Ok(Some(value)), _) => Poll::Ready(Ok(value)),
            (Err(error), _) => Poll::Ready(Err(error)),
            (Ok(None), Poll::Ready(error)) => Poll::Ready(Err(error)),
            (Ok(None), Poll::Pending) => Poll::Pending,
        }
    }
}
