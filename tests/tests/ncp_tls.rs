//! A device's NCP client over TLS, against the mock server: with and without a
//! login, to a stranger, and with sweeps that need more memory than it has.

use std::sync::Arc;

use rand_core::OsRng;
use wigwag_codec::framer::FrameErrorKind;
use wigwag_embassy::ncp::{
    self, Client, ClientConnection, ClientLink, ClientMemory, DecodeError, Error, Login, Ncp,
    NetworkError, Value,
};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{EstablishmentError, SecurityParameters, TransportConfig};
use wigwag_embassy::tls::{ClockPolicy, End, TrustAnchors};
use wigwag_harness::device::host_time;
use wigwag_harness::mock_ncp::{Credentials, MockNcp, MockNcpOptions};
use wigwag_harness::pki::Pki;
use wigwag_harness::vnet::alongside;
use wigwag_tests::e2e::{SERVER, in_paused_time, network_to};
use wigwag_tests::nodes::number;

/// What an application has.
struct Device<'a> {
    ncp: Ncp<'a, ClientLink<'a>, SecurityParameters<'a>>,
    security: SecurityParameters<'a>,
}

/// The memory of a device with packets of so many bytes, and almost nothing for
/// what comes out of turn.
type Memory<'a, const PACKET: usize> =
    ClientMemory<'a, SecurityParameters<'a>, 2, PACKET, 1024, 8, 256, 512, 4096, 1, 16_401, 2048>;

/// Runs `app` on a device that trusts the servers of `pki`, and whose every
/// connection goes to `server`.
async fn on_device<const PACKET: usize>(
    server: &MockNcp,
    pki: &Pki,
    app: impl AsyncFnOnce(Device<'_>),
) {
    let net = network_to(server.dial());
    let roots: [&[u8]; 1] = [pki.server_ca()];
    let trust = TrustAnchors::new(&roots).unwrap();
    let clock = ClockPolicy::real_time(host_time);
    let security = SecurityParameters::without_client_certificate(trust, clock);
    net.run(async |stack| {
        stack.wait_config_up().await;
        let mut memory: Box<Memory<'_, PACKET>> = Box::new(Memory::new());
        let network = EmbassyNetwork::new(stack);
        let config = TransportConfig::DEFAULT;
        let (ncp, mut runner) = ncp::new(&mut memory, network, OsRng, config);
        let runner = async { runner.run().await };
        let app = app(Device { ncp, security });
        alongside(app, vec![Box::pin(runner)]).await;
    })
    .await;
}

async fn mock(pki: &Pki, login: Option<(&str, &str)>) -> MockNcp {
    let config = pki.public_server_config(None).unwrap();
    let login = login.map(|(user, password)| Credentials::new(user, password).unwrap());
    let tls = Some(Arc::new(config));
    let options = MockNcpOptions {
        tls,
        login,
        ..MockNcpOptions::default()
    };
    MockNcp::start_with(options).await.unwrap()
}

async fn is_echoed<'a>(connection: &ClientConnection<'a, SecurityParameters<'a>>) {
    let sent = connection.send("TEST", "ECHO", |params| params.param("N", 7));
    let response = sent.await.unwrap();
    let mut buffer = [0; 64];
    let field = response.recv(&mut buffer).await.unwrap();
    assert_eq!(number(&field, "N"), 7);
}

#[test]
fn commands_are_answered_over_tls_with_and_without_a_login() {
    in_paused_time(async || {
        let pki = Pki::generate();
        for login in [None, Some(("admin", "rf:eye"))] {
            let server = mock(&pki, login).await;
            on_device::<4096>(&server, &pki, async |Device { ncp, security }| {
                let mut client = Client::tls(SERVER, security);
                if let Some((user, password)) = login {
                    client = client.with_login(Login::new(user, password).unwrap());
                }
                let connection = client.connect(&ncp).await.unwrap();
                let name = connection.remote_hostname().to_string();
                assert_eq!(name, format!("{SERVER}:443"));
                is_echoed(&connection).await;
                connection.close();
                assert_eq!(connection.wait_closed().await, Ok(()));
            })
            .await;
            assert_eq!(server.book().commands.len(), 1);
        }
    });
}

#[test]
fn a_wrong_login_over_tls_is_an_authentication_error() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = mock(&pki, Some(("admin", "rf:eye"))).await;
        on_device::<4096>(&server, &pki, async |Device { ncp, security }| {
            let client = Client::tls(SERVER, security.clone());
            let error = client.connect(&ncp).await.unwrap_err();
            assert_eq!(error, Error::AuthenticationError);
            let login = Login::new("admin", "rf:ey").unwrap();
            let client = Client::tls(SERVER, security).with_login(login);
            let error = client.connect(&ncp).await.unwrap_err();
            assert_eq!(error, Error::AuthenticationError);
        })
        .await;
    });
}

#[test]
fn a_stranger_is_not_told_the_login() {
    in_paused_time(async || {
        let (pki, stranger) = (Pki::generate(), Pki::generate());
        let server = mock(&stranger, Some(("admin", "rf:eye"))).await;
        on_device::<4096>(&server, &pki, async |Device { ncp, security }| {
            let login = Login::new("admin", "rf:eye").unwrap();
            let client = Client::tls(SERVER, security).with_login(login);
            let error = client.connect(&ncp).await.unwrap_err();
            let Error::NetworkError(NetworkError::Establishment(error)) = error else {
                panic!("{error:?}");
            };
            let refused = matches!(error, EstablishmentError::Secure(End::Certificate(_)));
            assert!(refused, "{error:?}");
        })
        .await;
        assert!(server.connected().is_empty());
    });
}

#[test]
fn a_sweep_of_64_kib_is_received_where_there_is_room_and_refused_where_there_is_not() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let server = mock(&pki, None).await;
        let points = 61_440;
        on_device::<65_536>(&server, &pki, async |Device { ncp, security }| {
            let client = Client::tls(SERVER, security);
            let connection = client.connect(&ncp).await.unwrap();
            let sent = connection.send("DSPC", "SWEP", |params| params.param("POIN", points));
            let response = sent.await.unwrap();
            let mut buffer = vec![0; 65_536];
            let field = response.recv(&mut buffer).await.unwrap();
            let Some(Value::U8s(found)) = field.value("PDAT") else {
                panic!("no points");
            };
            assert_eq!(found.len(), 61_440);
            is_echoed(&connection).await;
        })
        .await;
        on_device::<16_384>(&server, &pki, async |Device { ncp, security }| {
            let client = Client::tls(SERVER, security);
            let connection = client.connect(&ncp).await.unwrap();
            let sent = connection.send("DSPC", "SWEP", |params| params.param("POIN", points));
            let response = sent.await.unwrap();
            let error = response.recv(&mut [0; 64]).await.unwrap_err();
            let Error::DecodeError(DecodeError::Stream(error)) = error else {
                panic!("{error:?}");
            };
            let FrameErrorKind::TooLarge { length, limit } = error.kind else {
                panic!("{error:?}");
            };
            assert!(length > 61_440 && limit == 16_384);
        })
        .await;
    });
}
