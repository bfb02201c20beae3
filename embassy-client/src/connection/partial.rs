//! Messages in parts.

use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;
use wigwag_codec::framer::{FrameError, FrameErrorKind, Framer, Piece, Turn};

use super::{Framed, ReceiveError};
use crate::tls::{End, LinkState};

/// What [`Framed::receive_partial`] received (ReceivedPartial of RFC 9622
/// section 9.3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Partial<T> {
    /// What the framer knows about the message.
    pub meta: T,
    /// How many bytes of the buffer were written.
    pub length: usize,
    /// Whether the message ends with them.
    pub end_of_message: bool,
}

impl<F: Framer, M: RawMutex, const IN: usize, const OUT: usize> Framed<'_, F, M, IN, OUT> {
    /// Waits for the next bytes of a message and copies them to the start of
    /// `buffer`: the message begun by an earlier call or announced last, else the
    /// next one. A message may so be larger than the receive queue and than any
    /// buffer.
    ///
    /// `buffer` is the most that is received (`maxLength` of RFC 9622 section
    /// 9.3.1). At least `min` bytes are waited for (`minIncompleteLength`), or as
    /// many as the receive queue or `buffer` holds if that is less; only the end
    /// of a message comes with fewer. A message within the framer's limit has
    /// arrived as a whole before its first part is given.
    ///
    /// A message without an end of its own, of a framer that steps aside, ends
    /// when the server closes the connection in good order.
    ///
    /// # Errors
    /// [`ReceiveError`]; a message whose end was not told is not complete.
    /// [`FrameErrorKind::NoSpace`] if `buffer` is empty.
    pub async fn receive_partial(
        &mut self,
        buffer: &mut [u8],
        min: usize,
    ) -> Result<Partial<F::Meta>, ReceiveError> {
        poll_fn(|cx| self.poll_receive_partial(cx, buffer, min)).await
    }

    /// [`receive_partial`](Self::receive_partial) for drivers that poll.
    ///
    /// # Errors
    /// As [`receive_partial`](Self::receive_partial).
    pub fn poll_receive_partial(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        min: usize,
    ) -> Poll<Result<Partial<F::Meta>, ReceiveError>> {
        self.poll_with_clock(cx, |framed| framed.try_receive_partial(buffer, min))
    }

    /// [`receive_partial`](Self::receive_partial) without waiting: `Ok(None)`
    /// when there is not enough. The framer's clock is not looked at.
    ///
    /// # Errors
    /// As [`receive_partial`](Self::receive_partial).
    pub fn try_receive_partial(
        &mut self,
        buffer: &mut [u8],
        min: usize,
    ) -> Result<Option<Partial<F::Meta>>, ReceiveError> {
        if buffer.is_empty() {
            let error = FrameError::new(FrameErrorKind::NoSpace, 0);
            return Err(ReceiveError::Framing(error));
        }
        loop {
            // Before the bytes: what came before the end is here then.
            let end = match self.connection.state() {
                LinkState::Ended(end) => Some(end),
                _ => None,
            };
            let connection = self.connection;
            let step = connection.try_receive_with(|prefix| {
                self.look(prefix.len());
                let turn = self
                    .receiver
                    .part(&mut self.framer, prefix, IN, min, buffer.len());
                let (found, consumed) = match turn {
                    Err(error) => return Some((0, Err(error))),
                    Ok(Turn::Drop(count)) => {
                        self.took(prefix.len(), count);
                        return Some((count, Ok(None)));
                    }
                    Ok(Turn::Take { found, consumed }) => (found, consumed),
                    Ok(Turn::Need(_)) => (self.last(prefix.len(), end?)?, prefix.len()),
                };
                self.took(prefix.len(), consumed);
                let data = prefix.get(found.data).unwrap_or_default();
                // Never more than was asked for, which is what the buffer holds.
                buffer.get_mut(..data.len())?.copy_from_slice(data);
                let partial = Partial {
                    meta: found.meta,
                    length: data.len(),
                    end_of_message: found.end_of_message,
                };
                Some((consumed, Ok(Some(partial))))
            });
            match step {
                Ok(Some(Ok(None))) => {}
                Ok(Some(Ok(partial))) => return Ok(partial),
                Ok(Some(Err(error))) => return Err(ReceiveError::Framing(error)),
                Ok(None) => return Ok(None),
                Err(end) => return Err(ReceiveError::Ended(end)),
            }
        }
    }

    /// The connection has ended with `arrived` bytes not received yet: the last
    /// of a message that ends with the connection, if there is one.
    fn last(&mut self, arrived: usize, end: End) -> Option<Piece<F::Meta>> {
        let mut piece = self.receiver.finish(arrived).ok()??;
        // Whoever cut it off, it was not the one who knows where it ends.
        piece.end_of_message = end == End::PeerClosed;
        (piece.end_of_message || arrived > 0).then_some(piece)
    }
}
