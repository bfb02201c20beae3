//! The one future that owns a secure connection from handshake to end.

use core::future::{Future as _, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use embassy_futures::select::{Either, Either3, Either4, select, select3, select4};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::Timer;
use embedded_io_async::{Read, Write};
use embedded_tls::{TlsConfig, TlsConnection, TlsContext, TlsReader, TlsWriter};
use rand_core::CryptoRngCore;
use rustls_pki_types::ServerName;

use super::cipher::Suite;
use super::end::{End, of_error};
use super::guard::Guard;
use super::link::{CHUNK, Link, LinkState, Wish};
use super::memory::Remember;
use super::parameters::{Proof, TlsParameters};
use super::provider::Provider;
use super::report::delivered;
use super::transport::{Below, Guarded};
use super::verifier::Verifier;
use super::witness::Witness;
use crate::apart::poll_apart;
use crate::net::{StreamIo, TcpSocket};
use crate::time::duration;

/// Most plaintext bytes of one record; less when the send buffer is smaller.
const RECORD: usize = 1024;

/// How long the peer's last words are looked for when nothing can be written any
/// more. A server that refuses the device's certificate closes at once, and what
/// the device sends after that is answered with a reset: writing may fail before
/// the alert has been read that says why.
const LAST_WORDS: embassy_time::Duration = embassy_time::Duration::from_millis(500);

/// Runs one secure connection over the connected `socket`, from handshake to
/// end: opens it, checks that the server has been verified, then moves bytes
/// between the records and the queues of `link` until one side ends it.
/// Returns why it ended; the socket is closed then, or aborted.
///
/// `receive` holds one record at a time: 16,401 bytes unless the server is
/// known to send smaller ones. `send` needs at least
/// [`TlsParameters::send_buffer_needed`] bytes. [`Buffers`](super::Buffers) has
/// all of them.
///
/// Dropping this future cuts the connection without a word; the peer sees a
/// reset or nothing, the application [`End::Aborted`]. It must not be dropped to
/// cancel something else: the calls of [`Connection`](super::Connection) are for
/// that.
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
    let _told = Told(link);
    let needed = parameters.send_buffer_needed();
    let end = if send.len() < needed {
        End::SendBufferTooSmall { needed }
    } else {
        let mut guard = Guard::new(parameters.handshake_limits, receive.len());
        if let Proof::SharedKey(_) = parameters.proof {
            guard = guard.with_shared_key();
        }
        let below = Below::new(guard, parameters.write_timeout);
        let end = drive(link, socket, receive, send, parameters, rng, &below).await;
        if let Some(farewell) = below.take_farewell() {
            // A goodbye that does not leave in time is not worth more waiting.
            let budget = Timer::after(duration(parameters.close_timeout));
            let _ = select(StreamIo(socket).write_all(&farewell), budget).await;
        }
        end
    };
    // In good order only where the peer may still be listening.
    let graceful = matches!(end, End::Closed | End::SessionLimit | End::PeerClosed);
    finish(socket, graceful, parameters.close_timeout).await;
    link.set_state(LinkState::Ended(end));
    end
}

/// Tells the application of the end in case that the owner is dropped before it:
/// nobody else would.
struct Told<'l, M: RawMutex, const IN: usize, const OUT: usize>(&'l Link<M, IN, OUT>);

impl<M: RawMutex, const IN: usize, const OUT: usize> Drop for Told<'_, M, IN, OUT> {
    fn drop(&mut self) {
        self.0.abandoned();
    }
}

