//! A server that refuses the device's certificate is gone as soon as it has
//! said so, and what the device writes after that goes nowhere. The device must
//! hear the server's last words all the same: a refusal is not to be retried as
//! a lost connection is.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use rand_core::OsRng;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use wigwag_embassy::tls::End;
use wigwag_harness::hostnet::StreamSocket;
use wigwag_harness::pki::Pki;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::tls::TlsDevice;

/// The alert of rustls when a certificate is not signed by the authority that it
/// names (decrypt_error): two infrastructures have authorities of the same name.
const REFUSED: End = End::IdentityRefused(51);

/// A stream that holds back what it has to read for some time.
struct Late {
    stream: DuplexStream,
    held: Vec<u8>,
    wait: Pin<Box<Sleep>>,
    delay: Duration,
}

impl Late {
    fn new(stream: DuplexStream, delay: Duration) -> Self {
        Self {
            stream,
            held: Vec::new(),
            wait: Box::pin(tokio::time::sleep(Duration::ZERO)),
            delay,
        }
    }
}

impl AsyncRead for Late {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.held.is_empty() {
            let mut room = [0; 512];
            let mut room = ReadBuf::new(&mut room);
            match Pin::new(&mut this.stream).poll_read(cx, &mut room) {
                Poll::Ready(Ok(())) if !room.filled().is_empty() => {}
                other => return other,
            }
            this.held = room.filled().to_vec();
            this.wait
                .as_mut()
                .reset(tokio::time::Instant::now() + this.delay);
        }
        match this.wait.as_mut().poll(cx) {
            Poll::Ready(()) => {
                let count = this.held.len().min(buffer.remaining());
                buffer.put_slice(&this.held[..count]);
                this.held.drain(..count);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Late {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// How a connection ends whose server knows only other devices, and drops the
/// stream when it has said so: `pipe` bytes fit into it each way.
async fn refused(pipe: usize, delay: Duration) -> End {
    let (pki, others) = (Pki::generate(), Pki::generate());
    let server = Pki::server_config(&others, false, None).unwrap();
    let mut device = TlsDevice::of(&pki);
    device.trust(others.server_ca());
    let (near, far) = tokio::io::duplex(pipe);
    let serving = TlsAcceptor::from(Arc::new(server)).accept(far);
    let socket = StreamSocket::new(Late::new(near, delay));
    let mut rng = OsRng;
    let connecting = device.run(&socket, &mut rng, async |connection| {
        if connection.opened().await.is_ok() {
            // More than fits into the pipe, so that it has to wait.
            while connection.send(&[&[7; 1000]]).await.is_ok() {}
        }
    });
    let (serving, (end, ())) = tokio::join!(
        async {
            // The stream is dropped with what could not be accepted.
            serving.await.map(drop).map_err(drop)
        },
        connecting
    );
    assert_eq!(serving, Err(()), "the server took a strange device");
    end
}

#[test]
fn a_refusal_is_heard_although_the_device_still_sends_its_handshake() {
    in_paused_time(async || {
        for pipe in [64, 100, 500, 600] {
            assert_eq!(refused(pipe, Duration::ZERO).await, REFUSED, "{pipe}");
        }
    });
}

#[test]
fn a_refusal_is_heard_although_writing_fails_first() {
    in_paused_time(async || {
        for pipe in [64, 900, 2000, 16_384] {
            let end = refused(pipe, Duration::from_millis(50)).await;
            assert_eq!(end, REFUSED, "{pipe}");
        }
    });
}

/// A stream that takes the first `left` bytes, then fails; nothing ever comes
/// back.
struct Deaf {
    left: usize,
}

impl AsyncRead for Deaf {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Deaf {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = data.len().min(self.left);
        self.left -= taken;
        Poll::Ready(if taken == 0 {
            Err(io::ErrorKind::BrokenPipe.into())
        } else {
            Ok(taken)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A server that was never verified has no last words that are worth a wait.
#[test]
fn a_hello_that_cannot_be_sent_is_a_lost_connection_at_once() {
    in_paused_time(async || {
        let device = TlsDevice::of(&Pki::generate());
        for left in [0, 1, 100] {
            let connected = device.connect(Deaf { left }, OsRng).await.unwrap();
            assert_eq!((connected.end, connected.opened), (End::Reset, false));
            let took = connected.took;
            assert!(took < Duration::from_secs(1), "{took:?} after {left} bytes");
        }
    });
}

#[test]
fn what_is_never_heard_is_a_lost_connection() {
    in_paused_time(async || {
        // Writing fails, and the reason comes later than any.
        let end = refused(2000, Duration::from_secs(3)).await;
        assert_eq!(end, End::Reset);
    });
}
