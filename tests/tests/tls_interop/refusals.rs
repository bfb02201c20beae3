//! Servers that refuse the device, and servers that the device refuses.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use libtest_mimic::Failed;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;
use wigwag_embassy::supervisor::FailureClass;
use wigwag_embassy::tls::{CertificateError, ContentError, End, RecordError, ServerHelloError};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Validity};
use wigwag_tests::runner::Outcome;
use wigwag_tests::tls::{TlsConnection, TlsDevice};

use super::certificates::{self, ServerIdentity};
use super::device::{self, Peer, expect, meet, meet_as, run};
use super::server::{Order, Setup};
use super::talks::greet;
use super::{OPENSSL, alert};

/// How a connection ends on which the device says something and waits.
async fn end_of(peer: Peer, setup: &Setup<'_>, device: &TlsDevice) -> Result<End, Failed> {
    let server = (peer.start)(setup).await?;
    let (end, _) = meet_as(server.port, device, async |connection| {
        if connection.opened().await.is_ok() {
            // The end tells whether it was heard.
            let _ = connection.send(&[b"is anybody there?\n"]).await;
        }
        connection.ended().await
    })
    .await?;
    Ok(end)
}

fn expect_class(end: End, wanted: FailureClass) -> Outcome {
    if end.class() == wanted {
        return Ok(());
    }
    Err(format!(
        "{end:?} has class {:?} and should have {wanted:?}",
        end.class()
    )
    .into())
}

/// Devices of another authority, of one that has the right one's name, and
/// devices whose certificate is over or not valid yet: each server says which.
pub(crate) fn devices(peer: Peer) -> Outcome {
    run(async move {
        let (pki, _) = device::devices();
        // Every Pki's authorities have the same names.
        let (_, impostor) = device::devices();
        let stranger = certificates::stranger()?;
        let with = |validity| pki.device_identity(DEFAULT_DEVICE_ID, 0, validity);
        let (expired, future) = (with(Validity::expired())?, with(Validity::future())?);
        for (device, alert) in [
            (stranger, alert::UNKNOWN_CA),
            (impostor, peer.impostor),
            (expired, alert::CERTIFICATE_EXPIRED),
            (future, peer.not_yet_valid),
        ] {
            for identity in [ServerIdentity::single(), ServerIdentity::chain()] {
                let setup = Setup::new(&identity, pki.device_ca());
                let device = TlsDevice::new(&device, &identity.root);
                let end = end_of(peer, &setup, &device).await?;
                expect("a bad device", end, End::IdentityRefused(alert))?;
                expect_class(end, FailureClass::Authentication)?;
            }
        }
        Ok(())
    })
}

/// Servers of another authority, or one of the same name, for another name, or without the intermediate
/// that would lead to the root.
pub(crate) fn servers(peer: Peer) -> Outcome {
    run(async move {
        let (pki, device) = device::devices();
        let single = ServerIdentity::single();
        let elsewhere = ServerIdentity::elsewhere();
        let mut broken = ServerIdentity::chain();
        broken.forget_the_intermediate();
        let other = certificates::other_root("another root");
        let impostor = certificates::other_root("root");
        for (identity, root, reason) in [
            (&single, &other, CertificateError::UnknownIssuer),
            (&single, &impostor, CertificateError::BadSignature),
            (&elsewhere, &elsewhere.root, CertificateError::WrongName),
            (&broken, &broken.root, CertificateError::UnknownIssuer),
        ] {
            let setup = Setup::new(identity, pki.device_ca());
            let device = TlsDevice::new(&device, root);
            let end = end_of(peer, &setup, &device).await?;
            expect("a bad server", end, End::Certificate(reason))?;
            expect_class(end, FailureClass::Authentication)?;
        }
        Ok(())
    })
}

/// A server that speaks TLS 1.2 and nothing newer says so by an alert.
pub(crate) fn old(peer: Peer) -> Outcome {
    run(async move {
        let (pki, device) = device::devices();
        let identity = ServerIdentity::single();
        let mut setup = Setup::new(&identity, pki.device_ca());
        setup.old = true;
        let device = TlsDevice::new(&device, &identity.root);
        let end = end_of(peer, &setup, &device).await?;
        let wanted = End::HandshakeAlert(alert::PROTOCOL_VERSION);
        expect("TLS 1.2", end, wanted)?;
        expect_class(end, FailureClass::Configuration)
    })
}

