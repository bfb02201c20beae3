//! One connection of a device: bytes between the TLS stream and the session.

use super::book::{BaobSync, Batch, LogBatch};
use super::device::{Ending, Signals, Written};
use super::event::EventKind;
use super::shared::Shared;
use super::{DataAnswer, payload};
use crate::faults::Cut;
use crate::vnet::HostStream;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio_rustls::server::TlsStream;
use wigwag_codec::framer::{FrameReader, Received};
use wigwag_codec::ngtt::server::ServerEvent;
use wigwag_codec::ngtt::{Digest, Frame, FrameHead, FrameType, HEADER_LEN, LinkFault, NgttFramer};

/// How long a device may take for the end of TLS.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Bytes that are written together when frames are coalesced: a TLS record's
/// worth, RFC 8446 section 5.1.
const COALESCED: usize = 16 * 1024;

/// Why a connection has ended.
enum End {
    /// The device closed it, between two frames.
    Closed,
    /// The device closed it in the middle of a frame.
    Truncated,
    /// It broke.
    Lost(io::Error),
    /// The device is silent or does not read.
    Dead(LinkFault),
    /// The device announced a frame that is too large.
    TooLarge(FrameHead, usize),
    /// The device sent what cannot be answered.
    Invalid(String),
    /// The server wants it so.
    Ordered(Ending),
}

struct Connection {
    shared: Arc<Shared>,
    device: Arc<str>,
    id: u64,
    signals: Arc<Signals>,
}

/// Serves a device until its connection ends.
pub(super) async fn run<S>(
    shared: Arc<Shared>,
    stream: TlsStream<S>,
    device: Arc<str>,
    peer: SocketAddr,
) where
    S: HostStream + Send + 'static,
{
    let now = shared.now();
    let (id, signals) = {
        let mut state = shared.lock();
        let id = state.next_connection();
        let session = shared.options.session;
        let known = state.device(&device, &shared.options, now.at);
        (id, known.connect(id, session, now.instant))
    };
    shared.tell(Some(&device), EventKind::Connected { peer });
    let connection = Connection {
        shared,
        device,
        id,
        signals,
    };
    connection.serve(stream).await;
}

