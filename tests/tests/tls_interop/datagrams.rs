//! DTLS of the host's network with OpenSSL's.

use std::net::Ipv4Addr;

use libtest_mimic::Failed;
use wigwag_embassy::net::{DatagramError, Network as _, PathId, UdpSocket as _};
use wigwag_embassy::tls::{CertificateError, ClockPolicy};
use wigwag_harness::hostnet::{DtlsFailure, DtlsNetwork, DtlsParameters, HostDtls, HostNetwork};
use wigwag_harness::pki::Identity;
use wigwag_tests::e2e::SERVER;
use wigwag_tests::runner::Outcome;

use super::OPENSSL;
use super::certificates::ServerIdentity;
use super::device::{devices, run};
use super::server::Setup;

fn socket(device: &Identity, root: &[u8], name: &str) -> Result<HostDtls, Failed> {
    let certificate = device.certificate().to_vec();
    let key = device.key().secret_pkcs8_der().to_vec();
    let clock = ClockPolicy::floor(ClockPolicy::EARLIEST_FLOOR);
    let parameters = DtlsParameters::new(name, vec![root.to_vec()], certificate, key, clock)?;
    let socket = DtlsNetwork::new(HostNetwork::new(), parameters).udp(PathId(0), ())?;
    socket.bind(0)?;
    Ok(socket)
}

/// Both ends show certificates; data goes both ways.
pub(crate) fn talk() -> Outcome {
    run(async {
        let (pki, device) = devices();
        let identity = ServerIdentity::single();
        let mut setup = Setup::new(&identity, pki.device_ca());
        setup.datagrams = true;
        let mut server = (OPENSSL.start)(&setup).await?;
        let socket = socket(&device, &identity.root, SERVER)?;
        let to = (Ipv4Addr::LOCALHOST, server.port).into();
        socket.send_to(b"a datagram of the device\n", to).await?;
        server.heard.wait(b"a datagram of the device").await?;
        server.say(b"and one of the server\n").await?;
        let mut buffer = [0; 64];
        let answer = socket.receive_from(&mut buffer).await?;
        let answer = String::from_utf8_lossy(&buffer[..answer.length]).into_owned();
        same("the answer", answer, "and one of the server\n".to_owned())?;
        drop(socket);
        Ok(server.heard.wait(super::openssl::CLOSED).await?)
    })
}

/// A server for another name hears nothing.
pub(crate) fn stranger() -> Outcome {
    run(async {
        let (pki, device) = devices();
        let identity = ServerIdentity::elsewhere();
        let mut setup = Setup::new(&identity, pki.device_ca());
        setup.datagrams = true;
        let server = (OPENSSL.start)(&setup).await?;
        let socket = socket(&device, &identity.root, SERVER)?;
        let to = (Ipv4Addr::LOCALHOST, server.port).into();
        let sent = socket.send_to(b"a secret", to).await;
        same("sending", sent, Err(DatagramError::NotSecured))?;
        let reason = DtlsFailure::Certificate(CertificateError::WrongName);
        same("the reason", socket.failure(), Some(reason))
    })
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, wanted: T) -> Outcome {
    if is == wanted {
        Ok(())
    } else {
        Err(format!("{what}: it is {is:?} and should be {wanted:?}").into())
    }
}
