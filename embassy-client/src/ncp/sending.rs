//! Sends packets.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};

use embassy_time::{Duration, Timer};
use wigwag_codec::ncp::exchange::{OpenError, Request, Who};
use wigwag_codec::ncp::link::LinkConfig;
use wigwag_codec::ncp::{
    FOOTER_LEN, HEADER_LEN, Header, Ident, NcpErrorKind, Packet, PacketWriter, ToValue,
};

use super::connection::{Connection, Link};
use super::error::{Error, NetworkError};
use super::field::{Field, ReplyTo};
use super::receiving::ident;
use super::response::Response;
use super::seat::Place;
use crate::taps::{ConnectionState, MessageContext, SendError};

/// How long a reply waits that has found no place in the line.
const PAUSE: Duration = Duration::from_millis(10);

/// The parameters of a field that is put together.
#[derive(Debug)]
pub struct Params<'p>(PacketWriter<'p>);

/// The fields of a packet that is put together.
#[derive(Debug)]
pub struct Fields<'p> {
    writer: PacketWriter<'p>,
    next_id: u32,
}

impl Params<'_> {
    /// Adds a parameter.
    #[must_use]
    pub fn param(self, name: &str, value: impl ToValue) -> Self {
        Self(self.0.param(name, value))
    }
}

/// The parameters of a received field, as they came: for a server that sends
/// back what it gets.
#[must_use]
pub fn echo<'p>(params: Params<'p>, field: &Field<'_>) -> Params<'p> {
    field.params().fold(params, |params, param| {
        match param.value() {
            Ok(value) => Params(params.0.param_as(param.name, value)),
            // A value that is not sound has nothing to send back.
            Err(_) => params,
        }
    })
}

impl Fields<'_> {
    /// Begins a field.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        Self {
            writer: self.writer.numbered_field(name, self.next_id),
            next_id: self.next_id.wrapping_add(1),
        }
    }

    /// Adds a parameter to the field that was begun last.
    #[must_use]
    pub fn param(self, name: &str, value: impl ToValue) -> Self {
        Self {
            writer: self.writer.param(name, value),
            next_id: self.next_id,
        }
    }
}

/// Puts the fields of a packet together, whose ids begin with the number.
type Build<'b> = dyn Fn(PacketWriter<'_>, u32) -> Result<usize, wigwag_codec::ncp::NcpError> + 'b;

impl<'a, F: Link, S> Connection<'a, F, S> {
    /// Sends a packet with one field, as soon as there is room for it, and
    /// returns a handle on its answers.
    ///
    /// `params` adds the parameters; it may be called more than once, and must
    /// not use the connection.
    ///
    /// ```no_run
    /// # use wigwag_embassy::ncp::{ClientConnection, Error};
    /// # use wigwag_embassy::taps::Disabled;
    /// # async fn example(connection: ClientConnection<'_, Disabled>) -> Result<(), Error> {
    /// let response = connection
    ///     .send("DSPC", "TIME", |params| params.param("SAMP", 1024).param("FCTR", 1200))
    ///     .await?;
    /// let mut buffer = [0; 1024];
    /// let field = response.recv(&mut buffer).await?;
    /// # let _ = field;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidValue`], [`Error::TooLarge`] and
    /// [`Error::TooManyRequests`]: nothing was sent then;
    /// [`Error::ConnectionClosed`] and others when nothing can be any more.
    pub async fn send(
        &self,
        packet_type: &str,
        name: &str,
        params: impl Fn(Params<'_>) -> Params<'_>,
    ) -> Result<Response<'_, 'a, F, S>, Error> {
        let build = |writer: PacketWriter<'_>, id| {
            let writer = writer.numbered_field(name, id);
            params(Params(writer)).0.finish().map(<[u8]>::len)
        };
        self.request(ident(packet_type)?, &build).await
    }

