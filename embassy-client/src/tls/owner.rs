//! The one future that owns a secure connection from handshake to end.

use core::future::{Future as _, poll_fn};
use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use embedded_io_async::{Read, Write};
use embedded_tls::{TlsConfig, TlsConnection, TlsContext, TlsReader, TlsWriter};
use rand_core::CryptoRngCore;
use rustls_pki_types::ServerName;

use super::end::{End, of_handshake, of_open};
use super::guard::{Below, Guarded};
use super::link::{CHUNK, Link, LinkState, Wish};
use super::parameters::TlsParameters;
use super::provider::{Provider, Suite};
use super::verifier::Verifier;
use crate::apart::poll_apart;
use crate::net::{StreamIo, TcpSocket};
use crate::time::duration;

/// Most plaintext bytes of one record; less when the send buffer is smaller.
const RECORD: usize = 1024;

/// Runs one secure connection over the connected `socket`, from handshake to
/// end: opens it, checks that the server has been verified, then moves bytes
/// between the records and the queues of `link` until one side ends it.
/// Returns why it ended; the socket is closed then, or aborted.
///
/// `receive` holds one record at a time: 16,640 bytes unless the server is
/// known to send smaller ones. `send` needs at least
/// [`TlsParameters::send_buffer_needed`] bytes.
///
/// Dropping this future cuts the connection without a word; the peer sees a
/// reset or nothing. It must not be dropped to cancel something else: the
/// calls of [`Connection`](super::Connection) are for that.
pub async fn run<T, M, R, const IN: usize, const OUT: usize>(
    link: &Link<M, IN, OUT>,
    socket: &T,
    receive: &mut [u8],
    send: &mut [u8],
    parameters: &TlsParameters<'_>,
    rng: &mut R,
) -> End
where
    T: TcpSocket,
    M: RawMutex,
    R: CryptoRngCore,
{
    link.start();
    let end = if send.len() < parameters.send_buffer_needed() {
        End::BufferTooSmall
    } else {
        let below = Below::new(parameters.handshake_limits);
        let end = drive(link, socket, receive, send, parameters, rng, &below).await;
        if let Some(farewell) = below.take_farewell() {
            // A goodbye that does not leave in time is not worth more waiting.
            let budget = Timer::after(duration(parameters.close_timeout));
            let _ = select(StreamIo(socket).write_all(&farewell), budget).await;
        }
        end
    };
    // In good order only where the peer may still be listening.
    let graceful = matches!(end, End::Closed | End::PeerClosed);
    finish(socket, graceful, parameters.close_timeout).await;
    link.set_state(LinkState::Ended(end));
    end
}

/// Ends the TCP connection within `budget`, so that the slot can be used again.
async fn finish<T: TcpSocket>(socket: &T, graceful: bool, budget: Duration) {
    if graceful {
        socket.close();
        if let Either::First(()) = select(socket.flushed(), Timer::after(duration(budget))).await {
            return;
        }
    }
    socket.abort();
    // Lets the reset leave; the peer does not answer it.
    select(
        socket.flushed(),
        Timer::after(duration(budget.min(Duration::from_millis(100)))),
    )
    .await;
}

/// Handshake and data. Leaves the farewell below, if there is to be one.
async fn drive<T, M, R, const IN: usize, const OUT: usize>(
    link: &Link<M, IN, OUT>,
    socket: &T,
    receive: &mut [u8],
    send: &mut [u8],
    parameters: &TlsParameters<'_>,
    rng: &mut R,
    below: &Below,
) -> End
where
    T: TcpSocket,
    M: RawMutex,
    R: CryptoRngCore,
{
    let socket = Guarded::new(StreamIo(socket), below);
    let mut place = None;
    let tls = begin(&mut place, socket, receive, send);
    if let Err(end) = open(link, tls, parameters, rng, below).await {
        return end;
    }
    below.guard.borrow_mut().open();
    link.set_state(LinkState::Open);

    let end = {
        let (mut reader, mut writer) = tls.split();
        match select3(
            read_loop(link, &mut reader, below),
            write_loop(link, &mut writer, parameters.write_timeout),
            link.aborted(),
        )
        .await
        {
            Either3::First(end) | Either3::Second(end) => end,
            Either3::Third(()) => End::Aborted,
        }
    };
    if end == End::Closed {
        // Between two records: the write loop has returned, so that
        // close_notify gets a nonce of its own.
        say_goodbye(&mut place, below);
    }
    end
}

// A connection of embedded-tls has 1,280 bytes, and making and closing one moves
// it about: in functions of their own, so that this is on the stack while it
// happens and at no other time.

#[inline(never)]
fn begin<'p, 't, S>(
    place: &'p mut Option<Tls<'t, S>>,
    socket: Guarded<'t, S>,
    receive: &'t mut [u8],
    send: &'t mut [u8],
) -> &'p mut Tls<'t, S>
where
    S: Read + Write,
{
    place.insert(TlsConnection::new(socket, receive, send))
}

