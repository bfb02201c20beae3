//! rustls in the device's place: what a client of good repute makes of the
//! same server.

use core::time::Duration;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, version};
use wigwag_harness::pki::{self, Pki};

use super::SECRET;
use crate::e2e::SERVER;

/// A client made of rustls that offers what the device offers: one group and
/// one cipher suite.
#[derive(Clone)]
pub struct Control(TlsConnector);

/// What became of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controlled {
    /// Whether it was ever open.
    pub opened: bool,
    /// The data that the application received.
    pub delivered: Vec<u8>,
    /// The error it ended with; `None` for a clean end.
    pub error: Option<String>,
}

impl Control {
    /// A client with the identity of the first device of `pki`.
    ///
    /// # Panics
    /// Never: rustls takes the certificates of a [`Pki`].
    #[must_use]
    pub fn of(pki: &Pki) -> Self {
        let device = pki.device(pki::DEFAULT_DEVICE_ID);
        let device = device.expect("a new Pki has this device");
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from(pki.server_ca().to_vec());
        roots.add(root).expect("the root of a Pki is a certificate");
        let mut provider = ring::default_provider();
        provider.kx_groups = vec![ring::kx_group::SECP256R1];
        provider.cipher_suites = vec![ring::cipher_suite::TLS13_AES_128_GCM_SHA256];
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&version::TLS13])
            .expect("ring speaks TLS 1.3")
            .with_root_certificates(roots)
            .with_client_auth_cert(device.chain().to_vec(), device.key().clone_key().into())
            .expect("certificate and key fit");
        Self(TlsConnector::from(Arc::new(config)))
    }

    /// Does what [`TlsDevice::connect`](super::TlsDevice::connect) does. A
    /// handshake that is not done after 20 s has failed, as the device's.
    ///
    /// # Panics
    /// Never: the server's name is one.
    pub async fn connect<S>(&self, stream: S, stay: Duration) -> Controlled
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = SERVER.try_into().expect("the server's name is one");
        let mut controlled = Controlled {
            opened: false,
            delivered: Vec::new(),
            error: None,
        };
        let handshake = timeout(Duration::from_secs(20), self.0.connect(name, stream));
        let mut stream = match handshake.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                controlled.error = Some(error.to_string());
                return controlled;
            }
            Err(_) => {
                controlled.error = Some("the handshake took too long".into());
                return controlled;
            }
        };
        controlled.opened = true;
        let talk = async {
            stream.write_all(SECRET).await?;
            stream.flush().await?;
            let mut buffer = [0; 1024];
            loop {
                let count = stream.read(&mut buffer).await?;
                if count == 0 {
                    return stream.shutdown().await;
                }
                let bytes = buffer.get(..count).unwrap_or_default();
                controlled.delivered.extend_from_slice(bytes);
                stream.write_all(bytes).await?;
                stream.flush().await?;
            }
        };
        // Still open at the end of its stay: the server did nothing wrong.
        if let Ok(Err(error)) = timeout(stay, talk).await {
            controlled.error = Some(error.to_string());
        }
        controlled
    }
}
