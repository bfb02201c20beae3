//! Answers to a request.

use wigwag_codec::ncp::exchange::{Request, Who};

use super::connection::{Connection, Link};
use super::error::Error;
use super::field::Field;
use super::receiving::ident;

/// A request that was sent, and a handle on its answers: fields of its packet
/// type with the name and the id of one of its fields.
///
/// There can be any number of answers: it ends when it is dropped. What comes
/// after that is unsolicited. Several parts of one task may wait at a time; two
/// tasks that wait for the same field wake each other in turns.
pub struct Response<'c, 'a, F: Link, S> {
    connection: &'c Connection<'a, F, S>,
    request: Request,
}

impl<'c, 'a, F: Link, S> Response<'c, 'a, F, S> {
    pub(super) const fn new(connection: &'c Connection<'a, F, S>, request: Request) -> Self {
        Self {
            connection,
            request,
        }
    }

    /// Waits for the next answer, and copies it to `buffer`.
    ///
    /// # Errors
    /// As [`Connection::recv`].
    pub async fn recv<'b>(&self, buffer: &'b mut [u8]) -> Result<Field<'b>, Error> {
        let who = Who::Request(self.request);
        self.connection.receive(&who, buffer, |_| true).await
    }

    /// Waits for the next answer to the field of this name. Answers to others
    /// stay for who waits for those.
    ///
    /// # Errors
    /// As [`Connection::recv`]; [`Error::InvalidValue`] for what cannot be a
    /// name.
    pub async fn recv_field<'b>(
        &self,
        name: &str,
        buffer: &'b mut [u8],
    ) -> Result<Field<'b>, Error> {
        let who = Who::Field(self.request, ident(name)?);
        self.connection.receive(&who, buffer, |_| true).await
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
}

impl<F: Link, S> core::fmt::Debug for Response<'_, '_, F, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Response")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

impl<F: Link, S> Drop for Response<'_, '_, F, S> {
    fn drop(&mut self) {
        self.connection.look(|look| look.desk.close(self.request));
    }
}
