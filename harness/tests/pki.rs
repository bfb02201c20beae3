//! Certificates: what is in them, what rustls makes of them, the folder.

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, Error, ServerConfig};
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use wigwag_harness::pki::{
    DEVICE_ID_OID, ENVIRONMENT_OID, Identity, KeyLogFile, Pki, PkiError, PkiOptions, Validity,
};
use x509_parser::prelude::*;

/// A handshake in memory: what each end says of it.
async fn handshake(
    server: ServerConfig,
    client: ClientConfig,
    name: &str,
) -> (Result<(), String>, Result<(), Error>) {
    let (near, far) = tokio::io::duplex(16 * 1024);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let server = async {
        let mut stream = TlsAcceptor::from(Arc::new(server))
            .accept(far)
            .await
            .map_err(|error| error.to_string())?;
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"!")
            .await
            .unwrap();
        Ok(())
    };
    let client = async {
        let tls_error = |error: std::io::Error| {
            error
                .downcast::<Error>()
                .unwrap_or_else(|other| Error::General(other.to_string()))
        };
        let mut stream = TlsConnector::from(Arc::new(client))
            .connect(name, near)
            .await
            .map_err(tls_error)?;
        // A refused client certificate shows at the first read only.
        let mut byte = [0];
        let read = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut byte).await;
        read.map(drop).map_err(tls_error)
    };
    tokio::join!(server, client)
}

async fn client_says(pki: &Pki, identity: Option<&Identity>, name: &str) -> Result<(), Error> {
    let server = pki.server_config(false, None).unwrap();
    handshake(server, pki.client_config(identity).unwrap(), name)
        .await
        .1
}

fn certificate_error(result: Result<(), Error>) -> CertificateError {
    match result {
        Err(Error::InvalidCertificate(error)) => error,
        other => panic!("{other:?} is no complaint about a certificate"),
    }
}

#[tokio::test]
async fn server_and_device_agree_by_every_name() {
    let pki = Pki::generate();
    let device = pki.device("device-0001");
    assert!(device.is_some());
    for name in ["ngtt.test", "localhost", "127.0.0.1", "::1"] {
        assert_eq!(client_says(&pki, device, name).await, Ok(()), "{name}");
    }
    let other = certificate_error(client_says(&pki, device, "other.test").await);
    assert!(
        matches!(other, CertificateError::NotValidForNameContext { .. }),
        "{other:?}"
    );
}

#[tokio::test]
async fn devices_of_another_authority_or_of_none_are_refused() {
    let pki = Pki::generate();
    let foreign = Pki::generate();
    let refused = |result: Result<(), Error>| {
        assert!(matches!(result, Err(Error::AlertReceived(_))), "{result:?}");
    };
    refused(client_says(&pki, foreign.device("device-0001"), "ngtt.test").await);
    refused(client_says(&pki, None, "ngtt.test").await);
    // A server's certificate is no device's, even from the right folder.
    refused(client_says(&pki, Some(pki.server()), "ngtt.test").await);
    let expired = pki
        .device_identity("device-0001", 0, Validity::expired())
        .unwrap();
    refused(client_says(&pki, Some(&expired), "ngtt.test").await);
}

#[tokio::test]
async fn servers_out_of_their_time_are_refused() {
    let mut pki = Pki::generate();
    let names = ["ngtt.test".to_owned()];
    let device = pki.device("device-0001").cloned();
    pki.set_server(pki.server_identity(&names, Validity::expired()).unwrap());
    let error = certificate_error(client_says(&pki, device.as_ref(), "ngtt.test").await);
    assert!(
        matches!(error, CertificateError::ExpiredContext { .. }),
        "{error:?}"
    );
    pki.set_server(pki.server_identity(&names, Validity::future()).unwrap());
    let error = certificate_error(client_says(&pki, device.as_ref(), "ngtt.test").await);
    assert!(
        matches!(error, CertificateError::NotValidYetContext { .. }),
        "{error:?}"
    );
    // A device's certificate is no server's, whoever signed it.
    pki.set_server(pki.device("device-0001").unwrap().clone());
    let error = certificate_error(client_says(&pki, device.as_ref(), "ngtt.test").await);
    assert!(
        matches!(error, CertificateError::InvalidPurposeContext { .. }),
        "{error:?}"
    );
    pki.set_server(Pki::generate().server().clone());
    let error = certificate_error(client_says(&pki, device.as_ref(), "ngtt.test").await);
    // The names of the CAs are the same, their keys are not.
    assert!(
        matches!(
            error,
            CertificateError::UnknownIssuer | CertificateError::BadSignature
        ),
        "{error:?}"
    );
}

