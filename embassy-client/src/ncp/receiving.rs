//! Receives fields.

use core::future::poll_fn;
use core::task::{Context, Poll};

use wigwag_codec::ncp::exchange::{Offer, Taken, Who};
use wigwag_codec::ncp::{Header, Ident};

use super::connection::{Connection, Link};
use super::error::{Error, Fault, Warning};
use super::field::Field;
use super::seat::Look;

/// What a look at the packet in front has brought.
enum Front {
    Field(Header, usize),
    Failed(Error),
    /// It is done with: there may be another one.
    Again,
    /// Somebody else takes it, or it is not sound.
    Wait,
}

impl<'a, F: Link, S> Connection<'a, F, S> {
    /// Waits for the next field that answers no request, and copies it to
    /// `buffer`.
    ///
    /// A client hands out what [`Client`](super::Client) says it does: errors are
    /// [`Error::CommandError`], acknowledgements are passed over.
    ///
    /// # Errors
    /// [`Error`]. After [`Error::Lost`], [`Error::CommandError`] and
    /// [`Error::BufferTooSmall`] it goes on.
    pub async fn recv<'b>(&self, buffer: &'b mut [u8]) -> Result<Field<'b>, Error> {
        self.receive(&Who::Recv, buffer, |_| true).await
    }

    /// Waits as [`recv`](Self::recv) does for a field of this packet type and
    /// name. Others that answer no request are passed over, and gone.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub async fn recv_field<'b>(
        &self,
        packet_type: &str,
        name: &str,
        buffer: &'b mut [u8],
    ) -> Result<Field<'b>, Error> {
        let is_it = |field: &Field<'_>| field.packet_type == *packet_type && field.name == *name;
        self.receive(&Who::Recv, buffer, is_it).await
    }

    /// [`recv`](Self::recv) for loops: `None` when the connection was closed in
    /// good order.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub async fn next<'b>(&self, buffer: &'b mut [u8]) -> Result<Option<Field<'b>>, Error> {
        match self.recv(buffer).await {
            Ok(field) => Ok(Some(field)),
            Err(Error::ConnectionClosed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits for a field for `who` that `is_it`.
    pub(super) async fn receive<'b>(
        &self,
        who: &Who,
        buffer: &'b mut [u8],
        is_it: impl Fn(&Field<'_>) -> bool,
    ) -> Result<Field<'b>, Error> {
        let _waiting = Waiting::new(self, who);
        let (header, length) = poll_fn(|cx| self.poll_field(who, buffer, &is_it, cx)).await?;
        let bytes = buffer.get(..length).unwrap_or_default();
        // It was looked at before.
        Field::read(&header, bytes).ok_or(Error::ConnectionClosed)
    }

    fn poll_field(
        &self,
        who: &Who,
        buffer: &mut [u8],
        is_it: &impl Fn(&Field<'_>) -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Header, usize), Error>> {
        loop {
            let (header, length) = match self.find(who, buffer, cx) {
                Poll::Ready(Ok(found)) => found,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            };
            let bytes = buffer.get(..length).unwrap_or_default();
            let Some(field) = Field::read(&header, bytes) else {
                continue;
            };
            match self.judge(&header, &field) {
                Err(error) => return Poll::Ready(Err(error)),
                Ok(true) if is_it(&field) => return Poll::Ready(Ok((header, length))),
                Ok(_) => {}
            }
        }
    }

    /// The next field for `who`, kept or in front.
    fn find(
        &self,
        who: &Who,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Header, usize), Error>> {
        let taken = self.look(|look| look.desk.take(who, buffer));
        match taken {
            Some(Taken::Field { header, length }) => return Poll::Ready(Ok((header, length))),
            Some(Taken::Lost(fields)) => return Poll::Ready(Err(Error::Lost { fields })),
            Some(Taken::TooSmall { needed }) => {
                return Poll::Ready(Err(Error::BufferTooSmall { needed }));
            }
            Some(Taken::Nothing) => {}
            None => return Poll::Ready(Err(Error::ConnectionClosed)),
        }
        loop {
            if let Some(error) = self.fault() {
                self.fail();
                return Poll::Ready(Err(error));
            }
            let front = self.ncp.transport.front(self.inner.slot(), |header, body| {
                self.look(|look| offer(look, header, body, who, buffer))
                    .unwrap_or((false, Front::Wait))
            });
            match front {
                Ok(Some(Front::Field(header, length))) => {
                    return Poll::Ready(Ok((header, length)));
                }
                Ok(Some(Front::Failed(error))) => return Poll::Ready(Err(error)),
                Ok(Some(Front::Again)) => {}
                Ok(Some(Front::Wait)) if self.fault().is_some() => {}
                Ok(Some(Front::Wait) | None) => {
                    self.look(|look| look.register(who, cx.waker()));
                    return Poll::Pending;
                }
                Err(error) => {
                    let words = self.look(|look| look.common.last_words.clone()).flatten();
                    return Poll::Ready(Err(match words {
                        // Who waits for what is unsolicited has heard them.
                        Some(fault) if self.rules.erro && *who != Who::Recv => {
                            Error::CommandError(fault)
                        }
                        _ => Error::of_receive(error),
                    }));
                }
            }
        }
    }

    /// What this end's rules say of a field: whether the application sees it.
    fn judge(&self, header: &Header, field: &Field<'_>) -> Result<bool, Error> {
        let view = field.view();
        if self.rules.erro {
            if let Some(fault) = view.error() {
                return Err(Error::CommandError(Fault::new(header, view, &fault)));
            }
            if field.name == "ERRO" {
                return Ok(false);
            }
        }
        if self.rules.warn {
            if let Some(fault) = view.warning() {
                let warning = Warning::CommandWarning(Fault::new(header, view, &fault));
                self.look(|look| look.warn(warning));
            }
            if field.name == "WARN" {
                return Ok(false);
            }
        }
        Ok(!(self.rules.ackn && view.is_acknowledgement()))
    }
}

/// Offers the packet in front to `who`. Whether it is done with.
fn offer(
    look: &mut Look<'_>,
    header: &Header,
    body: &[u8],
    who: &Who,
    buffer: &mut [u8],
) -> (bool, Front) {
    if !look.check(header, body) {
        return (true, Front::Wait);
    }
    let (wakers, recv) = (&mut *look.wakers, &mut look.common.recv);
    let offer = look.desk.offer(header, body, who, buffer, |slot| {
        Look::wake(wakers, recv, slot);
    });
    let (is_done, front) = match offer {
        Offer::Field { length, is_done } => (is_done, Front::Field(*header, length)),
        Offer::TooSmall { needed } => (false, Front::Failed(Error::BufferTooSmall { needed })),
        Offer::Done => (true, Front::Again),
        Offer::Stays => (false, Front::Wait),
    };
    if is_done {
        look.is_done();
    }
    (is_done, front)
}

/// Somebody waits for fields, for as long as it is there.
struct Waiting<'w, 'a, F: Link, S> {
    connection: &'w Connection<'a, F, S>,
    who: Who,
}

impl<'w, 'a, F: Link, S> Waiting<'w, 'a, F, S> {
    fn new(connection: &'w Connection<'a, F, S>, who: &Who) -> Self {
        connection.look(|look| look.desk.wait(who));
        Self {
            connection,
            who: *who,
        }
    }
}

impl<F: Link, S> Drop for Waiting<'_, '_, F, S> {
    fn drop(&mut self) {
        let others_wait = self.connection.look(|look| {
            look.desk.leave(&self.who);
            look.desk.is_waited_for()
        });
        // What is in front may have to make way for them now.
        if others_wait == Some(true) {
            self.connection.ncp.transport.wake_runner();
        }
    }
}

/// The name of a field as a text of the application's has it.
pub(super) fn ident(name: &str) -> Result<Ident, Error> {
    Ident::new(name).map_err(|error| {
        let kind = wigwag_codec::ncp::NcpErrorKind::Ident(error);
        Error::InvalidValue(wigwag_codec::ncp::NcpError { kind, offset: 0 })
    })
}
