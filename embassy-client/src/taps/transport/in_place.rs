//! The message at the front of a receive queue, where it lies: without a copy,
//! and for whom it is.

use core::future::poll_fn;
use core::task::{Context, Poll};

use wigwag_codec::framer::{Found, FrameError, Framer, Turn, decode_datagram};

use super::super::property::CommunicationDirection;
use super::connection::{Connection, poll_seat};
use super::error::ReceiveError;
use super::memory::{Hub, Seat};
use super::pump::fail;
use super::receiving::is_ready;
use super::state::State;
use crate::tls::{End, LENGTH, LinkState};

/// What becomes of a message that
/// [`receive_in_place`](Connection::receive_in_place) has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<T> {
    /// It is done with: the next one takes its place.
    Taken(T),
    /// It stays, and is shown to whoever asks next.
    Left(T),
    /// It stays, because it is for somebody else; the wait goes on until there
    /// is another one.
    Passed,
}

impl<'a, F: Framer, S> Connection<'a, F, S> {
    /// Shows its framer to `f`: what it has learnt in its handshake, such as the
    /// peer's name or a timeout that was agreed on. `None` before the transport
    /// below is connected.
    ///
    /// `f` must not call anything of this connection.
    pub fn with_framer<T>(&self, f: impl FnOnce(&F) -> T) -> Option<T> {
        self.seat.with(|state| state.talk.framer.as_ref().map(f))
    }

    /// Waits for the next whole message and shows it to `f` where it lies in the
    /// receive queue, with what its framer knows about it. `f` says whether it
    /// takes the message; what is left of one that
    /// [`receive_partial`](Self::receive_partial) has begun is dropped.
    ///
    /// `f` must not call anything of this connection.
    ///
    /// ```
    /// use wigwag_codec::prefix::PrefixFramer;
    /// use wigwag_embassy::taps::{Connection, Disabled, ReceiveError, Shown};
    ///
    /// /// Adds up the bytes of the next message, which need no buffer for that.
    /// async fn sum(connection: &Connection<'_, PrefixFramer, Disabled>) -> Result<u32, ReceiveError> {
    ///     let sum = connection.receive_in_place(|_, body| {
    ///         Shown::Taken(body.iter().map(|byte| u32::from(*byte)).sum())
    ///     });
    ///     sum.await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ReceiveError`]; with [`ReceiveError::NotWhole`] the connection goes on,
    /// and the next call drops that message.
    pub async fn receive_in_place<T>(
        &self,
        mut f: impl FnMut(&F::Meta, &[u8]) -> Shown<T>,
    ) -> Result<T, ReceiveError> {
        poll_fn(|cx| self.poll_receive_in_place(cx, &mut f)).await
    }

    /// [`receive_in_place`](Self::receive_in_place) for code that polls, such as
    /// a protocol that hands round messages to several tasks: it calls this in
    /// one task, keeps a waker for each of the others, and wakes the one that a
    /// message is for. The task is woken by everything that happens to the
    /// connection, as with the other calls that wait.
    ///
    /// # Errors
    /// As [`receive_in_place`](Self::receive_in_place).
    pub fn poll_receive_in_place<T>(
        &self,
        cx: &mut Context<'_>,
        mut f: impl FnMut(&F::Meta, &[u8]) -> Shown<T>,
    ) -> Poll<Result<T, ReceiveError>> {
        if self.transport_properties().direction() == CommunicationDirection::UnidirectionalSend {
            return Poll::Ready(Err(ReceiveError::SendOnly));
        }
        poll_seat(&self.seat, cx, &mut |seat| {
            let seen = front(self.hub, seat, |meta, body| match f(meta, body) {
                Shown::Taken(value) => (true, Some(value)),
                Shown::Left(value) => (false, Some(value)),
                Shown::Passed => (false, None),
            });
            seen.map(Option::flatten).transpose()
        })
    }
}

/// Shows the next whole message to `f`, which says whether it is done with;
/// `None` when there is none yet.
pub(super) fn front<'a, F: Framer, S, T>(
    hub: &dyn Hub<'a, F, S>,
    seat: &Seat<'_, 'a, F, S>,
    f: impl FnMut(&F::Meta, &[u8]) -> (bool, T),
) -> Result<Option<T>, ReceiveError> {
    let mut state = seat.state.borrow_mut();
    if !is_ready(&state)? {
        return Ok(None);
    }
    let was_stirred = state.talk.stirred;
    let seen = if state.is_datagram() {
        show_datagram(seat, &mut state, f)
    } else {
        show(seat, &mut state, f)
    };
    match seen {
        Seen::Nothing => {
            // Once: where the framer has no room to say something, it stays so.
            if state.talk.stirred && !was_stirred {
                hub.shared().wake_runner();
            }
            Ok(None)
        }
        Seen::Message((is_done, found)) => {
            if is_done {
                // The framer's clock is looked at, and whoever waits for the next
                // one looks.
                state.talk.stirred = true;
                state.is_heard = true;
                state.users.wake();
                hub.shared().wake_runner();
            }
            Ok(Some(found))
        }
        Seen::Parts(length) => Err(ReceiveError::NotWhole { length }),
        Seen::Bad(error) if state.is_datagram() => Err(ReceiveError::Datagram(error)),
        Seen::Bad(error) => {
            fail(seat, &mut state, error);
            hub.shared().wake_runner();
            Err(ReceiveError::Framing(error))
        }
        Seen::End if state.is_alive() => Err(ReceiveError::Finished),
        Seen::End => Err(ReceiveError::Closed(state.lost)),
    }
}

