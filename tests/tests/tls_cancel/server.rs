//! rustls at the other end: says its messages in pieces, reads the device's
//! slowly, and ends the connection as planned.

use core::cell::Cell;
use core::time::Duration;
use std::sync::Arc;

use futures::future::{self, Either};
use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use wigwag_tests::campaign;

use super::plan::{DEVICE, Finish, Plan, SERVER};

type Stream = TlsStream<DuplexStream>;

/// What became of a connection at the server.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// Messages of each of the device's streams that came, in order.
    pub received: [u16; 2],
    /// Messages that were given to TLS as a whole.
    pub sent: u16,
    /// Whether the device ended it with close_notify, between two messages.
    pub clean: bool,
}

/// What a server has of a connection, while it goes on.
#[derive(Default)]
struct Server {
    received: [Cell<u16>; 2],
    sent: Cell<u16>,
    clean: Cell<bool>,
    progress: Notify,
}

/// Serves one connection of `plan`.
///
/// # Errors
/// What came from the device and should not have.
pub(crate) async fn serve(
    config: Arc<ServerConfig>,
    stream: DuplexStream,
    plan: &Plan,
    session: u8,
) -> Result<Served, String> {
    let server = Server::default();
    let serving = async {
        let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else {
            return Ok(());
        };
        let (mut read, mut write) = tokio::io::split(stream);
        let reading = server.read(&mut read, plan, session);
        let writing = server.write(&mut write, plan, session);
        // The device's end is the end.
        match future::select(Box::pin(reading), Box::pin(writing)).await {
            Either::Left((result, _)) => result,
            Either::Right(((), reading)) => reading.await,
        }
    };
    match plan.finish(session) {
        Finish::ServerCutsAt(after) => {
            if let Ok(result) = tokio::time::timeout(after, serving).await {
                result?;
            }
        }
        _ => serving.await?,
    }
    Ok(Served {
        received: server.received.map(Cell::into_inner),
        sent: server.sent.into_inner(),
        clean: server.clean.into_inner(),
    })
}

impl Server {
    async fn write(&self, write: &mut WriteHalf<Stream>, plan: &Plan, session: u8) {
        let talk = async {
            self.talk(write, plan, session).await;
            match plan.finish(session) {
                Finish::ServerCloses => {
                    while self.received.each_ref().map(Cell::get) != plan.messages[..2] {
                        self.progress.notified().await;
                    }
                }
                _ => future::pending().await,
            }
        };
        match plan.finish(session) {
            Finish::ServerClosesAt(after) => {
                let _ = tokio::time::timeout(after, talk).await;
            }
            _ => talk.await,
        }
        // The device may be gone.
        let _ = write.shutdown().await;
    }

    async fn talk(&self, write: &mut WriteHalf<Stream>, plan: &Plan, session: u8) {
        let mut rng = campaign::rng(plan.seed ^ 0x0077_1e55 ^ u64::from(session));
        for number in 0..plan.messages[usize::from(SERVER)] {
            let frame = plan.frame(session, SERVER, number);
            let mut rest = &frame[..];
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at(1 + rng.next_u32() as usize % rest.len());
                rest = behind;
                // An error is the device's end, which the reader tells.
                if write.write_all(piece).await.is_err() {
                    return;
                }
                if rest.is_empty() {
                    self.sent.set(number + 1);
                }
                if write.flush().await.is_err() {
                    return;
                }
                pause(&mut rng).await;
            }
        }
    }

    async fn read(
        &self,
        read: &mut ReadHalf<Stream>,
        plan: &Plan,
        session: u8,
    ) -> Result<(), String> {
        let mut rng = campaign::rng(plan.seed ^ 0x0077_4ead ^ u64::from(session));
        let mut bytes = Vec::new();
        let mut buffer = [0; 600];
        loop {
            let most = 1 + rng.next_u32() as usize % buffer.len();
            match read.read(&mut buffer[..most]).await {
                Ok(0) => {
                    self.clean.set(bytes.is_empty());
                    return Ok(());
                }
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(_) => return Ok(()),
            }
            while let Some(length) = whole(&bytes) {
                let rest = bytes.split_off(4 + length);
                self.take(&bytes, plan, session)?;
                bytes = rest;
            }
            pause(&mut rng).await;
        }
    }

    /// Takes a message, which must be the next of its stream.
    fn take(&self, frame: &[u8], plan: &Plan, session: u8) -> Result<(), String> {
        let stream = DEVICE
            .into_iter()
            .find(|stream| frame.get(5) == Some(stream));
        let stream = stream.ok_or_else(|| format!("the server got {frame:02x?}"))?;
        let received = &self.received[usize::from(stream)];
        let number = received.get();
        if frame != plan.frame(session, stream, number) {
            return Err(format!(
                "the server got {:02x?}.. of stream {stream}, session {session}, in place of \
                 message {number}",
                &frame[4..8]
            ));
        }
        received.set(number + 1);
        self.progress.notify_one();
        Ok(())
    }
}

/// The length of the first message, if it is here as a whole.
fn whole(bytes: &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    (rest.len() >= length).then_some(length)
}

/// Now and then, so that the device has to wait, or to hurry.
async fn pause(rng: &mut ChaCha8Rng) {
    if rng.next_u32().is_multiple_of(4) {
        let micros = u64::from(rng.next_u32() % 4000);
        tokio::time::sleep(Duration::from_micros(micros)).await;
    }
}
