//! One connection of a device: bytes between the TLS stream and the session.

use super::device::{Ending, Output, Signals, Written};
use super::event::EventKind;
use super::shared::Shared;
use crate::faults::Cut;
use crate::record::{Recorded, Side};
use crate::vnet::HostStream;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio_rustls::server::TlsStream;
use wigwag_codec::framer::{FrameReader, Received};
use wigwag_codec::ngtt::{Frame, FrameHead, HEADER_LEN, LinkFault, NgttFramer};

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

pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) device: Arc<str>,
    pub(super) id: u64,
    pub(super) signals: Arc<Signals>,
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
        let recording = self.recording();
        let stream = Recorded::new(stream, recording, Side::Server);
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
        stream.ended(&reason);
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

    async fn close<S: HostStream>(&self, mut stream: Recorded<TlsStream<S>>, end: &End) {
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
            Cut::Reset => stream.get_mut().get_mut().0.reset(),
            // Holds the stream without a word.
            Cut::Silence => self.shared.until_stopped().await,
        }
    }

    async fn read<S: HostStream>(&self, stream: &mut ReadHalf<Recorded<TlsStream<S>>>) -> End {
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
                    // Every frame of NGTT has an end.
                    Ok(Some(Received::Endless { .. })) => {}
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

    async fn write<S: HostStream>(&self, stream: &mut WriteHalf<Recorded<TlsStream<S>>>) -> End {
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
        stream: &mut WriteHalf<Recorded<TlsStream<S>>>,
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

    fn next_output(&self) -> Option<Output> {
        let now = self.shared.now();
        self.shared
            .lock()
            .known(&self.device)?
            .output(self.id, now.instant)
    }

    fn written(&self, output: &Output) {
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