/// Servers without the group or the cipher suite that the device has.
pub(crate) fn algorithms(peer: Peer) -> Outcome {
    run(async move {
        let (pki, device) = device::devices();
        let usual = ServerIdentity::single();
        let check = async |what: &str, setup: &Setup<'_>| {
            let device = TlsDevice::new(&device, &setup.identity.root);
            let end = end_of(peer, setup, &device).await?;
            expect(what, end, End::HandshakeAlert(alert::HANDSHAKE_FAILURE))?;
            expect_class(end, FailureClass::Configuration)
        };
        for group in ["X25519", "P-384"] {
            let mut setup = Setup::new(&usual, pki.device_ca());
            setup.groups = Some(group);
            check(group, &setup).await?;
        }
        for suite in ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] {
            let mut setup = Setup::new(&usual, pki.device_ca());
            setup.suite = Some(suite);
            check(suite, &setup).await?;
        }
        // With other groups beside it, the device's own is found.
        let mut setup = Setup::new(&usual, pki.device_ca());
        setup.groups = Some("X25519:P-256");
        let mut server = (peer.start)(&setup).await?;
        let device = TlsDevice::new(&device, &usual.root);
        let (end, result) = meet_as(server.port, &device, async |connection| {
            greet(connection, &mut server).await
        })
        .await?;
        result?;
        expect("its group as the second", end, End::Closed)
    })
}

/// Servers with a key that is not ECDSA on P-256. embedded-tls offers P-384 and
/// Ed25519 although it cannot verify them, and so the device refuses what the
/// server makes of it.
pub(crate) fn keys(peer: Peer) -> Outcome {
    run(async move {
        let (pki, device) = device::devices();
        let no_way = End::HandshakeAlert(alert::HANDSHAKE_FAILURE);
        let unsupported = End::Certificate(CertificateError::UnsupportedKey);
        for (options, wanted) in [
            (&["RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..], no_way),
            (&["EC", "-pkeyopt", "ec_paramgen_curve:P-384"], unsupported),
            (&["ED25519"], unsupported),
        ] {
            // rcgen can use such keys, but not make or write all of them.
            let mut genpkey = Command::new(xtask::openssl::PROGRAM);
            genpkey.args(["genpkey", "-algorithm"]).args(options);
            let key = String::from_utf8(genpkey.output().await?.stdout)?;
            let identity = ServerIdentity::with_key(&key)?;
            let setup = Setup::new(&identity, pki.device_ca());
            let device = TlsDevice::new(&device, &identity.root);
            let end = end_of(peer, &setup, &device).await?;
            expect(options[0], end, wanted)?;
        }
        Ok(())
    })
}

/// A server that wants to see a cookie first: HelloRetryRequest.
pub(crate) fn retry() -> Outcome {
    with_options(
        &["-stateless"],
        End::ServerHello(ServerHelloError::HelloRetryRequest),
    )
}

/// Records too small for a certificate: the reason tells what to change.
pub(crate) fn split() -> Outcome {
    run(async move {
        let (pki, device) = device::devices();
        let identity = ServerIdentity::chain();
        let mut setup = Setup::new(&identity, pki.device_ca());
        setup.record = Some(512);
        let device = TlsDevice::new(&device, &identity.root);
        let end = end_of(OPENSSL, &setup, &device).await?;
        // Each certificate has a length of three bytes and, of two, extensions;
        // the list and the message have lengths, too.
        let certificates = identity.chain.iter().map(|one| one.len() + 5);
        let length = 4 + 1 + 3 + certificates.sum::<usize>() as u32;
        let wanted = End::Content(ContentError::SplitMessage(length));
        expect("a split handshake", end, wanted)?;
        expect_class(end, FailureClass::Configuration)
    })
}

/// Text without TLS on an open connection.
pub(crate) fn clear() -> Outcome {
    run(async move {
        let (pki, device) = device::devices();
        let identity = ServerIdentity::single();
        let setup = Setup::new(&identity, pki.device_ca());
        let mut server = (OPENSSL.start)(&setup).await?;
        let device = TlsDevice::new(&device, &identity.root);
        let (end, result) = meet_as(server.port, &device, async |connection| {
            greet(connection, &mut server).await?;
            // It sends "Lets print some clear text".
            server.order(Order::Say(b"P\n".to_vec())).await?;
            connection.ended().await;
            Outcome::Ok(())
        })
        .await?;
        result?;
        expect("clear text", end, End::Record(RecordError::NotTls))
    })
}

fn with_options(options: &'static [&str], wanted: End) -> Outcome {
    run(async move {
        let (pki, device) = device::devices();
        let identity = ServerIdentity::single();
        let mut setup = Setup::new(&identity, pki.device_ca());
        setup.options = options;
        let device = TlsDevice::new(&device, &identity.root);
        let end = end_of(OPENSSL, &setup, &device).await?;
        expect(&options.join(" "), end, wanted)?;
        expect_class(end, FailureClass::Configuration)
    })
}

/// Something that speaks no TLS is left at once: a reset frees the slot, where
/// a close in good order would wait for its answer.
pub(crate) fn no_tls() -> Outcome {
    run(async {
        let (_, device) = device::devices();
        let identity = ServerIdentity::single();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let server = tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await?;
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await?;
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await
        });
        let app = async |connection: TlsConnection<'_>| connection.opened().await.is_ok();
        let (end, opened) = meet(port, &identity, &device, app).await?;
        expect("HTTP", end, End::Record(RecordError::NotTls))?;
        match server.await? {
            Err(error) if error.kind() == ErrorKind::ConnectionReset && !opened => Ok(()),
            other => Err(format!("opened: {opened}; the server read {other:?}").into()),
        }
    })
}