impl Connection {
    async fn serve<S: HostStream + Send>(&self, stream: TlsStream<S>) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let end = tokio::select! {
            end = self.read(&mut reader) => end,
            end = self.write(&mut writer) => end,
            end = self.watch_time() => end,
            end = self.watch_orders() => end,
        };
        let stream = reader.unsplit(writer);
        let reason = match &end {
            End::Closed => "closed by the device".into(),
            End::Truncated => "closed by the device in the middle of a frame".into(),
            End::Lost(error) => format!("lost: {error}"),
            End::Dead(fault) => fault.to_string(),
            End::TooLarge(head, length) => format!(
                "{} with {length} bytes of payload, {} are the limit",
                head.kind, self.shared.options.max_payload
            ),
            End::Invalid(error) => error.clone(),
            End::Ordered(ending) => ending.reason.into(),
        };
        self.forget();
        self.shared
            .tell(Some(&self.device), EventKind::Disconnected { reason });
        self.close(stream, &end).await;
    }

    /// Leaves the device to its next connection.
    fn forget(&self) {
        let mut state = self.shared.lock();
        if let Some(device) = state.known(&self.device)
            && device.parts(self.id).is_some()
        {
            device.live = None;
        }
    }

    async fn close<S: HostStream>(&self, mut stream: TlsStream<S>, end: &End) {
        let how = match end {
            End::Ordered(ending) => ending.how,
            End::Dead(_) => Cut::Reset,
            _ => Cut::Close,
        };
        match how {
            Cut::Close => {
                // close_notify, then FIN. A device that is gone already is no
                // trouble.
                let _ = tokio::time::timeout(CLOSE_LIMIT, stream.shutdown()).await;
            }
            Cut::Reset => stream.get_mut().0.reset(),
            // Holds the stream without a word.
            Cut::Silence => self.shared.until_stopped().await,
        }
    }

    async fn read<S: HostStream>(&self, stream: &mut ReadHalf<TlsStream<S>>) -> End {
        let mut buffer = vec![0; self.shared.options.max_payload.saturating_add(HEADER_LEN)];
        let framer = NgttFramer::for_buffer(buffer.len());
        let mut reader = FrameReader::new(framer, &mut buffer);
        loop {
            match stream.read(reader.space()).await {
                Ok(0) if reader.at_boundary() => return End::Closed,
                Ok(0) => return End::Truncated,
                Ok(count) => reader.filled(count),
                Err(error) => return End::Lost(error),
            }
            self.heard();
            loop {
                match reader.next() {
                    Ok(None) => break,
                    Ok(Some(Received::Message { meta, body })) => {
                        self.wait_for_room().await;
                        if let Err(error) = self.handle(Frame::new(meta, body)) {
                            return End::Invalid(error);
                        }
                    }
                    Ok(Some(Received::Oversized { meta, body_len })) => {
                        return End::TooLarge(meta, body_len);
                    }
                    // Only asked for would there be parts.
                    Ok(Some(Received::Part { .. })) => {}
                    Err(error) => return End::Invalid(error.to_string()),
                }
            }
        }
    }

    fn heard(&self) {
        let now = self.shared.now();
        if let Some((live, ..)) = self.shared.lock().parts(&self.device, self.id) {
            live.session.heard(now.instant);
        }
    }

    async fn wait_for_room(&self) {
        loop {
            let room = match self.shared.lock().parts(&self.device, self.id) {
                Some((live, ..)) => live.has_room(),
                // Not the device's any more: the ending is on its way.
                None => false,
            };
            if room {
                return;
            }
            self.signals.room.notified().await;
        }
    }

    /// Handles one frame. An error ends the connection.
    fn handle(&self, frame: Frame<'_>) -> Result<(), String> {
        let now = self.shared.now();
        let mut state = self.shared.lock();
        let Some((live, queue, book)) = state.parts(&self.device, self.id) else {
            return Ok(());
        };
        let event = live.session.handle_frame(frame, queue, now.instant);
        self.signals.output.notify_one();
        let Some(event) = event else {
            book.pings += 1;
            return Ok(());
        };
        let told = match event {
            ServerEvent::Answered {
                tid, answer, order, ..
            } => {
                let device = state.known(&self.device).expect("its parts were there");
                let number = device.answered(&order, answer, now.at);
                EventKind::Answered {
                    number,
                    tid,
                    answer,
                }
            }
            ServerEvent::AnsweredAgain { tid, answer } => {
                book.answered_again += 1;
                EventKind::AnsweredAgain { tid, answer }
            }
            ServerEvent::FetchOrders => {
                book.fetches += 1;
                EventKind::Fetched
            }
            ServerEvent::Pong => {
                book.pongs += 1;
                return Ok(());
            }
            ServerEvent::Stray(head) => {
                book.strays += 1;
                EventKind::Stray { head }
            }
            ServerEvent::DataStream { tid, payload } => {
                drop(state);
                self.take_data(tid, payload);
                return Ok(());
            }
            ServerEvent::Logs { payload } => {
                drop(state);
                self.take_logs(frame.head(), payload);
                return Ok(());
            }
            ServerEvent::SyncBaobs { tid, payload } => {
                drop(state);
                return self.sync_baobs(tid, payload);
            }
            // The session may learn to tell more.
            _ => return Ok(()),
        };
        drop(state);
        self.shared.tell(Some(&self.device), told);
        Ok(())
    }

    fn take_data(&self, tid: u16, payload: &[u8]) {
        let now = self.shared.now();
        let (points, error) = match payload::count_points(payload) {
            Ok(points) => (points, None),
            Err(error) => (0, Some(error)),
        };
        let mut batch = Batch {
            at: now.at,
            tid,
            digest: Digest::of(payload),
            bytes: payload.len(),
            points,
            answer: DataAnswer::Reject,
            answered: None,
        };
        let mut delay = Duration::ZERO;
        if error.is_none() {
            // Not under the lock: the policy may ask the server things.
            let policy = self.shared.lock().data.clone();
            let reply = policy(&self.device, &batch);
            (batch.answer, delay) = (reply.answer, reply.delay);
        }
        let digest = batch.digest;
        let answer = batch.answer;
        let keep = self.shared.options.keep;
        if let Some((live, _, book)) = self.shared.lock().parts(&self.device, self.id) {
            book.invalid += u64::from(error.is_some());
            record(&mut book.batches, batch, keep, &mut book.unrecorded);
            let due = now.instant.saturating_add(delay);
            live.answer_data(tid, answer, due, now.instant);
        }
        let told = match error {
            Some(error) => EventKind::Invalid {
                head: FrameHead {
                    tid,
                    kind: FrameType::DataStream,
                },
                error,
            },
            None => EventKind::Data {
                tid,
                points,
                digest,
                answer,
            },
        };
        self.shared.tell(Some(&self.device), told);
    }

    fn take_logs(&self, head: FrameHead, payload: &[u8]) {
        let counted = payload::count_logs(payload);
        let entries = counted.as_ref().copied().unwrap_or(0);
        let logs = LogBatch {
            at: self.shared.now().at,
            digest: Digest::of(payload),
            entries,
            raw: payload.to_vec(),
        };
        let keep = self.shared.options.keep;
        if let Some((_, _, book)) = self.shared.lock().parts(&self.device, self.id) {
            book.invalid += u64::from(counted.is_err());
            record(&mut book.logs, logs, keep, &mut book.unrecorded);
        }
        let told = match counted {
            Ok(entries) => EventKind::Logs { entries },
            Err(error) => EventKind::Invalid { head, error },
        };
        self.shared.tell(Some(&self.device), told);
    }

    fn sync_baobs(&self, tid: u16, payload: &[u8]) -> Result<(), String> {
        let has = payload::parse_baobs(payload)?;
        let at = self.shared.now().at;
        let keep = self.shared.options.keep;
        let mut state = self.shared.lock();
        let (download, upload) = payload::compare_baobs(&has, &state.baobs);
        if let Some((live, _, book)) = state.parts(&self.device, self.id) {
            let head = FrameHead {
                tid,
                kind: FrameType::SyncBaobResponse,
            };
            live.send(head, &payload::encode_baobs(&download, &upload));
            let sync = BaobSync {
                at,
                has,
                download: download.clone(),
                upload: upload.clone(),
            };
            record(&mut book.baobs, sync, keep, &mut book.unrecorded);
        }
        drop(state);
        self.shared
            .tell(Some(&self.device), EventKind::Baobs { download, upload });
        Ok(())
    }

    async fn write<S: HostStream>(&self, stream: &mut WriteHalf<TlsStream<S>>) -> End {
        let options = &self.shared.options;
        let record = if options.coalesce {
            COALESCED
        } else {
            options.record_limit.max(1)
        };
        let mut together = Vec::new();
        loop {
            let Some(output) = self.next_output() else {
                self.signals.output.notified().await;
                continue;
            };
            self.signals.deadline.notify_one();
            if options.coalesce {
                // Counts as written from here on: if the connection ends
                // before it is, everything is delivered again anyway.
                together.clear();
                together.extend_from_slice(&output.bytes);
                self.written(&output);
                while together.len() < COALESCED
                    && let Some(next) = self.next_output()
                {
                    together.extend_from_slice(&next.bytes);
                    self.written(&next);
                }
                if let Err(error) = self.write_all(stream, &together, record).await {
                    return End::Lost(error);
                }
            } else {
                if let Err(error) = self.write_all(stream, &output.bytes, record).await {
                    return End::Lost(error);
                }
                self.written(&output);
            }
        }
    }

    /// Writes in pieces, each of which becomes a TLS record.
    async fn write_all<S: HostStream>(
        &self,
        stream: &mut WriteHalf<TlsStream<S>>,
        bytes: &[u8],
        record: usize,
    ) -> io::Result<()> {
        for piece in bytes.chunks(record) {
            stream.write_all(piece).await?;
            stream.flush().await?;
            let now = self.shared.now();
            if let Some((live, ..)) = self.shared.lock().parts(&self.device, self.id) {
                live.session.transmitting(now.instant);
            }
        }
        Ok(())
    }

    fn next_output(&self) -> Option<super::device::Output> {
        let now = self.shared.now();
        self.shared
            .lock()
            .known(&self.device)?
            .output(self.id, now.instant)
    }

    fn written(&self, output: &super::device::Output) {
        let now = self.shared.now();
        let mut state = self.shared.lock();
        let Some(device) = state.known(&self.device) else {
            return;
        };
        let written = device.written(self.id, output, now.instant, now.at);
        drop(state);
        if let Some(Written::Order {
            number,
            tid,
            times,
            payload,
        }) = written
        {
            let told = EventKind::Delivered {
                number,
                tid,
                times,
                payload,
            };
            self.shared.tell(Some(&self.device), told);
        }
    }

    async fn watch_time(&self) -> End {
        loop {
            let wait = match self.poll_time() {
                Ok(wait) => wait,
                Err(fault) => return End::Dead(fault),
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.signals.deadline.notified() => {}
            }
        }
    }

    /// Does what is due, and says how long nothing more is.
    fn poll_time(&self) -> Result<Duration, LinkFault> {
        let now = self.shared.now().instant;
        let mut state = self.shared.lock();
        let Some((live, ..)) = state.parts(&self.device, self.id) else {
            // Not the device's any more: the ending is on its way.
            return Ok(Duration::MAX);
        };
        live.give_delayed(now);
        live.session.handle_timeout(now)?;
        // The session may want to write a PING now.
        self.signals.output.notify_one();
        let wait = live.deadline().saturating_duration_since(now);
        // Timers tell milliseconds; a shorter wait would be none.
        Ok(wait.max(Duration::from_millis(1)))
    }

    /// Waits until the server ends the connection.
    async fn watch_orders(&self) -> End {
        loop {
            self.signals.end.notified().await;
            let mut state = self.shared.lock();
            let Some((live, ..)) = state.parts(&self.device, self.id) else {
                return End::Ordered(Ending {
                    how: Cut::Reset,
                    reason: "the device has connected anew",
                });
            };
            if let Some(ending) = live.end {
                return End::Ordered(ending);
            }
        }
    }
}

/// Keeps an entry if there is room for it, else counts it.
fn record<T>(entries: &mut Vec<T>, entry: T, keep: usize, unrecorded: &mut u64) {
    if entries.len() < keep {
        entries.push(entry);
    } else {
        *unrecorded += 1;
    }
}