/// Closes the connection as far as TLS goes: what it has to write is left below.
#[inline(never)]
fn say_goodbye<S: Read + Write>(place: &mut Option<Tls<'_, S>>, below: &Below) {
    if let Some(tls) = place.take() {
        below.keep_farewell();
        // It has nothing to wait for: nothing is sent here.
        let _ = pin!(tls.close()).poll(&mut Context::from_waker(Waker::noop()));
    }
}

/// The handshake under one deadline, and the checks that embedded-tls leaves
/// to its caller.
async fn open<T, M, R, const IN: usize, const OUT: usize>(
    link: &Link<M, IN, OUT>,
    tls: &mut Tls<'_, StreamIo<'_, T>>,
    parameters: &TlsParameters<'_>,
    rng: &mut R,
    below: &Below,
) -> Result<(), End>
where
    T: TcpSocket,
    M: RawMutex,
    R: CryptoRngCore,
{
    let verifier = Verifier::new(
        parameters.trust,
        parameters.server.clone(),
        parameters.clock,
    );
    let mut provider = Provider::new(rng, verifier, parameters.identity);
    let mut config = TlsConfig::new();
    // RFC 6066 section 3: an address is never sent as a server name.
    if let ServerName::DnsName(_) = parameters.server {
        config = config.with_server_name(parameters.server_text);
    }
    let result = {
        let mut opening = pin!(tls.open(TlsContext::new(&config, &mut provider)));
        select3(
            poll_fn(|cx| poll_apart(opening.as_mut(), cx)),
            Timer::after(duration(parameters.handshake_timeout)),
            link.aborted(),
        )
        .await
    };
    if provider.signer_failed() {
        return Err(End::SignerFailed);
    }
    match result {
        // The handshake may be complete without any certificate: the latch
        // knows.
        Either3::First(Ok(())) => provider.latch().verdict().map_err(End::Certificate),
        Either3::First(Err(error)) => Err(if let Some(reason) = provider.latch().refusal() {
            End::Certificate(reason)
        } else {
            below.end().unwrap_or_else(|| of_handshake(&error))
        }),
        Either3::Second(()) => Err(End::HandshakeTimeout),
        Either3::Third(()) => Err(End::Aborted),
    }
}

type Tls<'t, S> = TlsConnection<'t, Guarded<'t, S>, Suite>;

impl Below {
    /// Why TLS had to fail, when the cause lies here.
    fn end(&self) -> Option<End> {
        let transport = self.transport.get();
        if let Some(violation) = self.guard.borrow().violation() {
            Some(End::Record(violation))
        } else if transport.failed {
            Some(End::Reset)
        } else if transport.end_of_stream {
            Some(End::Truncated)
        } else {
            None
        }
    }
}

async fn read_loop<'t, S, M, const IN: usize, const OUT: usize>(
    link: &Link<M, IN, OUT>,
    reader: &mut TlsReader<'t, S, Suite>,
    below: &Below,
) -> End
where
    S: embedded_io_async::Read + 't,
    M: RawMutex,
{
    let mut data_received = false;
    loop {
        match reader.read_buffered().await {
            Ok(mut plaintext) => {
                while !plaintext.is_empty() {
                    data_received = true;
                    let taken = link.put(plaintext.peek_all()).await;
                    plaintext.pop(taken);
                }
            }
            Err(error) => {
                return below
                    .end()
                    .unwrap_or_else(|| of_open(&error, data_received));
            }
        }
    }
}

async fn write_loop<'t, S, M, const IN: usize, const OUT: usize>(
    link: &Link<M, IN, OUT>,
    writer: &mut TlsWriter<'t, S, Suite>,
    timeout: Duration,
) -> End
where
    S: embedded_io_async::Write + 't,
    M: RawMutex,
{
    let mut chunk = [0; CHUNK];
    loop {
        let first = match poll_fn(|cx| link.poll_take(cx, &mut chunk)).await {
            Ok(count) => count,
            Err(Wish::Close) => return End::Closed,
            Err(_) => return End::Aborted,
        };
        // From here to the end of the record nothing may stop half-way: after
        // a timeout the connection is dead, not retried.
        let record = write_record(link, writer, &mut chunk, first);
        match select(record, Timer::after(duration(timeout))).await {
            Either::First(Ok(())) => {}
            Either::First(Err(())) => return End::Reset,
            Either::Second(()) => return End::WriteTimeout,
        }
    }
}

/// Writes what is queued, up to [`RECORD`] bytes, as one record or a few.
async fn write_record<'t, S, M, const IN: usize, const OUT: usize>(
    link: &Link<M, IN, OUT>,
    writer: &mut TlsWriter<'t, S, Suite>,
    chunk: &mut [u8; CHUNK],
    first: usize,
) -> Result<(), ()>
where
    S: embedded_io_async::Write + 't,
    M: RawMutex,
{
    let mut count = first;
    let mut total = 0;
    loop {
        let data = chunk.get(..count).unwrap_or_default();
        writer.write_all(data).await.map_err(|_| ())?;
        total += count;
        if total >= RECORD {
            break;
        }
        count = link.try_take(chunk);
        if count == 0 {
            break;
        }
    }
    writer.flush().await.map_err(|_| ())
}
