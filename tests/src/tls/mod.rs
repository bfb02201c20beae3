//! The device's TLS layer by itself: the real client over a stream in memory,
//! against whatever is at the other end.

mod control;
mod drops;
mod fits;
pub mod records;
mod session;

pub use control::{Control, Controlled};
pub use drops::{Dropper, stopped_after};
pub use fits::fits;
pub use session::{TlsConnection, TlsLink};

use core::time::Duration;
use std::cell::RefCell;

use rand_core::CryptoRngCore;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::{JoinError, LocalSet};
use tokio::time::{Instant, timeout};
use wigwag_embassy::tls::End;
use wigwag_harness::hostnet::StreamSocket;
use wigwag_harness::pki::{self, Pki};

/// Bytes that may wait in each direction between TLS and the application.
const QUEUE: usize = 4096;

/// What the application says as soon as it may: a server that was never
/// verified must not get one byte of it.
pub const SECRET: &[u8] = b"what the device has to say";

/// A device that knows nothing but TLS.
#[derive(Clone)]
pub struct TlsDevice {
    identity: pki::Identity,
    root: Vec<u8>,
    /// The key that it shares with the server, and its name, in place of
    /// certificates.
    pub psk: Option<(Vec<u8>, Vec<u8>)>,
    /// The size of the buffer that holds one record from the server.
    pub receive_buffer: usize,
    /// How long it stays on a connection that does not end.
    pub stay: Duration,
}

/// What became of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Why it ended.
    pub end: End,
    /// Whether it was ever open.
    pub opened: bool,
    /// The data that the application received.
    pub delivered: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

impl TlsDevice {
    /// The first device of `pki`, which trusts its server authority.
    ///
    /// # Panics
    /// Never: a new [`Pki`] has this device.
    #[must_use]
    pub fn of(pki: &Pki) -> Self {
        let identity = pki.device(pki::DEFAULT_DEVICE_ID);
        Self {
            identity: identity.expect("a new Pki has this device").clone(),
            root: pki.server_ca().to_vec(),
            psk: None,
            receive_buffer: 16_640,
            stay: Duration::from_secs(90),
        }
    }

    /// The certificate that it shows to servers it trusts.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.identity.certificate()
    }

    /// Opens a connection on `stream`, says [`SECRET`] as soon as it may,
    /// answers every byte of data with the same byte, and stays until the
    /// connection has ended.
    ///
    /// It runs as a task of its own, as on a device: the wakers of tokio's
    /// tasks can be told apart, those of a future within another cannot.
    ///
    /// # Errors
    /// When the TLS layer panicked.
    pub async fn connect<S, R>(&self, stream: S, rng: R) -> Result<Connected, JoinError>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
        R: CryptoRngCore + 'static,
    {
        let device = self.clone();
        let task = async move { device.session(stream, rng).await };
        let local = LocalSet::new();
        local
            .run_until(async { tokio::task::spawn_local(task).await })
            .await
    }

    async fn session<S, R>(&self, stream: S, mut rng: R) -> Connected
    where
        S: AsyncRead + AsyncWrite + Unpin,
        R: CryptoRngCore,
    {
        let delivered = RefCell::new(Vec::new());
        let before = Instant::now();
        let socket = StreamSocket::new(stream);
        let app = async |connection: TlsConnection<'_>| {
            let opened = connection.opened().await.is_ok();
            if opened {
                let talk = timeout(self.stay, converse(connection, &delivered));
                if talk.await.is_err() {
                    connection.close();
                }
            }
            opened
        };
        let (end, opened) = self.run(&socket, &mut rng, app).await;
        Connected {
            end,
            opened,
            delivered: delivered.into_inner(),
            took: before.elapsed(),
        }
    }
}

/// Says the [`SECRET`] and answers every byte, until the end.
async fn converse(connection: TlsConnection<'_>, delivered: &RefCell<Vec<u8>>) {
    // Errors are ends, and the end is told by the owner.
    let _ = connection.send(&[SECRET]).await;
    loop {
        let bytes = connection.receive_with(|prefix| {
            let all = prefix.to_vec();
            (!all.is_empty()).then_some((all.len(), all))
        });
        let Ok(bytes) = bytes.await else { return };
        delivered.borrow_mut().extend_from_slice(&bytes);
        let _ = connection.send(&[&bytes]).await;
    }
}
