//! One secure connection whose application is the test itself.

use core::time::Duration;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::CryptoRngCore;
use wigwag_embassy::net::TcpSocket;
use wigwag_embassy::tls::{
    self, ClockPolicy, End, ExternalPsk, Identity, Link, SoftwareKey, TlsParameters, TrustAnchors,
};
use wigwag_harness::device::host_time;

use super::{QUEUE, TlsDevice};
use crate::e2e::SERVER;

/// The application's end of a connection under test.
pub type TlsConnection<'a> = tls::Connection<'a, NoopRawMutex, QUEUE, QUEUE>;

/// The queues of a connection under test.
pub type TlsLink = Link<NoopRawMutex, QUEUE, QUEUE>;

impl TlsDevice {
    /// A device with this certificate (the first of a chain) and key, which
    /// trusts servers below the certificate `root`, DER.
    #[must_use]
    pub fn new(identity: &wigwag_harness::pki::Identity, root: &[u8]) -> Self {
        Self {
            identity: identity.clone(),
            root: root.to_vec(),
            psk: None,
            receive_buffer: 16_640,
            stay: Duration::from_secs(90),
        }
    }

    /// Trusts servers below the certificate `root`, DER, and no others.
    pub fn trust(&mut self, root: &[u8]) {
        self.root = root.to_vec();
    }

    /// Shows `f` whom the device trusts and who it is.
    ///
    /// # Panics
    /// When key, certificate or root are none.
    pub async fn with_parameters<T>(&self, f: impl AsyncFnOnce(TlsParameters<'_>) -> T) -> T {
        let key = SoftwareKey::from_der(self.identity.key().secret_pkcs8_der());
        let key = key.expect("the device's key is P-256");
        let identity = Identity::new(self.identity.certificate(), &key);
        let identity = identity.expect("certificate and key fit");
        let roots: [&[u8]; 1] = [&self.root];
        let trust = TrustAnchors::new(&roots).expect("the root is a certificate");
        let clock = ClockPolicy::real_time(host_time);
        let parameters = match &self.psk {
            None => TlsParameters::new(SERVER, trust, identity, clock),
            Some((name, key)) => {
                let psk = ExternalPsk::new(name, key).expect("a key that can be shared");
                TlsParameters::with_external_psk(SERVER, psk)
            }
        };
        f(parameters.expect("the server's name is one")).await
    }

    /// Opens a connection on `socket` and runs `app` on it from its first
    /// moment. Returns why it ended, and what `app` returned. To be awaited in
    /// a task: see [`connect`](Self::connect).
    pub async fn run<T>(
        &self,
        socket: &impl TcpSocket,
        rng: &mut impl CryptoRngCore,
        app: impl AsyncFnOnce(TlsConnection<'_>) -> T,
    ) -> (End, T) {
        self.with_parameters(async |parameters| {
            let link = TlsLink::new();
            let mut receive = vec![0; self.receive_buffer];
            let mut send = vec![0; parameters.send_buffer_needed().max(2048)];
            let owner = tls::run(&link, socket, &mut receive, &mut send, &parameters, rng);
            tokio::join!(owner, app(link.connection()))
        })
        .await
    }
}
