//! A connection without a framer as a byte stream, for the many crates that
//! want one: `embedded_io_async::{Read, Write}`.

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use wigwag_codec::framer::Passthrough;

use super::super::context::MessageContext;
use super::super::message::SendFailure;
use super::connection::Connection;
use super::error::ReceiveError;

/// Why a byte stream cannot be read or written any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ByteStreamError {
    /// It was lost.
    Receive(ReceiveError),
    /// Nothing can be sent any more.
    Send(SendFailure),
}

impl core::fmt::Display for ByteStreamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Receive(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ByteStreamError {}

impl embedded_io_async::Error for ByteStreamError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Receive(ReceiveError::NoBuffer) => ErrorKind::InvalidInput,
            Self::Receive(ReceiveError::SendOnly) => ErrorKind::Unsupported,
            Self::Receive(_) => ErrorKind::ConnectionReset,
            Self::Send(_) => ErrorKind::BrokenPipe,
        }
    }
}

impl<S> ErrorType for Connection<'_, Passthrough, S> {
    type Error = ByteStreamError;
}

impl<S> ErrorType for &Connection<'_, Passthrough, S> {
    type Error = ByteStreamError;
}

/// One that reads and one that writes can be had at the same time, each of a
/// reference to the connection.
impl<S> Read for &Connection<'_, Passthrough, S> {
    /// 0 is the end of the stream, in good order.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ByteStreamError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        match self.receive_partial(buffer, 1).await {
            Ok(received) => Ok(received.length),
            Err(ReceiveError::Finished | ReceiveError::Closed(None)) => Ok(0),
            Err(error) => Err(ByteStreamError::Receive(error)),
        }
    }
}

impl<S> Write for &Connection<'_, Passthrough, S> {
    /// Writes as many bytes as one message may have.
    async fn write(&mut self, data: &[u8]) -> Result<usize, ByteStreamError> {
        if data.is_empty() {
            return Ok(0);
        }
        let limit = self.seat.with_queue(|queue| queue.capacity());
        let data = &data[..data.len().min(limit)];
        let sent = self.enqueue(data, &MessageContext::new()).await;
        let ticket = sent.map_err(|error| ByteStreamError::Send(error.into()))?;
        self.forget(ticket);
        Ok(data.len())
    }

    /// Waits until everything was handed to the stack below.
    async fn flush(&mut self) -> Result<(), ByteStreamError> {
        self.flushed().await;
        Ok(())
    }
}

impl<S> Read for Connection<'_, Passthrough, S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ByteStreamError> {
        (&*self).read(buffer).await
    }
}

impl<S> Write for Connection<'_, Passthrough, S> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, ByteStreamError> {
        (&*self).write(data).await
    }

    async fn flush(&mut self) -> Result<(), ByteStreamError> {
        (&*self).flush().await
    }
}
