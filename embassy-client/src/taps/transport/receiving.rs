//! Receives messages: RFC 9622 section 9.3.

use wigwag_codec::framer::{FrameError, Framer, Piece, Turn, decode_datagram};

use super::super::context::ReceiveContext;
use super::super::property::CommunicationDirection;
use super::connection::Connection;
use super::error::{ConnectionError, ReceiveError};
use super::memory::Seat;
use super::pump::fail;
use super::state::{Stage, State, Step};
use crate::tls::{End, LENGTH, LinkState};

/// What was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<X = ()> {
    /// How many bytes of the buffer were written.
    pub length: usize,
    /// Whether the message ends with them (ReceivedPartial says so too).
    pub end_of_message: bool,
    /// What is known about the message.
    pub context: ReceiveContext<X>,
}

impl<'a, F: Framer, S> Connection<'a, F, S> {
    /// Waits for the next message and copies it to the start of `buffer`. What
    /// does not fit comes in parts, by the next calls. Without a framer it waits
    /// for the next bytes, however few.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub async fn receive(&self, buffer: &mut [u8]) -> Result<Received<F::Meta>, ReceiveError> {
        let whole = F::PRESERVES_BOUNDARIES || self.seat.with(|state| state.is_datagram());
        let min = if whole { usize::MAX } else { 1 };
        self.receive_partial(buffer, min).await
    }

    /// Waits for the next bytes of a message: the one begun by an earlier call,
    /// else the next one. A message may so be larger than the receive queue and
    /// than any buffer.
    ///
    /// `buffer` is the most that is received (`maxLength` of RFC 9622 section
    /// 9.3.1). At least `min` bytes are waited for (`minIncompleteLength`), or as
    /// many as the receive queue or `buffer` holds if that is less; only the end
    /// of a message comes with fewer.
    /// A framed message that fits the queue is waited for whole, if its framer
    /// wants it so.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub async fn receive_partial(
        &self,
        buffer: &mut [u8],
        min: usize,
    ) -> Result<Received<F::Meta>, ReceiveError> {
        if buffer.is_empty() {
            return Err(ReceiveError::NoBuffer);
        }
        if self.transport_properties().direction() == CommunicationDirection::UnidirectionalSend {
            return Err(ReceiveError::SendOnly);
        }
        self.wait(|seat| self.try_take(seat, buffer, min)).await
    }

    fn try_take(
        &self,
        seat: &Seat<'a, 'a, F, S>,
        buffer: &mut [u8],
        min: usize,
    ) -> Option<Result<Received<F::Meta>, ReceiveError>> {
        let mut state = seat.state.borrow_mut();
        match is_ready(&state) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(error)),
        }
        let was_stirred = state.talk.stirred;
        let result = if state.is_datagram() {
            take_datagram(seat, &mut state, buffer)
        } else {
            take(seat, &mut state, buffer, min)
        };
        match result {
            Taken::Nothing => {
                // Once: where the framer has no room to say something, it stays so.
                if state.talk.stirred && !was_stirred {
                    self.hub.shared().wake_runner();
                }
                None
            }
            Taken::Piece(piece) => {
                // The framer's clock is looked at.
                state.talk.stirred = true;
                state.is_heard = true;
                self.hub.shared().wake_runner();
                Some(Ok(received(&state, &piece)))
            }
            Taken::Bad(error) if state.is_datagram() => Some(Err(ReceiveError::Datagram(error))),
            Taken::Bad(error) => {
                fail(seat, &mut state, error);
                self.hub.shared().wake_runner();
                Some(Err(ReceiveError::Framing(error)))
            }
            Taken::End if state.is_alive() => Some(Err(ReceiveError::Finished)),
            Taken::End => Some(Err(ReceiveError::Closed(state.lost))),
        }
    }
}

/// Whether messages can be received now.
pub(super) fn is_ready<F: Framer, S>(state: &State<'_, F, S>) -> Result<bool, ReceiveError> {
    match (state.stage, state.step) {
        (Stage::Establishing, _) => return Ok(false),
        (Stage::Closing, Step::Ready) | (Stage::Established, _) => {}
        (_, Step::Stopped) if state.failed.is_none() => {}
        _ => return Err(ReceiveError::Closed(state.lost)),
    }
    match state.lost {
        Some(ConnectionError::Framing(_)) => Err(ReceiveError::Closed(state.lost)),
        _ => Ok(true),
    }
}

