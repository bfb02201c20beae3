//! Any stream as a device's TCP socket.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wigwag_embassy::net::{ConnectError, StreamError, TcpOptions, TcpSocket};

/// A connected socket made of any stream: a device's secure connection against
/// a server in the same process, without a network between them.
///
/// Connecting and accepting do nothing, and options have no meaning.
#[derive(Debug)]
pub struct StreamSocket<S> {
    stream: RefCell<Option<S>>,
    closing: Cell<bool>,
    /// Of a read that waits while the socket is aborted.
    reader: RefCell<Option<Waker>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> StreamSocket<S> {
    /// A connected socket.
    pub fn new(stream: S) -> Self {
        Self {
            stream: RefCell::new(Some(stream)),
            closing: Cell::new(false),
            reader: RefCell::new(None),
        }
    }

    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        act: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<std::io::Result<T>>,
    ) -> Poll<Result<T, StreamError>> {
        match &mut *self.stream.borrow_mut() {
            Some(stream) => act(Pin::new(stream), cx).map_err(|_| StreamError),
            None => Poll::Ready(Err(StreamError)),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TcpSocket for StreamSocket<S> {
    fn set_options(&self, _: &TcpOptions) {}

    async fn connect(&self, _: SocketAddr, _: Duration) -> Result<(), ConnectError> {
        Ok(())
    }

    async fn accept(&self, _: u16) -> Result<(), ConnectError> {
        Ok(())
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, StreamError> {
        poll_fn(|cx| {
            let mut room = ReadBuf::new(buffer);
            let read = self.poll(cx, |stream, cx| stream.poll_read(cx, &mut room));
            if read.is_pending() {
                *self.reader.borrow_mut() = Some(cx.waker().clone());
            }
            read.map_ok(|()| room.filled().len())
        })
        .await
    }

    async fn write(&self, data: &[u8]) -> Result<usize, StreamError> {
        if self.closing.get() {
            return Err(StreamError);
        }
        poll_fn(|cx| self.poll(cx, |stream, cx| stream.poll_write(cx, data))).await
    }

    async fn flushed(&self) {
        // An error is the other end's way to go: nothing is left to flush.
        let _ = poll_fn(|cx| {
            self.poll(cx, |stream, cx| {
                if self.closing.get() {
                    stream.poll_shutdown(cx)
                } else {
                    stream.poll_flush(cx)
                }
            })
        })
        .await;
    }

    /// The end leaves with the next [`flushed`](TcpSocket::flushed).
    fn close(&self) {
        self.closing.set(true);
    }

    fn abort(&self) {
        *self.stream.borrow_mut() = None;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn local(&self) -> Option<SocketAddr> {
        self.remote()
    }

    fn remote(&self) -> Option<SocketAddr> {
        let connected = self.stream.borrow().is_some();
        connected.then(|| (Ipv4Addr::LOCALHOST, 0).into())
    }
}