    /// Sends a packet with several fields, as [`send`](Self::send) does one with
    /// one.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_packet(
        &self,
        packet_type: &str,
        fields: impl Fn(Fields<'_>) -> Fields<'_>,
    ) -> Result<Response<'_, 'a, F, S>, Error> {
        let build = |writer: PacketWriter<'_>, next_id| {
            let fields = fields(Fields { writer, next_id });
            fields.writer.finish().map(<[u8]>::len)
        };
        self.request(ident(packet_type)?, &build).await
    }

    /// Replies to a received field: with a packet of its type, and a field of
    /// its name and id.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn reply(
        &self,
        to: ReplyTo,
        params: impl Fn(Params<'_>) -> Params<'_>,
    ) -> Result<(), Error> {
        let build = reply_builder(to, &params);
        let mut sending = Sending::new(self, to.packet_type, false);
        poll_fn(|cx| sending.poll(&build, cx)).await
    }

    /// [`reply`](Self::reply), with a handle on what is said to the reply: fields
    /// of the same packet type, name and id go to it and not to
    /// [`recv`](Self::recv), as long as it is there.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`Error::AlreadyListening`].
    pub async fn reply_and_listen(
        &self,
        to: ReplyTo,
        params: impl Fn(Params<'_>) -> Params<'_>,
    ) -> Result<Response<'_, 'a, F, S>, Error> {
        self.request(to.packet_type, &reply_builder(to, &params))
            .await
    }

    async fn request(
        &self,
        kind: Ident,
        build: &Build<'_>,
    ) -> Result<Response<'_, 'a, F, S>, Error> {
        let mut sending = Sending::new(self, kind, true);
        poll_fn(|cx| sending.poll(build, cx)).await?;
        match sending.request.take() {
            Some(request) => Ok(Response::new(self, request)),
            // It has one then.
            None => Err(Error::TooManyRequests),
        }
    }
}

