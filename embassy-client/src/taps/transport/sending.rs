//! Sends messages: RFC 9622 section 9.2.

use core::marker::PhantomData;

use wigwag_codec::Instant;
use wigwag_codec::framer::Framer;

use super::super::context::MessageContext;
use super::super::message::{Outcome, SendError, SendFailure};
use super::super::property::{
    CapacityProfile, CommunicationDirection, MessageProperties, MessageProperty,
};
use super::super::queue::{MessageId, Terms};
use super::connection::Connection;
use super::error::ConnectionError;
use super::memory::Seat;
use super::state::{Stage, Step, is_datagram};
use crate::time;

/// Names a message that was taken, so that one can ask what has become of it:
/// [`Connection::outcome`]. One that is dropped changes nothing: the message is
/// sent all the same, but its place in the queue stays taken until it is asked
/// for, or the connection is gone: give it back by [`Connection::forget`].
#[must_use = "its place in the queue is free only after its outcome was taken or it was forgotten"]
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket<X = ()> {
    id: MessageId,
    meta: PhantomData<X>,
}

/// A message that is sent in parts: [`Connection::start_message`].
///
/// Dropped before its end, it is given up: when some of it has left already, the
/// connection is cut off, since nobody could make sense of what follows.
pub struct PartialMessage<'c, 'a, F: Framer, S> {
    connection: &'c Connection<'a, F, S>,
    id: Option<MessageId>,
}

impl<'a, F: Framer, S> Connection<'a, F, S> {
    /// Queues one message, and waits until there is room for it and what it has
    /// become: sent, expired, or why not. Dropping the future before the message
    /// was taken takes it back; after that it is sent all the same.
    ///
    /// Sent means handed to the stack below. That is not a receipt.
    ///
    /// # Errors
    /// [`SendFailure`](super::super::SendFailure).
    pub async fn send(&self, data: &[u8], context: &MessageContext<F::Meta>) -> Outcome {
        let ticket = self.enqueue(data, context).await?;
        self.outcome(ticket).await
    }

    /// Queues one message as soon as there is room for it: RFC 9622's Send.
    ///
    /// # Errors
    /// [`SendError`], but never [`SendError::Full`].
    pub async fn enqueue(
        &self,
        data: &[u8],
        context: &MessageContext<F::Meta>,
    ) -> Result<Ticket<F::Meta>, SendError> {
        self.wait(|_| match self.try_send(data, context) {
            Err(SendError::Full) => None,
            result => Some(result),
        })
        .await
    }

    /// Queues one message now.
    ///
    /// # Errors
    /// [`SendError::Full`] when there is no room now, the others when there will
    /// be none.
    pub fn try_send(
        &self,
        data: &[u8],
        context: &MessageContext<F::Meta>,
    ) -> Result<Ticket<F::Meta>, SendError> {
        let now = time::now();
        let terms = self.terms(&context.properties, Some(data.len()), now)?;
        self.expire(now);
        let id = self
            .seat
            .with_queue(|queue| queue.push(now, &[data], terms, context.meta))?;
        self.hub.shared().wake_runner();
        Ok(ticket(id))
    }

    /// Begins a message whose parts come one after the other: RFC 9622's partial
    /// sends, which share a context (section 9.2.3). Without `total` it leaves
    /// when it is complete, and has to fit the queue. With `total`, the length
    /// that it is going to have, its parts leave as they come, so that it can be
    /// larger than the queue; not over UDP.
    ///
    /// # Errors
    /// [`SendError`], but never [`SendError::Full`].
    pub async fn start_message(
        &self,
        context: &MessageContext<F::Meta>,
        total: Option<usize>,
    ) -> Result<PartialMessage<'_, 'a, F, S>, SendError> {
        let meta = context.meta;
        let id = self
            .wait(|seat| {
                let now = time::now();
                self.expire(now);
                let opened = self
                    .terms(&context.properties, total, now)
                    .and_then(|terms| seat.with_queue(|queue| queue.open(now, terms, meta, total)));
                match opened {
                    Err(SendError::Full) => None,
                    result => Some(result),
                }
            })
            .await?;
        // It may have a lifetime to watch.
        self.hub.shared().wake_runner();
        Ok(PartialMessage {
            connection: self,
            id: Some(id),
        })
    }

    /// From now on messages are held back (RFC 9622 section 9.2.4).
    pub fn start_batch(&self) {
        self.seat.with_queue(|queue| queue.start_batch());
    }

    /// The messages of the batch may leave.
    pub fn end_batch(&self) {
        self.seat.with_queue(|queue| queue.end_batch());
        self.hub.shared().wake_runner();
    }

    /// Waits for what becomes of a message: exactly one of Sent, Expired and
    /// SendError (RFC 9622 section 9.2.2). Dropping the future forgets the
    /// message.
    ///
    /// # Errors
    /// [`SendFailure`](super::super::SendFailure).
    pub async fn outcome(&self, ticket: Ticket<F::Meta>) -> Outcome {
        let _forgotten = Forgotten {
            connection: self,
            id: ticket.id,
        };
        self.wait(|seat| seat.with_queue(|queue| queue.take_outcome(ticket.id)))
            .await
    }

    /// What has become of a message, if that is known: its place is free then.
    ///
    /// # Errors
    /// The ticket, when the message still waits.
    pub fn try_outcome(&self, ticket: Ticket<F::Meta>) -> Result<Outcome, Ticket<F::Meta>> {
        let outcome = self.seat.with_queue(|queue| queue.take_outcome(ticket.id));
        if outcome.is_some() {
            self.seat.wake_users();
        }
        outcome.ok_or(ticket)
    }

