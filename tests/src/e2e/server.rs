//! A small NGTT server to test the client against: it does what it is told,
//! and writes down what it sees.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use wigwag_codec::ngtt::{Frame, FrameHead, FrameType};

/// One device's connection, as the server sees it.
pub type Connection = TlsStream<DuplexStream>;

/// How the server behaves.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Answers DATA_STREAM with a refusal instead of a confirmation.
    pub reject_data: bool,
    /// Orders under way at a time.
    pub window: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            reject_data: false,
            window: 8,
        }
    }
}

/// `{"download": ["config/main.json"], "upload": []}`
const BAOB_RESPONSE: &[u8] = b"\x52\x08download\x41\x90config/main.json\x06upload\x40";

/// What the server knows: it survives connections, as a real one's does.
#[derive(Default)]
struct Book {
    /// Orders not answered yet: transaction id and payload.
    orders: VecDeque<(u16, Vec<u8>)>,
    next_tid: u16,
    answers: Vec<(u16, FrameType)>,
    data: Vec<Vec<u8>>,
    logs: Vec<Vec<u8>>,
    /// How often each frame type came.
    counts: BTreeMap<u16, usize>,
    connections: usize,
    /// Why handshakes failed.
    refusals: Vec<String>,
}

/// The server. Connections are streams of this process, made by
/// [`dial`](Server::dial).
pub struct Server {
    acceptor: TlsAcceptor,
    setup: Setup,
    book: Mutex<Book>,
    enqueued: Notify,
}

impl Server {
    /// A server with this TLS configuration.
    pub fn new(config: ServerConfig, setup: Setup) -> Arc<Self> {
        Arc::new(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            setup,
            book: Mutex::default(),
            enqueued: Notify::new(),
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a connection: the client's end of it.
    pub fn dial(self: &Arc<Self>) -> DuplexStream {
        let (client, server) = tokio::io::duplex(64 * 1024);
        let this = self.clone();
        tokio::spawn(async move {
            match this.acceptor.accept(server).await {
                Ok(mut stream) => {
                    this.book().connections += 1;
                    // The end of a connection is what many tests make.
                    let _ = this.serve(&mut stream).await;
                    let _ = stream.shutdown().await;
                }
                Err(error) => this.book().refusals.push(error.to_string()),
            }
        });
        client
    }

    /// Gives the device an order; returns its transaction id.
    pub fn enqueue(&self, payload: impl Into<Vec<u8>>) -> u16 {
        let mut book = self.book();
        book.next_tid += 1;
        let tid = book.next_tid;
        book.orders.push_back((tid, payload.into()));
        self.enqueued.notify_waiters();
        tid
    }

    /// Answers to orders, in the order in which they came.
    pub fn answers(&self) -> Vec<(u16, FrameType)> {
        self.book().answers.clone()
    }

    /// Orders that are not answered yet.
    pub fn open_orders(&self) -> usize {
        self.book().orders.len()
    }

    /// Payloads of DATA_STREAM, in the order in which they came.
    pub fn data(&self) -> Vec<Vec<u8>> {
        self.book().data.clone()
    }

    /// Payloads of LOGS, in the order in which they came.
    pub fn logs(&self) -> Vec<Vec<u8>> {
        self.book().logs.clone()
    }

    /// How often a frame of this type came.
    pub fn count(&self, kind: FrameType) -> usize {
        let counts = &self.book().counts;
        counts.get(&kind.as_u16()).copied().unwrap_or(0)
    }

    /// Handshakes that succeeded.
    pub fn connections(&self) -> usize {
        self.book().connections
    }

    /// Why the others failed.
    pub fn refusals(&self) -> Vec<String> {
        self.book().refusals.clone()
    }

    async fn serve(&self, stream: &mut Connection) -> io::Result<()> {
        let mut received = Vec::new();
        let mut in_flight: Vec<u16> = Vec::new();
        let mut fetching = false;
        loop {
            if fetching {
                self.deliver(stream, &mut in_flight).await?;
            }
            let mut chunk = [0; 4096];
            let enqueued = self.enqueued.notified();
            let count = tokio::select! {
                count = stream.read(&mut chunk) => count?,
                () = enqueued => continue,
            };
            if count == 0 {
                return Ok(());
            }
            received.extend_from_slice(&chunk[..count]);
            while let Some((head, length)) = header(&received) {
                if received.len() < 8 + length {
                    break;
                }
                let payload: Vec<u8> = received.drain(..8 + length).skip(8).collect();
                if head.kind == FrameType::FetchOrders {
                    fetching = true;
                    in_flight.clear();
                }
                self.handle(stream, head, payload, &mut in_flight).await?;
            }
        }
    }

    async fn deliver(&self, stream: &mut Connection, in_flight: &mut Vec<u16>) -> io::Result<()> {
        loop {
            let next = {
                let book = self.book();
                let room = in_flight.len() < self.setup.window;
                let mut open = book.orders.iter().filter(|_| room);
                open.find(|(tid, _)| !in_flight.contains(tid)).cloned()
            };
            let Some((tid, payload)) = next else {
                return stream.flush().await;
            };
            in_flight.push(tid);
            write(stream, FrameType::Order, tid, &payload).await?;
        }
    }

    async fn handle(
        &self,
        stream: &mut Connection,
        head: FrameHead,
        payload: Vec<u8>,
        in_flight: &mut Vec<u16>,
    ) -> io::Result<()> {
        *self.book().counts.entry(head.kind.as_u16()).or_default() += 1;
        let reply: Option<(FrameType, &[u8])> = match head.kind {
            FrameType::Ping => Some((FrameType::Ping, &[])),
            FrameType::OrderConfirm | FrameType::OrderReject => {
                in_flight.retain(|tid| *tid != head.tid);
                let mut book = self.book();
                book.answers.push((head.tid, head.kind));
                book.orders.retain(|(tid, _)| *tid != head.tid);
                None
            }
            FrameType::DataStream if self.setup.reject_data => {
                Some((FrameType::DataStreamReject, &[]))
            }
            FrameType::DataStream => {
                self.book().data.push(payload);
                Some((FrameType::DataStreamConfirm, &[]))
            }
            FrameType::Logs => {
                self.book().logs.push(payload);
                None
            }
            FrameType::SyncBaobRequest => Some((FrameType::SyncBaobResponse, BAOB_RESPONSE)),
            _ => None,
        };
        if let Some((kind, body)) = reply {
            write(stream, kind, head.tid, body).await?;
            stream.flush().await?;
        }
        Ok(())
    }
}

fn header(received: &[u8]) -> Option<(FrameHead, usize)> {
    let (head, length) = FrameHead::parse(*received.first_chunk()?);
    Some((head, length as usize))
}

async fn write(
    stream: &mut Connection,
    kind: FrameType,
    tid: u16,
    payload: &[u8],
) -> io::Result<()> {
    let frame = Frame { tid, kind, payload };
    let mut bytes = vec![0; frame.wire_len()];
    let length = frame.write(&mut bytes).map_err(io::Error::other)?;
    stream.write_all(&bytes[..length]).await
}
