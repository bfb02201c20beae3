//! The device's TLS layer by itself: the real client over a stream in memory,
//! against whatever is at the other end.

mod control;
mod fits;

pub use control::{Control, Controlled};
pub use fits::fits;

use core::time::Duration;
use std::cell::RefCell;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::CryptoRngCore;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::{JoinError, LocalSet};
use tokio::time::{Instant, timeout};
use wigwag_embassy::tls::{
    self, ClockPolicy, Connection, End, Identity, Link, SoftwareKey, TlsParameters, TrustAnchors,
};
use wigwag_harness::device::host_time;
use wigwag_harness::hostnet::StreamSocket;
use wigwag_harness::pki::{self, Pki};

use crate::e2e::SERVER;

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
        let key = SoftwareKey::from_der(self.identity.key().secret_pkcs8_der());
        let key = key.expect("the key of a Pki is P-256");
        let identity = Identity::new(self.identity.certificate(), &key);
        let identity = identity.expect("certificate and key fit");
        let roots: [&[u8]; 1] = [&self.root];
        let trust = TrustAnchors::new(&roots).expect("the root of a Pki is a certificate");
        let clock = ClockPolicy::real_time(host_time);
        let parameters = TlsParameters::new(SERVER, trust, identity, clock);
        let parameters = parameters.expect("the server's name is one");
        let socket = StreamSocket::new(stream);
        let link: Link<NoopRawMutex, QUEUE, QUEUE> = Link::new();
        let mut receive = vec![0; self.receive_buffer];
        let mut send = vec![0; parameters.send_buffer_needed().max(2048)];
        let delivered = RefCell::new(Vec::new());
        let before = Instant::now();
        let mut opened = false;
        let connection = link.connection();
        let owner = tls::run(
            &link,
            &socket,
            &mut receive,
            &mut send,
            &parameters,
            &mut rng,
        );
        let app = async {
            opened = connection.opened().await.is_ok();
            if opened {
                let talk = timeout(self.stay, converse(connection, &delivered));
                if talk.await.is_err() {
                    connection.close();
                }
            }
        };
        let (end, ()) = tokio::join!(owner, app);
        Connected {
            end,
            opened,
            delivered: delivered.into_inner(),
            took: before.elapsed(),
        }
    }
}

/// Says the [`SECRET`] and answers every byte, until the end.
async fn converse(
    connection: Connection<'_, NoopRawMutex, QUEUE, QUEUE>,
    delivered: &RefCell<Vec<u8>>,
) {
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