/// What a look at the received bytes has brought.
enum Taken<X> {
    Nothing,
    Piece(Piece<X>),
    Bad(FrameError),
    End,
}

fn received<F: Framer, S>(state: &State<'_, F, S>, piece: &Piece<F::Meta>) -> Received<F::Meta> {
    let is_stream = !F::PRESERVES_BOUNDARIES && !state.is_datagram();
    Received {
        length: piece.data.len(),
        end_of_message: piece.end_of_message,
        context: ReceiveContext {
            remote: state.remote,
            local: state.local,
            receiving_final: (is_stream && piece.end_of_message).then_some(true),
            ..ReceiveContext::of(piece.meta)
        },
    }
}

/// The next bytes of a message on a stream.
fn take<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    buffer: &mut [u8],
    min: usize,
) -> Taken<F::Meta> {
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
            return Taken::Nothing;
        };
        let receiver = &mut talk.receiver;
        let is_over = &mut talk.is_over;
        let wanting = &mut talk.wanting;
        *wanting = 0;
        let mut result = Taken::Nothing;
        let mut again = false;
        let look = seat.link.look(&mut |prefix| {
            // Another message would end there too, and the next, and so on.
            if *is_over {
                return None;
            }
            let turn = receiver.part(framer, prefix, capacity, min, buffer.len());
            let (piece, consumed) = match turn {
                Err(error) => {
                    result = Taken::Bad(error);
                    return Some(0);
                }
                Ok(Turn::Drop(count)) => {
                    again = true;
                    return Some(count);
                }
                Ok(Turn::Take { found, consumed }) => (found, consumed),
                Ok(Turn::Need(_)) => {
                    *wanting = prefix.len();
                    let end = end?;
                    match receiver.finish(prefix.len()) {
                        Ok(Some(mut piece)) => {
                            // Whoever cut it off, it was not the one who knows
                            // where it ends.
                            piece.end_of_message = end == End::PeerClosed;
                            *is_over = piece.end_of_message;
                            if !piece.end_of_message && prefix.is_empty() {
                                return None;
                            }
                            (piece, prefix.len())
                        }
                        Ok(None) => return None,
                        Err(error) if end == End::PeerClosed => {
                            result = Taken::Bad(error);
                            return Some(prefix.len());
                        }
                        Err(_) => return None,
                    }
                }
            };
            let data = prefix.get(piece.data.clone()).unwrap_or_default();
            // Never more than was asked for, which is what the buffer holds.
            let length = data.len().min(buffer.len());
            buffer[..length].copy_from_slice(&data[..length]);
            result = Taken::Piece(piece);
            Some(consumed)
        });
        match look {
            // What carries nothing is passed over, and the framer's clock is looked
            // at all the same: it may have noted something.
            Ok(_) if again => state.talk.stirred = true,
            Ok(_) => return result,
            Err(_) => return Taken::End,
        }
    }
}

/// The next bytes of a datagram.
fn take_datagram<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    buffer: &mut [u8],
) -> Taken<F::Meta> {
    loop {
        let talk = &mut state.talk;
        let Some(framer) = talk.framer.as_mut() else {
            return Taken::Nothing;
        };
        let mut result = Taken::Nothing;
        let mut again = false;
        let look = seat.link.look(&mut |prefix| {
            let (length, rest) = prefix.split_first_chunk::<LENGTH>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            let datagram = rest.get(..length)?;
            let done = LENGTH + length;
            let piece = match decode_datagram(framer, datagram) {
                Ok(Some(piece)) => piece,
                Ok(None) => {
                    again = true;
                    return Some(done);
                }
                Err(error) => {
                    result = Taken::Bad(error);
                    return Some(done);
                }
            };
            let start = piece.data.start.saturating_add(talk.taken);
            let data = datagram.get(start..piece.data.end).unwrap_or_default();
            let length = data.len().min(buffer.len());
            buffer[..length].copy_from_slice(&data[..length]);
            let end_of_message = length == data.len();
            talk.taken = if end_of_message {
                0
            } else {
                talk.taken + length
            };
            result = Taken::Piece(Piece {
                meta: piece.meta,
                data: start..start + length,
                end_of_message,
            });
            Some(if end_of_message { done } else { 0 })
        });
        match look {
            Ok(_) if again => {}
            Ok(_) => return result,
            Err(_) => return Taken::End,
        }
    }
}