fn reply_builder(
    to: ReplyTo,
    params: impl Fn(Params<'_>) -> Params<'_>,
) -> impl Fn(PacketWriter<'_>, u32) -> Result<usize, wigwag_codec::ncp::NcpError> {
    move |writer, _| {
        let writer = writer.field_as(to.name, to.id);
        params(Params(writer)).0.finish().map(<[u8]>::len)
    }
}

/// A packet that is about to be sent.
struct Sending<'w, 'a, F: Link, S> {
    connection: &'w Connection<'a, F, S>,
    kind: Ident,
    has_answer: bool,
    /// Its id, and its request if it has one.
    first_id: Option<u32>,
    request: Option<Request>,
    /// The place of a reply in the line of those who wait, if it has one; when to
    /// look again, if it has none.
    reply: Option<Place>,
    pause: Option<Timer>,
}

impl<'w, 'a, F: Link, S> Sending<'w, 'a, F, S> {
    const fn new(connection: &'w Connection<'a, F, S>, kind: Ident, has_answer: bool) -> Self {
        Self {
            connection,
            kind,
            has_answer,
            first_id: None,
            request: None,
            reply: None,
            pause: None,
        }
    }

    /// Its place in the line: a request has its own, a reply may have one.
    fn place(&self) -> Option<Place> {
        let Some(request) = self.request else {
            return self.reply;
        };
        let who = Who::Request(request);
        let slot = self.connection.look(|look| look.desk.slots(&who).next());
        slot.flatten().map(Place::Request)
    }

    /// Waits for its turn.
    fn queue_up(&mut self, cx: &mut Context<'_>) {
        let connection = self.connection;
        if self.request.is_none() && self.reply.is_none() {
            self.reply = connection.look(|look| look.free_reply()).flatten();
        }
        if let Some(place) = self.place() {
            self.pause = None;
            connection.look(|look| look.queue_up(place, cx.waker()));
            return;
        }
        // Nobody would wake it.
        loop {
            let pause = self.pause.get_or_insert_with(|| Timer::after(PAUSE));
            if Pin::new(pause).poll(cx).is_pending() {
                break;
            }
            self.pause = None;
        }
    }

    fn poll(&mut self, build: &Build<'_>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let connection = self.connection;
        if connection.is_closing() {
            return Poll::Ready(Err(connection.why_closed()));
        }
        let (ncp, inner) = (&connection.ncp, &connection.inner);
        let Some(header) = inner.with_framer(|link| header(link.config(), self.kind)) else {
            return Poll::Ready(Err(Error::ConnectionClosed));
        };
        let mut scratch = ncp.desks.scratch().borrow_mut();
        let limit = scratch.len();
        let next = || connection.look(|look| look.desk.next_id()).unwrap_or(0);
        let first_id = *self.first_id.get_or_insert_with(next);
        let length = match build(PacketWriter::new(&mut scratch, header), first_id) {
            Ok(length) => length,
            Err(error) if error.kind == NcpErrorKind::NoSpace => {
                return Poll::Ready(Err(Error::TooLarge { limit }));
            }
            Err(error) => return Poll::Ready(Err(Error::InvalidValue(error))),
        };
        let body = scratch.get(HEADER_LEN..length.saturating_sub(FOOTER_LEN));
        let body = body.unwrap_or_default();
        if self.has_answer && self.request.is_none() {
            match self.open(&header, body) {
                Ok(request) => self.request = Some(request),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let place = self.place();
        let is_first = connection.look(|look| {
            let first = look.first_in_line();
            first.is_none_or(|first| place == Some(first))
        });
        if is_first == Some(true) {
            match inner.try_send(body, &MessageContext::framed(header)) {
                Ok(ticket) => {
                    inner.forget(ticket);
                    if let Some(place) = place {
                        connection.look(|look| look.leave_line(place));
                    }
                    self.reply = None;
                    return Poll::Ready(Ok(()));
                }
                Err(SendError::Full) => {}
                Err(SendError::MessageTooLarge { .. }) => {
                    return Poll::Ready(Err(Error::TooLarge { limit }));
                }
                Err(SendError::ConnectionClosing) => {
                    return Poll::Ready(Err(connection.why_closed()));
                }
                Err(error) => {
                    return Poll::Ready(Err(Error::NetworkError(NetworkError::Send(error))));
                }
            }
        }
        drop(scratch);
        self.queue_up(cx);
        Poll::Pending
    }

    /// Takes a request's slots.
    fn open(&self, header: &Header, body: &[u8]) -> Result<Request, Error> {
        let packet = Packet::from_parts(*header, body).map_err(Error::InvalidValue)?;
        let fields = packet.fields().map(|field| (field.name, field.id));
        let opened = self
            .connection
            .look(|look| look.desk.open(self.kind, fields));
        match opened {
            Some(Ok(request)) => Ok(request),
            Some(Err(OpenError::NoField)) => {
                Err(Error::InvalidValue(wigwag_codec::ncp::NcpError {
                    kind: NcpErrorKind::NoField,
                    offset: HEADER_LEN,
                }))
            }
            Some(Err(OpenError::Outstanding)) => Err(Error::AlreadyListening),
            Some(Err(OpenError::Full)) => Err(Error::TooManyRequests),
            None => Err(Error::ConnectionClosed),
        }
    }
}

impl<F: Link, S> Drop for Sending<'_, '_, F, S> {
    fn drop(&mut self) {
        let place = self.place();
        self.connection.look(|look| {
            if let Some(request) = self.request {
                look.desk.close(request);
            }
            if let Some(place) = place {
                look.leave_line(place);
            }
        });
    }
}

impl<F: Link, S> Connection<'_, F, S> {
    /// Why nothing is taken any more.
    pub(super) fn why_closed(&self) -> Error {
        if let Some(error) = self.fault() {
            return error;
        }
        match self.inner.state() {
            ConnectionState::Closed => match self.inner.lost() {
                Some(error) => Error::of_connection(error),
                None => Error::ConnectionClosed,
            },
            _ => Error::ConnectionClosed,
        }
    }
}

fn header(config: &LinkConfig, kind: Ident) -> Header {
    Header {
        time: (config.clock)(),
        info: config.info,
        ..Header::new(kind)
    }
}
