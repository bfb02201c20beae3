//! A stream that tells a recorder what goes over it.

use super::{Direction, Recording};
use crate::vnet::HostStream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whose end of the connection a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The device's: what is written goes to the server.
    Device,
    /// The server's: what is written goes to the device.
    Server,
}

/// A stream, and the record of what was really read from and written to it: plain
/// text, where the stream is that of TLS.
#[derive(Debug)]
pub struct Recorded<S> {
    stream: S,
    recording: Option<Recording>,
    side: Side,
}

impl<S> Recorded<S> {
    /// A stream that is recorded, or not: then it costs nothing.
    pub const fn new(stream: S, recording: Option<Recording>, side: Side) -> Self {
        Self {
            stream,
            recording,
            side,
        }
    }

    /// The stream itself. What is read from it or written to it here is not
    /// recorded.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Tells the recorder that the connection has ended, and why.
    pub fn ended(&self, reason: &str) {
        if let Some(recording) = &self.recording {
            recording.end(reason);
        }
    }

    fn wrote(&self, bytes: &[u8]) {
        if let Some(recording) = &self.recording {
            let direction = match self.side {
                Side::Device => Direction::ToServer,
                Side::Server => Direction::ToDevice,
            };
            recording.bytes(direction, bytes);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let (Poll::Ready(Ok(())), Some(recording)) = (&read, &self.recording) {
            let direction = match self.side {
                Side::Device => Direction::ToDevice,
                Side::Server => Direction::ToServer,
            };
            recording.bytes(direction, &buffer.filled()[before..]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.wrote(&bytes[..count.min(bytes.len())]);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, parts))?;
        let mut left = count;
        for part in parts {
            let here = left.min(part.len());
            self.wrote(&part[..here]);
            left -= here;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: HostStream> HostStream for Recorded<S> {
    fn reset(&mut self) {
        self.stream.reset();
    }
}
