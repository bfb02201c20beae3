//! Moves bytes between the queues of a connection and a TCP socket in the
//! clear: what [`tls::run`](crate::tls::run) is for a secure one.

use core::convert::Infallible;
use core::future::{pending, poll_fn};
use core::task::Poll;
use core::time::Duration;

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::Timer;

use crate::net::TcpSocket;
use crate::time::duration;
use crate::tls::{ByteLink, CHUNK, End, Wish, finish};

/// How long things may take.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// To write one byte.
    pub(super) write: Duration,
    /// To close in good order.
    pub(super) close: Duration,
}

/// Runs one connection over the connected `socket` to its end.
pub(super) async fn run<T: TcpSocket>(link: &dyn ByteLink, socket: &T, times: Times) -> End {
    link.begin();
    link.open();
    let _told = Told(link);
    let end = match select3(
        read_loop(link, socket),
        write_loop(link, socket, times.write),
        aborted(link),
    )
    .await
    {
        Either3::First(end) | Either3::Second(end) => end,
        Either3::Third(()) => End::Aborted,
    };
    let is_graceful = matches!(end, End::Closed | End::PeerClosed);
    let is_cut = !is_graceful || {
        // The time to close may be over, or the application not want to wait.
        let finished = finish(socket, true, times.close);
        matches!(select(finished, aborted(link)).await, Either::Second(()))
    };
    if is_cut {
        finish(socket, false, times.close).await;
    }
    link.end(end);
    end
}

/// Tells the application of the end if the owner is dropped before it.
pub(super) struct Told<'l>(pub(super) &'l dyn ByteLink);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if !matches!(self.0.state(), crate::tls::LinkState::Ended(_)) {
            self.0.end(End::Aborted);
        }
    }
}

/// Resolves when the application wants the connection cut off.
pub(super) async fn aborted(link: &dyn ByteLink) {
    poll_fn(|cx| {
        link.register(cx);
        if link.wish() == Wish::Abort {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}

async fn read_loop<T: TcpSocket>(link: &dyn ByteLink, socket: &T) -> End {
    let mut chunk = [0; CHUNK];
    loop {
        let count = match socket.read(&mut chunk).await {
            Ok(0) => break,
            Ok(count) => count,
            Err(_) => return End::Reset,
        };
        let mut data = chunk.get(..count).unwrap_or_default();
        while !data.is_empty() {
            let taken = poll_fn(|cx| link.poll_put(cx, data)).await;
            data = data.get(taken..).unwrap_or_default();
        }
    }
    // The other direction goes on until this side has said all it has.
    link.finish_input();
    match pending::<Infallible>().await {}
}

async fn write_loop<T: TcpSocket>(link: &dyn ByteLink, socket: &T, limit: Duration) -> End {
    let mut chunk = [0; CHUNK];
    loop {
        let count = match poll_fn(|cx| link.poll_take(cx, &mut chunk)).await {
            Ok(count) => count,
            Err(Wish::Close) => return End::Closed,
            Err(Wish::Finish) => {
                socket.close();
                return finished(link).await;
            }
            Err(_) => return End::Aborted,
        };
        let mut data = chunk.get(..count).unwrap_or_default();
        while !data.is_empty() {
            match select(socket.write(data), Timer::after(duration(limit))).await {
                Either::First(Ok(written)) => data = data.get(written..).unwrap_or_default(),
                Either::First(Err(_)) => return End::Reset,
                Either::Second(()) => return End::WriteTimeout,
            }
        }
    }
}

/// Nothing more is sent: waits until the peer sends no more either, or the
/// application does not want to know.
async fn finished(link: &dyn ByteLink) -> End {
    poll_fn(|cx| {
        link.register(cx);
        match link.wish() {
            Wish::Close => Poll::Ready(End::Closed),
            _ if link.is_finished() => Poll::Ready(End::PeerClosed),
            _ => Poll::Pending,
        }
    })
    .await
}