/// Ends the TCP connection within `budget`, so that the slot can be used again.
pub(crate) async fn finish<T: TcpSocket>(socket: &T, graceful: bool, budget: Duration) {
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
    let opened = select3(
        open(tls, parameters, rng, below, link),
        Timer::after(duration(parameters.handshake_timeout)),
        link.aborted(),
    );
    match opened.await {
        Either3::First(Ok(signatures)) => link.verified(signatures),
        Either3::First(Err(end)) => return end,
        Either3::Second(()) => return End::HandshakeTimeout,
        Either3::Third(()) => return End::Aborted,
    }
    below.guard.borrow_mut().open();
    link.set_state(LinkState::Open);

    // Up to an eighth less than the limit.
    let time = duration(parameters.session_limits.time);
    let time = time - time / 8 / (1 << 16) * (rng.next_u32() >> 16);
    let end = {
        let (mut reader, mut writer) = tls.split();
        match select4(
            read_loop(link, &mut reader, below),
            write_loop(link, &mut writer, below),
            link.aborted(),
            retire(link, parameters, time, below),
        )
        .await
        {
            Either4::First(end) | Either4::Second(end) | Either4::Fourth(end) => end,
            Either4::Third(()) => End::Aborted,
        }
    };
    if !matches!(end, End::Closed) {
        return end;
    }
    // Between two records: the write loop has returned, so that close_notify
    // gets a nonce of its own. After any other end none is said: the stream may
    // be lost in the middle of a record.
    say_goodbye(&mut place, below);
    if link.is_retiring() {
        End::SessionLimit
    } else {
        End::Closed
    }
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

/// The handshake, and the checks that embedded-tls leaves to its caller. Returns
/// the number of signatures that were verified.
async fn open<T, R>(
    tls: &mut Tls<'_, StreamIo<'_, T>>,
    parameters: &TlsParameters<'_>,
    rng: &mut R,
    below: &Below,
    memory: &dyn Remember,
) -> Result<u8, End>
where
    T: TcpSocket,
    R: CryptoRngCore,
{
    let mut config = TlsConfig::new();
    let verifier = match &parameters.proof {
        Proof::Certificates { trust, clock, .. } => {
            Verifier::new(*trust, parameters.server.clone(), *clock, memory)
        }
        Proof::SharedKey(psk) => {
            config = config.with_psk(psk.key(), &[psk.identity()]);
            Verifier::of_shared_key()
        }
    };
    let witness = Witness::new(verifier, below);
    let mut provider = Provider::new(rng, witness, parameters.identity());
    // RFC 6066 section 3: an address is never sent as a server name.
    if let ServerName::DnsName(_) = parameters.server {
        config = config.with_server_name(parameters.server_text);
    }
    let result = {
        let mut opening = pin!(tls.open(TlsContext::new(&config, &mut provider)));
        poll_fn(|cx| poll_apart(opening.as_mut(), cx)).await
    };
    if provider.signer_failed() {
        return Err(End::SignerFailed);
    }
    let verifier = provider.witness().judge(result)?;
    #[cfg(feature = "defmt")]
    if parameters.time_is_unchecked() {
        defmt::warn!("tls: connected without looking at the time of certificates");
    }
    if let Some(chain) = verifier.found() {
        memory.remember(chain);
    }
    Ok(verifier.signatures())
}

type Tls<'t, S> = TlsConnection<'t, Guarded<'t, S>, Suite>;

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
        let mut plaintext = match reader.read_buffered().await {
            Ok(plaintext) => plaintext,
            Err(error) => return below.end().unwrap_or_else(|| of_error(&error)),
        };
        match delivered(plaintext.pop_all()) {
            Ok(mut data) => {
                data_received |= !data.is_empty();
                while !data.is_empty() {
                    let taken = link.put(data).await;
                    data = data.get(taken..).unwrap_or_default();
                }
            }
            Err(Some(report)) => {
                let capacity = below.guard.borrow().capacity();
                return report.end(capacity, |code| End::of_alert(code, data_received));
            }
            Err(None) => return End::BadRecord,
        }
    }
}

async fn write_loop<'t, S, M, const IN: usize, const OUT: usize>(
    link: &Link<M, IN, OUT>,
    writer: &mut TlsWriter<'t, S, Suite>,
    below: &Below,
) -> End
where
    S: embedded_io_async::Write + 't,
    M: RawMutex,
{
    let mut chunk = [0; CHUNK];
    // Not even the handshake may have got out.
    while below.end().is_none() {
        let first = match poll_fn(|cx| link.poll_take(cx, &mut chunk)).await {
            Ok(count) => count,
            Err(Wish::Close) => return End::Closed,
            Err(_) => return End::Aborted,
        };
        // From here to the end of the record nothing may stop half-way: after
        // an error the connection is dead, not retried.
        if write_record(link, writer, &mut chunk, first).await.is_err() {
            break;
        }
    }
    // The read loop goes on meanwhile, and what it finds is the reason.
    Timer::after(LAST_WORDS).await;
    below.end().unwrap_or(End::Reset)
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

/// Ends a connection in good order that has been used enough: the application
/// is told, and has as long as a write may stall to end its message and close.
/// What is queued then has as long again to leave: a peer that takes a byte now
/// and then cannot keep a connection for ever.
async fn retire<M: RawMutex, const IN: usize, const OUT: usize>(
    link: &Link<M, IN, OUT>,
    parameters: &TlsParameters<'_>,
    time: embassy_time::Duration,
    below: &Below,
) -> End {
    let limits = &parameters.session_limits;
    // Needs no waker: this is polled after both loops whenever one of them is,
    // in the same task, and only they change the answer.
    let used = poll_fn(|_| {
        if below.guard.borrow().exceeds(limits) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    select(Timer::after(time), used).await;
    link.retire();
    let patience = duration(parameters.write_timeout);
    Timer::after(patience).await;
    link.connection().close();
    Timer::after(patience).await;
    End::WriteTimeout
}