/// What a look at the received bytes has brought.
enum Seen<T> {
    Nothing,
    /// A whole message: whether it is done with, and what `f` made of it.
    Message((bool, T)),
    /// One that is not handed out whole: its length, if it has one.
    Parts(Option<usize>),
    Bad(FrameError),
    End,
}

fn show<F: Framer, S, T>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    mut f: impl FnMut(&F::Meta, &[u8]) -> (bool, T),
) -> Seen<T> {
    let (capacity, _) = seat.link.capacity();
    loop {
        // Before the bytes: what came before the end is here then.
        let end = match seat.link.state() {
            LinkState::Ended(end) => Some(end),
            _ if seat.link.is_finished() => Some(End::PeerClosed),
            _ => None,
        };
        let talk = &mut state.talk;
        let Some(framer) = talk.framer.as_mut() else {
            return Seen::Nothing;
        };
        let receiver = &mut talk.receiver;
        let wanting = &mut talk.wanting;
        *wanting = 0;
        let is_over = talk.is_over;
        let mut seen = Seen::Nothing;
        let mut again = false;
        let look = seat.link.look(&mut |prefix| {
            // The message that ends with the stream was received to its end.
            if is_over {
                return None;
            }
            let parts = |length, consumed| (Seen::Parts(length), Some(consumed));
            let consumed;
            (seen, consumed) = match receiver.next(framer, prefix, capacity) {
                Err(error) => (Seen::Bad(error), Some(0)),
                Ok(Turn::Drop(count)) => {
                    again = true;
                    (Seen::Nothing, Some(count))
                }
                Ok(Turn::Take { found, consumed }) => match found {
                    Found::Message { meta, body } => {
                        let shown = f(&meta, prefix.get(body).unwrap_or_default());
                        let consumed = if shown.0 { consumed } else { 0 };
                        (Seen::Message(shown), Some(consumed))
                    }
                    Found::Oversized { body_len, .. } => parts(Some(body_len), consumed),
                    Found::Endless { .. } => parts(None, consumed),
                },
                Ok(Turn::Need(_)) => {
                    *wanting = prefix.len();
                    match end {
                        Some(End::PeerClosed) => match receiver.finish(prefix.len()) {
                            Err(error) => (Seen::Bad(error), Some(prefix.len())),
                            Ok(_) => (Seen::Nothing, None),
                        },
                        _ => (Seen::Nothing, None),
                    }
                }
            };
            consumed
        });
        match look {
            // What carries nothing is passed over, and the framer's clock is looked
            // at all the same: it may have noted something.
            Ok(_) if again => state.talk.stirred = true,
            Ok(_) => return seen,
            Err(_) => return Seen::End,
        }
    }
}

fn show_datagram<F: Framer, S, T>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    mut f: impl FnMut(&F::Meta, &[u8]) -> (bool, T),
) -> Seen<T> {
    loop {
        let talk = &mut state.talk;
        let Some(framer) = talk.framer.as_mut() else {
            return Seen::Nothing;
        };
        // The rest of one that was begun in parts goes.
        let is_begun = core::mem::take(&mut talk.taken) > 0;
        let mut seen = Seen::Nothing;
        let mut again = false;
        let look = seat.link.look(&mut |prefix| {
            let (length, rest) = prefix.split_first_chunk::<LENGTH>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            let datagram = rest.get(..length)?;
            let done = LENGTH + length;
            if is_begun {
                again = true;
                return Some(done);
            }
            match decode_datagram(framer, datagram) {
                Ok(Some(piece)) => {
                    let shown = f(&piece.meta, datagram.get(piece.data).unwrap_or_default());
                    let is_done = shown.0;
                    seen = Seen::Message(shown);
                    Some(if is_done { done } else { 0 })
                }
                Ok(None) => {
                    again = true;
                    Some(done)
                }
                Err(error) => {
                    seen = Seen::Bad(error);
                    Some(done)
                }
            }
        });
        match look {
            Ok(_) if again => {}
            Ok(_) => return seen,
            Err(_) => return Seen::End,
        }
    }
}
