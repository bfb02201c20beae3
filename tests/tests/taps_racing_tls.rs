//! TLS on the winner of a race: where the server there is not the one that is
//! looked for, the race goes on with the rest of the list.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::sync::Arc;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_rustls::TlsAcceptor;
use wigwag_embassy::net::{EmbassyNetwork, PathId, TcpBuffers, TcpOptions, TcpSocket};
use wigwag_embassy::taps::{Race, RaceConfig, RaceError, RemoteEndpoint, StackId, dial, sockets};
use wigwag_embassy::time::now;
use wigwag_embassy::tls::{
    self, ClockPolicy, Identity, Link, SoftwareKey, TlsParameters, TrustAnchors,
};
use wigwag_harness::device::host_time;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{Addressing, Families, Options, VirtualNet, alongside};
use wigwag_tests::e2e::{SERVER, in_paused_time};

const ADDRESSES: [IpAddr; 4] = [
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 2)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)),
];
const PATH: PathId = PathId(0);
const QUEUE: usize = 512;
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What is at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The server that is looked for.
    Right,
    /// A server of another authority.
    Stranger,
    /// Something that does not speak TLS.
    Garbage,
    /// It closes at once.
    Closed,
    /// It accepts, and never says a word.
    Mute,
}

async fn serve(at: At, right: TlsAcceptor, stranger: TlsAcceptor, mut stream: DuplexStream) {
    let acceptor = match at {
        At::Right => right,
        At::Stranger => stranger,
        At::Garbage => {
            let _ = stream.write_all(b"220 mail.test ready\r\n").await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
            return;
        }
        At::Closed => return,
        At::Mute => {
            let _ = stream.read_to_end(&mut Vec::new()).await;
            return;
        }
    };
    if let Ok(mut stream) = acceptor.accept(stream).await {
        let mut said = [0; 5];
        let _ = stream.read_exact(&mut said).await;
        let _ = stream.write_all(&said).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

/// Connects to the server, of whose addresses each is as `at` says in the order
/// of the race: which one it was, and which were tried before.
async fn connect(at: [At; 4]) -> (Result<IpAddr, RaceError>, Vec<IpAddr>, Duration) {
    let (pki, other) = (Pki::generate(), Pki::generate());
    let [right, stranger] = [&pki, &other]
        .map(|pki| TlsAcceptor::from(Arc::new(pki.server_config(false, None).unwrap())));
    let options = Options {
        addressing: Addressing::of(Families::Both),
        ..Options::default()
    };
    let net = VirtualNet::with(options, move |to: SocketAddr| {
        let place = ADDRESSES.iter().position(|known| *known == to.ip());
        let at = at[place.expect("an address of the server")];
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(serve(at, right.clone(), stranger.clone(), far));
        async { Ok(near) }
    });
    net.names().set(SERVER, ADDRESSES);
    let device = pki.device(DEFAULT_DEVICE_ID).unwrap();
    let key = SoftwareKey::from_der(device.key().secret_pkcs8_der()).unwrap();
    let identity = Identity::new(device.certificate(), &key).unwrap();
    let roots: [&[u8]; 1] = [pki.server_ca()];
    let trust = TrustAnchors::new(&roots).unwrap();
    let clock = ClockPolicy::real_time(host_time);
    let mut parameters = TlsParameters::new(SERVER, trust, identity, clock).unwrap();
    parameters.handshake_timeout = HANDSHAKE;

    net.run(async |stack| {
        while stack.config_v4().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let network = EmbassyNetwork::new(stack);
        let mut memory = [[[0; 2048]; 2]; 2];
        let memory = memory
            .each_mut()
            .map(|[receive, send]| TcpBuffers { receive, send });
        let sockets = sockets(&network, PATH, memory, &TcpOptions::DEFAULT).unwrap();
        let remote = [RemoteEndpoint::new().with_host_name(SERVER).with_port(2405)];
        let start = now();
        let mut race = Race::<8, 2>::new(
            &remote,
            PATH,
            StackId::Tls,
            &RaceConfig::DEFAULT,
            None,
            start,
        );
        let mut tried = Vec::new();
        loop {
            let winner = match dial(&network, &sockets, &mut race).await {
                Ok(winner) => winner,
                Err(error) => {
                    let took = now().saturating_duration_since(start);
                    return (Err(error), tried, took);
                }
            };
            tried.push(winner.to.ip());
            let socket = &sockets[winner.attempt.place()];
            if echoes(socket, &parameters).await {
                let took = now().saturating_duration_since(start);
                return (Ok(winner.to.ip()), tried, took);
            }
            socket.abort();
            race.on_rejected(winner.attempt);
        }
    })
    .await
}

/// Whether the server proves its name, and answers.
async fn echoes(socket: &impl TcpSocket, parameters: &TlsParameters<'_>) -> bool {
    let link: Link<NoopRawMutex, QUEUE, QUEUE> = Link::new();
    let connection = link.connection();
    let (mut receive, mut send) = (vec![0; 16_401], vec![0; 2048]);
    let owner = async {
        let mut rng = OsRng;
        tls::run(&link, socket, &mut receive, &mut send, parameters, &mut rng).await;
        std::future::pending().await
    };
    let work = async {
        if connection.opened().await.is_err() {
            return false;
        }
        connection.send(&[b"hello"]).await.expect("it is open");
        let heard =
            connection.receive_with(|bytes| (bytes.len() == 5).then(|| (5, bytes.to_vec())));
        assert_eq!(heard.await.expect("an answer"), b"hello");
        connection.close();
        connection.ended().await;
        true
    };
    alongside(work, vec![Box::pin(owner)]).await
}

#[test]
fn the_first_address_that_proves_its_name_is_taken() {
    use At::{Closed, Garbage, Mute, Right, Stranger};
    in_paused_time(async || {
        for (at, right) in [
            ([Right, Stranger, Stranger, Stranger], 0),
            ([Stranger, Right, Stranger, Stranger], 1),
            ([Garbage, Right, Garbage, Garbage], 1),
            ([Closed, Right, Closed, Closed], 1),
            ([Stranger, Garbage, Right, Closed], 2),
            ([Closed, Stranger, Garbage, Right], 3),
            ([Mute, Mute, Stranger, Right], 3),
        ] {
            let (result, tried, took) = connect(at).await;
            assert_eq!(result, Ok(ADDRESSES[right]), "{at:?}");
            assert_eq!(tried, ADDRESSES[..=right], "{at:?}");
            // Only silence costs time: that of a handshake.
            let mute = at[..right].iter().filter(|at| **at == Mute).count() as u32;
            let extra = took - HANDSHAKE * mute;
            assert!(extra < Duration::from_secs(5), "{at:?} took {took:?}");
        }
    });
}

#[test]
fn a_server_that_is_nowhere_is_never_taken_for_another() {
    in_paused_time(async || {
        let (result, tried, _) = connect([At::Stranger; 4]).await;
        assert_eq!(result, Err(RaceError::Rejected));
        assert_eq!(tried, ADDRESSES);
    });
}
