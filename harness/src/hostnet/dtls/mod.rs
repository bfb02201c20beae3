//! Datagrams secured by DTLS 1.2 or 1.3 (RFC 6347, RFC 9147): a network whose
//! UDP sockets talk to nobody before it has proved its name.
//!
//! The protocol is `dimpl`'s; the judgement is the device's own:
//! [`verify_chain`](wigwag_embassy::tls::verify_chain) with the same anchors,
//! pins and clock policy. `dimpl` shows the server's own certificate and not
//! the others it sends, so a server's certificate must be signed by one of the
//! roots themselves.
//!
//! ```
//! use wigwag_embassy::tls::ClockPolicy;
//! use wigwag_harness::hostnet::{DtlsNetwork, DtlsParameters, HostNetwork};
//! use wigwag_harness::pki::Pki;
//!
//! let mut pki = Pki::generate();
//! let root = pki.server_ca().to_vec();
//! let device = pki.issue_device("d1")?;
//! let parameters = DtlsParameters::new(
//!     "orders.example",
//!     vec![root],
//!     device.certificate().to_vec(),
//!     device.key().secret_pkcs8_der().to_vec(),
//!     ClockPolicy::floor(1_790_000_000),
//! )?;
//! let network = DtlsNetwork::new(HostNetwork::new(), parameters);
//! # let _ = network;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod engine;
mod parameters;
mod socket;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use wigwag_embassy::net::{
    Addresses, EmbassyUdpBuffers, Family, Network, NoSuchPath, PathId, PathState, ResolveError,
    SocketOption, TcpBuffers,
};

pub use engine::{DtlsFailure, MAX_DATAGRAM};
pub use parameters::{DtlsParameters, ParametersError};
pub use socket::HostDtls;

use super::{HostNetwork, HostTcp};

/// The host's network with secured datagrams in place of UDP. Streams are the
/// host's own.
#[derive(Debug, Clone)]
pub struct DtlsNetwork {
    host: Rc<HostNetwork>,
    parameters: Arc<DtlsParameters>,
}

impl DtlsNetwork {
    /// `host`, whose datagrams go to the server of `parameters` only.
    #[must_use]
    pub fn new(host: HostNetwork, parameters: DtlsParameters) -> Self {
        Self {
            host: Rc::new(host),
            parameters: Arc::new(parameters),
        }
    }
}

impl Network for DtlsNetwork {
    type Tcp<'a> = HostTcp;
    type Udp<'a> = HostDtls;
    type UdpBuffers<'a> = ();

    fn applies(&self, option: SocketOption) -> bool {
        self.host.applies(option)
    }

    fn path_state(&self, path: PathId) -> PathState {
        self.host.path_state(path)
    }

    async fn path_changed(&self, path: PathId, from: PathState) -> PathState {
        self.host.path_changed(path, from).await
    }

    async fn resolve(
        &self,
        path: PathId,
        name: &str,
        family: Family,
        limit: Duration,
    ) -> Result<Addresses, ResolveError> {
        self.host.resolve(path, name, family, limit).await
    }

    fn tcp<'a>(&'a self, path: PathId, buffers: TcpBuffers<'a>) -> Result<HostTcp, NoSuchPath> {
        self.host.tcp(path, buffers)
    }

    fn udp(&self, path: PathId, (): ()) -> Result<HostDtls, NoSuchPath> {
        self.host.udp(path, ())?;
        Ok(HostDtls::new(self.parameters.clone()))
    }

    /// The kernel has buffers of its own; these stay unused.
    fn udp_in(&self, path: PathId, _: EmbassyUdpBuffers<'_>) -> Result<HostDtls, NoSuchPath> {
        self.udp(path, ())
    }

    fn secures_datagrams(&self) -> bool {
        true
    }
}
