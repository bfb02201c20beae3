//! A device that has no certificate to show.

use std::time::Duration;

use rustls::ServerConfig;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    Connection, ConnectionError, EstablishmentError, MessageContext, Preconnection, ReceiveError,
    SecurityParameters, TransportProperties,
};
use wigwag_embassy::tls::End;
use wigwag_harness::pki::Pki;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::secured::{ADDRESSES, Device, Servers, Setup, server};

const LIMIT: Option<Duration> = Some(Duration::from_secs(60));

type Secure<'a> = Connection<'a, PrefixFramer, SecurityParameters<'a>>;

/// Connects to the server of `servers`, without a certificate.
async fn connected<T>(
    pki: &Pki,
    servers: &Servers,
    app: impl AsyncFnOnce(Result<Secure<'_>, EstablishmentError>) -> T,
) -> T {
    let setup = Setup {
        identity: None,
        ..Setup::of(pki)
    };
    let run = async |device: Device<'_, PrefixFramer>| {
        let properties = TransportProperties::RELIABLE_MESSAGE;
        let connection = Preconnection::new(properties, device.security.clone())
            .add_remote(server())
            .add_framer(PrefixFramer::for_buffer(1024))
            .initiate(&device.transport, LIMIT)
            .await;
        app(connection).await
    };
    setup.run(&servers.network(), run).await
}

#[test]
fn a_server_that_asks_for_none_is_talked_to() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let servers = Servers::default();
        let provider = rustls::crypto::ring::default_provider();
        let config = ServerConfig::builder_with_provider(provider.into())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                pki.server().chain().to_vec(),
                pki.server().key().clone_key().into(),
            )
            .unwrap();
        servers.set_config(ADDRESSES[0], config);
        connected(&pki, &servers, async |connection| {
            let connection = connection.unwrap();
            connection
                .send(b"hello", &MessageContext::new())
                .await
                .unwrap();
            let mut buffer = [0; 16];
            let received = connection.receive(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..received.length], b"hello");
        })
        .await;
    });
}

#[test]
fn a_server_that_insists_on_one_says_so() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let servers = Servers::default();
        servers.set(ADDRESSES[0], Some(&pki));
        connected(&pki, &servers, async |connection| {
            // With TLS 1.3 the server answers when the device can already talk.
            let mut buffer = [0; 16];
            let error = connection.unwrap().receive(&mut buffer).await.unwrap_err();
            // certificate_required (RFC 8446 section 6)
            let refused = ConnectionError::Stack(End::IdentityRefused(116));
            assert_eq!(error, ReceiveError::Closed(Some(refused)));
        })
        .await;
    });
}
