//! One connection: bytes between a stream and what is said on it.

use super::event::EventKind;
use super::fault::Fault;
use super::shared::{Ending, Shared, Signals, instant, time_of_day};
use super::talk::{End, Taken, Talk};
use crate::faults::Cut;
use crate::record::{Recorded, Side};
use crate::vnet::HostStream;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use wigwag_codec::Instant;
use wigwag_codec::ncp::link::{LinkConfig, ServerLink};

/// How long a client may take for the last words and its own end.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Bytes that are read from a client that was told the last words. Behind them
/// the end is a reset.
const MAX_UNREAD: usize = 256 * 1024;

/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;

/// The same before the handshake is complete, when no packet is longer.
const FIRST_CHUNK: usize = 1024;

/// Who this server is, for its packets.
const INFO: [u8; 4] = *b"wwag";

/// A connection that was let in.
pub(super) struct Place {
    pub(super) shared: Arc<Shared>,
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    pub(super) signals: Arc<Signals>,
}

/// Why the bytes stop.
enum Stop {
    /// The client closed it.
    Closed,
    /// It broke.
    Lost(io::Error),
    /// Something that was said.
    Said(End),
}

/// Serves a client until its connection ends; `certificate` is the name in the
/// one that it has shown. `limit` is what is left of the
/// time for the handshake.
pub(super) async fn run<S: HostStream>(
    place: &Place,
    stream: S,
    certificate: Option<Arc<str>>,
    limit: Duration,
) {
    let options = &place.shared.options;
    let config = LinkConfig {
        timeout: options.timeout,
        handshake_timeout: limit,
        refusal_delay: options.refusal_delay,
        clock: time_of_day,
        info: INFO,
        ..LinkConfig::new(options.max_packet)
    };
    let link = ServerLink::new(config);
    let link = match &options.login {
        Some(login) => link.with_authentication(login),
        None if options.tls.is_some() => link.with_tunnel(),
        None => link,
    };
    let mut talk = Talk::new(&place.shared, place.number, place.peer, link);
    let recording = place.recording(certificate.as_deref());
    let stream = Recorded::new(stream, recording, Side::Server);
    talk.certificate = certificate;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let stop = converse(place, &mut talk, &mut reader, &mut writer).await;
    let (reason, how) = match &stop {
        Stop::Closed if !talk.is_up() => ("hung up during the handshake".into(), Cut::Close),
        Stop::Closed if talk.input.is_empty() => ("closed by the client".into(), Cut::Close),
        Stop::Closed => (
            "closed by the client in the middle of a packet".into(),
            Cut::Close,
        ),
        Stop::Lost(error) => (format!("lost: {error}"), Cut::Reset),
        Stop::Said(end) => talk.reason(end),
    };
    place.leave(talk.is_up(), &reason);
    close(place, talk, (reader, writer), how, &reason).await;
}

impl Place {
    /// Tells that the connection has ended. Its place is taken until it is
    /// closed, but another client may have it.
    fn leave(&self, was_up: bool, reason: &str) {
        if let Some(live) = self.shared.lock().live.get_mut(&self.number) {
            live.hostname = None;
        }
        if was_up {
            let reason = reason.to_owned();
            let told = EventKind::Disconnected { reason };
            self.shared.tell(Some(self.number), told);
        } else {
            self.shared.refuse(self.peer, reason.to_owned());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.lock().live.remove(&self.number);
        // Who waits for the number of connections looks at it now.
        self.shared.changed();
    }
}

async fn converse<S: HostStream>(
    place: &Place,
    talk: &mut Talk<'_>,
    reader: &mut ReadHalf<S>,
    writer: &mut WriteHalf<S>,
) -> Stop {
    let mut is_flushed = true;
    loop {
        let taken = talk.take();
        let tick = talk.tick();
        talk.send_due();
        if let Some(end) = talk.end.take() {
            return Stop::Said(end);
        }
        let wake = [tick, talk.outbox.next_due()].into_iter().flatten().min();
        // What is not handled yet comes before what is not read yet: otherwise
        // it would pile up.
        let is_hungry = taken == Taken::All && talk.has_room();
        if is_hungry {
            talk.input
                .reserve(if talk.is_up() { CHUNK } else { FIRST_CHUNK });
        }
        let has_words = !talk.outbox.unwritten().is_empty();
        // What was in the way may be gone without a word written: dropped.
        let is_due = taken == Taken::OneTurn || (taken == Taken::ToTheFull && talk.has_room());
        tokio::select! {
            () = place.signals.changed.notified() => {
                if let Some(ending) = orders(place, talk) {
                    return Stop::Said(End::Ordered(ending));
                }
            }
            read = reader.read_buf(&mut talk.input), if is_hungry => match read {
                Ok(0) => return Stop::Closed,
                Ok(count) => {
                    talk.received(count);
                    // Whoever sends without a pause is one of many.
                    tokio::task::yield_now().await;
                }
                Err(error) => return Stop::Lost(error),
            },
            wrote = write(writer, talk.outbox.unwritten()), if has_words || !is_flushed => match wrote {
                Ok(0) if has_words => return Stop::Lost(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    talk.outbox.wrote(count);
                    is_flushed = !has_words;
                }
                Err(error) => return Stop::Lost(error),
            },
            () = until(wake) => {}
            // The next turn, after those of others.
            () = tokio::task::yield_now(), if is_due => {}
        }
    }
}

/// Writes some of the bytes, or all the way if there are none left. What is
/// dropped before it is ready has done nothing.
async fn write<S: HostStream>(writer: &mut WriteHalf<S>, bytes: &[u8]) -> io::Result<usize> {
    if bytes.is_empty() {
        writer.flush().await?;
        return Ok(0);
    }
    writer.write(bytes).await
}

/// Does what others want of the connection.
fn orders(place: &Place, talk: &mut Talk<'_>) -> Option<Ending> {
    let mut orders = place.signals.lock();
    if talk.is_up() {
        for packet in orders.unasked.drain(..) {
            talk.send_unasked(&packet);
        }
    }
    orders.end
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep(at.saturating_duration_since(instant())).await,
        None => std::future::pending().await,
    }
}

/// Says the last words, and ends the stream as told.
async fn close<S: HostStream>(
    place: &Place,
    talk: Talk<'_>,
    (mut reader, mut writer): (ReadHalf<Recorded<S>>, WriteHalf<Recorded<S>>),
    how: Cut,
    reason: &str,
) {
    let is_mute = place.shared.lock().fault == Fault::Silence;
    let words = async {
        if how != Cut::Silence && !is_mute {
            writer.write_all(talk.outbox.unwritten()).await?;
            writer.flush().await?;
        }
        if how == Cut::Close {
            writer.shutdown().await?;
            // Closing with something unread would be a reset, which takes the
            // last words with it.
            let mut place = [0; 4096];
            let mut unread = 0;
            while unread < MAX_UNREAD {
                match reader.read(&mut place).await? {
                    0 => break,
                    count => unread += count,
                }
            }
        }
        io::Result::Ok(())
    };
    tokio::select! {
        _ = tokio::time::timeout(CLOSE_LIMIT, words) => {}
        // Another client needs the place.
        () = place.signals.changed.notified(), if how == Cut::Close => {}
    }
    let mut stream = reader.unsplit(writer);
    // Behind the last words.
    stream.ended(reason);
    match how {
        Cut::Close => {}
        Cut::Reset => stream.reset(),
        // Holds the stream without a word.
        Cut::Silence => place.shared.until_stopped().await,
    }
}