#[test]
fn certificates_say_what_they_are_for() {
    let pki = Pki::new(PkiOptions {
        environment: 200,
        ..PkiOptions::default()
    })
    .unwrap();
    let parse = |der| X509Certificate::from_der(der).unwrap().1;
    let common_name = |certificate: &X509Certificate<'_>| {
        certificate
            .subject()
            .iter_common_name()
            .next()
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };

    let device = parse(pki.device("device-0001").unwrap().certificate());
    assert_eq!(common_name(&device), "device-0001");
    let usage = device.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth);
    assert!(!device.is_ca());
    let extension = |oid: &[u64]| {
        let oid = x509_parser::oid_registry::Oid::from(oid).unwrap();
        device
            .get_extension_unique(&oid)
            .unwrap()
            .unwrap()
            .value
            .to_owned()
    };
    assert_eq!(extension(&DEVICE_ID_OID), b"\x0c\x0bdevice-0001");
    assert_eq!(extension(&ENVIRONMENT_OID), b"\x02\x02\x00\xc8");

    let server = parse(pki.server().certificate());
    assert_eq!(common_name(&server), "ngtt.test");
    let usage = server.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth);
    assert_eq!(
        server
            .subject_alternative_name()
            .unwrap()
            .unwrap()
            .value
            .general_names
            .len(),
        4
    );

    let server_ca = parse(pki.server_ca());
    assert!(server_ca.is_ca());
    assert_ne!(server_ca.public_key(), parse(pki.device_ca()).public_key());
    // ecPublicKey on prime256v1, RFC 5480.
    for certificate in [&device, &server, &server_ca] {
        let curve = certificate
            .public_key()
            .algorithm
            .parameters
            .as_ref()
            .unwrap();
        assert_eq!(
            curve.as_oid().unwrap().to_id_string(),
            "1.2.840.10045.3.1.7"
        );
    }
    assert_eq!(
        server.verify_signature(Some(server_ca.public_key())),
        Ok(())
    );
}

#[tokio::test]
async fn a_folder_is_the_same_infrastructure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("new").join("pki");
    let mut made = Pki::generate();
    made.issue_device("device-0002").unwrap();
    made.write_dir(&folder).unwrap();

    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let expected = [
        "device-0001.key",
        "device-0001.pem",
        "device-0002.key",
        "device-0002.pem",
        "device-ca.pem",
        "server-ca.pem",
        "server.key",
        "server.pem",
    ];
    assert_eq!(files, expected);

    let loaded = Pki::load_dir(&folder).unwrap();
    assert_eq!(loaded.devices().len(), 2);
    assert_eq!(loaded.server(), made.server());
    for (id, identity) in made.devices() {
        assert_eq!(loaded.device(id), Some(identity));
    }
    let device = loaded.device("device-0002");
    assert_eq!(client_says(&loaded, device, "ngtt.test").await, Ok(()));
    // Ends of different origin understand each other too.
    let server = made.server_config(false, None).unwrap();
    let client = loaded.client_config(device).unwrap();
    assert_eq!(
        handshake(server, client, "ngtt.test").await,
        (Ok(()), Ok(()))
    );
}

#[cfg(unix)]
#[test]
fn keys_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    Pki::generate().write_dir(folder.path()).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        if path.extension().is_some_and(|extension| extension == "key") {
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let first = Pki::generate();
    first.write_dir(folder.path()).unwrap();
    let refused = Pki::generate().write_dir(folder.path());
    assert!(
        matches!(refused, Err(PkiError::Exists { .. })),
        "{refused:?}"
    );
    assert_eq!(
        Pki::load_dir(folder.path()).unwrap().server(),
        first.server()
    );
}

#[test]
fn what_is_wrong_with_a_folder_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Pki::load_dir(&folder.path().join("missing")).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
    Pki::generate().write_dir(folder.path()).unwrap();
    std::fs::write(folder.path().join("server.key"), "no key").unwrap();
    let damaged = Pki::load_dir(folder.path()).unwrap_err();
    let text = damaged.to_string();
    assert!(
        text.contains("server.key does not hold a PKCS #8 private key"),
        "{text}"
    );
    let (from, to) = ("device-0001.key", "server.key");
    std::fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
    let mixed = Pki::load_dir(folder.path()).unwrap_err();
    assert!(matches!(mixed, PkiError::OtherKey { .. }), "{mixed}");
    std::fs::remove_file(folder.path().join("server.key")).unwrap();
    let text = Pki::load_dir(folder.path()).unwrap_err().to_string();
    assert!(text.contains("server.key"), "{text}");
}

#[test]
fn what_cannot_be_issued_is_said() {
    let mut pki = Pki::generate();
    assert!(matches!(
        pki.issue_device("../x"),
        Err(PkiError::Name { .. })
    ));
    assert!(matches!(
        pki.server_identity(&[], Validity::current()),
        Err(PkiError::Name { .. })
    ));
    let folder = tempfile::tempdir().unwrap();
    pki.write_dir(folder.path()).unwrap();
    let mut loaded = Pki::load_dir(folder.path()).unwrap();
    assert!(matches!(
        loaded.issue_device("device-0003"),
        Err(PkiError::NoAuthorityKey)
    ));
}

#[tokio::test]
async fn the_key_log_has_the_secrets_of_tls_1_3() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.log");
    let pki = Pki::generate();
    let keylog = KeyLogFile::open(&path).unwrap();
    let server = pki.server_config(false, Some(keylog)).unwrap();
    let client = pki.client_config(pki.device("device-0001")).unwrap();
    assert_eq!(
        handshake(server, client, "ngtt.test").await,
        (Ok(()), Ok(()))
    );
    let log = std::fs::read_to_string(&path).unwrap();
    for label in [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ] {
        let line = log.lines().find(|line| line.starts_with(label)).unwrap();
        let fields: Vec<_> = line.split(' ').collect();
        assert_eq!((fields.len(), fields[1].len()), (3, 64), "{line}");
    }
}