    /// Nobody wants to know what becomes of a message. It is sent all the same.
    pub fn forget(&self, ticket: Ticket<F::Meta>) {
        forget(&self.seat, ticket.id);
    }

    /// Waits until everything that was queued has been handed to the stack
    /// below.
    pub async fn flushed(&self) {
        self.wait(|seat| {
            let is_empty = seat.with_queue(|queue| queue.is_empty()) && seat.link.is_idle();
            (is_empty || seat.stage() == Stage::Closed).then_some(())
        })
        .await;
    }

    /// Ends what is not worth sending any more, so that there is room, and tells
    /// whoever waits for it.
    fn expire(&self, now: Instant) {
        if self.seat.with_queue(|queue| queue.handle_timeout(now)) {
            self.seat.wake_users();
        }
    }

    /// What a message's properties mean on this connection.
    fn terms(
        &self,
        message: &MessageProperties,
        length: Option<usize>,
        now: Instant,
    ) -> Result<Terms, SendError> {
        use MessageProperty as M;
        let transport = self.transport_properties();
        if transport.direction() == CommunicationDirection::UnidirectionalReceive {
            return Err(SendError::ReceiveOnly);
        }
        let (stack, remote) = self.seat.with(|state| {
            let planned = state.order.as_ref().map(|order| order.stacks.first());
            (state.stack.or(planned), state.remote)
        });
        let is_datagram = stack.is_some_and(is_datagram);
        // A stream is reliable, datagrams are not, and neither can be otherwise.
        if message.reliable == Some(is_datagram) {
            return Err(SendError::InconsistentProperties(M::MsgReliable));
        }
        if is_datagram {
            // A datagram may arrive twice.
            if !message.is_safely_replayable(&transport) {
                return Err(SendError::InconsistentProperties(M::SafelyReplayable));
            }
            let limit = self.datagram_limit(remote);
            if let Some(length) = length.filter(|length| *length > limit) {
                return Err(SendError::MessageTooLarge { length, limit });
            }
        } else if message.no_segmentation {
            return Err(SendError::InconsistentProperties(M::NoSegmentation));
        }
        Ok(Terms {
            priority: message.priority,
            ordered: message.is_ordered(&transport),
            deadline: message
                .lifetime
                .map_or(Instant::MAX, |lifetime| now.saturating_add(lifetime)),
            final_message: message.final_message,
            scavenger: message.capacity_profile == Some(CapacityProfile::Scavenger),
        })
    }
}

const fn ticket<X>(id: MessageId) -> Ticket<X> {
    Ticket {
        id,
        meta: PhantomData,
    }
}

/// Gives a message's place back. Somebody may wait for just that.
fn forget<F: Framer, S>(seat: &Seat<'_, '_, F, S>, id: MessageId) {
    seat.with_queue(|queue| queue.forget(id));
    seat.wake_users();
}

/// Forgets a message when nobody waits for its outcome any more.
struct Forgotten<'c, 'a, F: Framer, S> {
    connection: &'c Connection<'a, F, S>,
    id: MessageId,
}

impl<F: Framer, S> Drop for Forgotten<'_, '_, F, S> {
    fn drop(&mut self) {
        // After its outcome was taken nothing has this name any more.
        forget(&self.connection.seat, self.id);
    }
}

impl<F: Framer, S> PartialMessage<'_, '_, F, S> {
    /// Adds a part, all of it or, when the future is dropped before it is ready,
    /// nothing.
    ///
    /// # Errors
    /// [`SendFailure`], but never [`SendError::Full`]. What the message has
    /// become, if it is over: then there is no other outcome.
    pub async fn send(&mut self, data: &[u8]) -> Result<(), SendFailure> {
        self.append(data, false).await
    }

    /// Adds the last part, which may be empty: the end of the message.
    ///
    /// # Errors
    /// As [`send`](Self::send). The message is given up then.
    pub async fn end(mut self, data: &[u8]) -> Result<Ticket<F::Meta>, SendFailure> {
        let Some(id) = self.id else {
            return Err(SendError::Incomplete.into());
        };
        self.append(data, true).await?;
        self.id = None;
        Ok(ticket(id))
    }

    async fn append(&mut self, data: &[u8], end: bool) -> Result<(), SendFailure> {
        let Some(id) = self.id else {
            return Err(SendError::Incomplete.into());
        };
        let appended = self
            .connection
            .wait(
                |seat| match seat.with_queue(|queue| queue.append(id, data, end)) {
                    Err(SendError::Full) => None,
                    result => Some(result),
                },
            )
            .await;
        let seat = self.connection.seat;
        // What has left may have made room for others too.
        seat.wake_users();
        self.connection.hub.shared().wake_runner();
        let error = match appended {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match seat.with_queue(|queue| queue.take_outcome(id)) {
            // It was over before: that is its one end.
            Some(Err(failure)) => {
                self.id = None;
                Err(failure)
            }
            _ => Err(error.into()),
        }
    }
}

impl<F: Framer, S> Drop for PartialMessage<'_, '_, F, S> {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let seat = self.connection.seat;
        let is_whole = seat.with_queue(|queue| {
            let is_whole = queue.cancel(id);
            queue.forget(id);
            is_whole
        });
        seat.wake_users();
        if !is_whole {
            seat.with(|state| {
                state.lost = state.lost.or(Some(ConnectionError::BrokenOff));
                state.stage = Stage::Closing;
                state.step = Step::Stopped;
            });
            seat.link.abort();
        }
        self.connection.hub.shared().wake_runner();
    }
}
