//! Connections while the network is worse than usual: families and paths that are
//! dead and come back, and a runner that is dropped.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::num::NonZeroU8;
use core::time::Duration;

use rand_core::OsRng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout};
use wigwag_codec::framer::Passthrough;
use wigwag_embassy::net::{ConnectError, DatagramError, EmbassyNetwork, Family, PathState};
use wigwag_embassy::taps::{
    self, Connection, ConnectionError, ConnectionEvent, Disabled, EstablishmentError,
    LocalEndpoint, MessageContext, Preconnection, RaceError, RemoteEndpoint, Sent, TransportConfig,
    TransportProperties,
};
use wigwag_embassy::tls;
use wigwag_harness::faults::{DialFault, DnsFault};
use wigwag_harness::vnet::{
    Addressing, End, Families, Options, VirtualNet, alongside, datagram_pair, with_datagrams,
};
use wigwag_tests::devices::{Plain, SLOTS, memory, on_cable, on_net, until};
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::loopback::{OWN, on_loopback};

const DEFAULT: TransportConfig<'static> = TransportConfig::DEFAULT;
const STREAM: TransportProperties = TransportProperties::RELIABLE_INORDER_STREAM;
const DATAGRAMS: TransportProperties = TransportProperties::UNRELIABLE_DATAGRAM;
const SOON: Duration = Duration::from_secs(5);
const PORT: u16 = 7;
const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1));

/// A network where every address echoes what it is sent.
fn network(families: Families) -> VirtualNet {
    let options = Options {
        addressing: Addressing::of(families),
        ..Options::default()
    };
    let streams = |_: SocketAddr| async {
        let (near, mut far) = tokio::io::duplex(1024);
        tokio::spawn(async move {
            let mut buffer = [0; 256];
            while let Ok(count @ 1..) = far.read(&mut buffer).await {
                let _ = far.write_all(&buffer[..count]).await;
            }
        });
        Ok(near)
    };
    let datagrams = |_: SocketAddr| async {
        let (near, mut far) = datagram_pair();
        tokio::spawn(async move {
            while let Some(datagram) = far.receive().await {
                far.send(datagram);
            }
        });
        Ok(near)
    };
    let net = VirtualNet::with(options, with_datagrams(streams, datagrams));
    net.names().set("server.test", [V4, V6]);
    net
}

fn on(
    families: Families,
    app: impl AsyncFnOnce(&VirtualNet, Plain<'_, Passthrough>) + Send + 'static,
) {
    in_paused_time(async move || {
        let net = network(families);
        on_net(&net, DEFAULT, async |transport| {
            // Version 4 comes by DHCP.
            sleep(SOON).await;
            app(&net, transport).await;
        })
        .await;
    });
}

fn server(properties: TransportProperties) -> Preconnection<'static, Disabled> {
    let server = RemoteEndpoint::new().with_host_name("server.test");
    Preconnection::new(properties, Disabled).add_remote(server.with_port(PORT))
}

type Stream<'a> = Connection<'a, Passthrough, Disabled>;

/// Sends something and waits for its echo.
async fn echo(connection: &Stream<'_>) {
    let context = MessageContext::new();
    assert_eq!(connection.send(b"ping", &context).await, Ok(Sent));
    let mut buffer = [0; 16];
    let received = timeout(Duration::from_secs(60), connection.receive(&mut buffer)).await;
    let received = received.expect("an echo").unwrap();
    assert_eq!(&buffer[..received.length], b"ping");
}

/// The next event is this change of the path.
async fn path_is(connection: &Stream<'_>, state: PathState) {
    let event = timeout(SOON, connection.event()).await;
    assert_eq!(event, Ok(ConnectionEvent::PathChange(state)));
}

/// A stream between two devices on a cable, over IPv6.
async fn joined<'n, 'f>(
    near: Plain<'n, Passthrough>,
    far: Plain<'f, Passthrough>,
) -> (Stream<'n>, Stream<'f>) {
    let local = LocalEndpoint::new().with_port(PORT);
    let listening = Preconnection::new(STREAM, Disabled).add_local(local);
    let listener = listening.listen(&far).unwrap();
    let to = RemoteEndpoint::new().with_address(End::Far.v6().into());
    let to = Preconnection::new(STREAM, Disabled).add_remote(to.with_port(PORT));
    let one = to.initiate(&near, None).await.unwrap();
    (one, listener.accept().await.unwrap())
}

#[test]
fn one_dead_family_costs_an_attempt_delay_and_no_more() {
    on(Families::Both, async |net, transport| {
        let (delay, late) = (DEFAULT.race.attempt_delay, Duration::from_millis(30));
        for (dead, alive) in [(Family::V6, V4), (Family::V4, V6)] {
            for fault in [DialFault::Silence, DialFault::Refuse] {
                net.faults().set_dial(DialFault::None);
                net.faults().set_dial_for(dead, fault);
                let begun = Instant::now();
                let connection = server(STREAM).initiate(&transport, None).await.unwrap();
                let passed = begun.elapsed();
                assert!(passed <= delay + late, "{dead:?} {fault:?}: {passed:?}");
                assert_eq!(connection.remote().unwrap().ip(), alive);
                echo(&connection).await;
                drop(connection);
                until("a free slot", || transport.free_slots() == SLOTS).await;
            }
        }
        // Names of one family that nobody answers for.
        net.faults().set_dial(DialFault::None);
        net.faults().set_dns_for(Family::V6, DnsFault::Silence);
        let begun = Instant::now();
        let connection = server(STREAM).initiate(&transport, None).await.unwrap();
        assert!(begun.elapsed() <= DEFAULT.race.resolution_delay + late);
        assert_eq!(connection.remote().unwrap().ip(), V4);
        net.faults().set_dns(DnsFault::NoSuchName);
        let result = server(STREAM).initiate(&transport, None).await.err();
        let no_name = matches!(
            result,
            Some(EstablishmentError::Race(RaceError::Resolve(_)))
        );
        assert!(no_name, "{result:?}");
    });
}

#[test]
fn a_path_that_is_dead_is_waited_for_and_then_given_up() {
    on(Families::V4, async |net, transport| {
        net.faults().set_link_up(false);
        sleep(SOON).await;
        let no_route = EstablishmentError::Race(RaceError::Connect(ConnectError::NoRoute));
        let begun = Instant::now();
        let result = server(STREAM).initiate(&transport, None).await;
        assert_eq!(result.err(), Some(no_route));
        assert_eq!(
            begun.elapsed().as_secs(),
            DEFAULT.race.attempt_timeout.as_secs()
        );
        let result = server(STREAM).initiate(&transport, Some(SOON)).await;
        assert_eq!(result.err(), Some(EstablishmentError::Timeout));

        let comes_back = async {
            sleep(SOON).await;
            net.faults().set_link_up(true);
        };
        let server = server(STREAM);
        let (connection, ()) = futures::join!(server.initiate(&transport, None), comes_back);
        echo(&connection.unwrap()).await;
    });
}

#[test]
fn a_connection_learns_what_becomes_of_its_path() {
    on(Families::V4, async |net, transport| {
        let stream = server(STREAM).initiate(&transport, None).await.unwrap();
        let datagrams = server(DATAGRAMS).initiate(&transport, None).await.unwrap();
        let none = timeout(SOON, stream.event()).await;
        assert!(none.is_err(), "{none:?}");
        echo(&stream).await;
        echo(&datagrams).await;

        net.faults().set_link_up(false);
        path_is(&stream, PathState::LinkDown).await;
        path_is(&datagrams, PathState::LinkDown).await;
        // DHCP's lease went with the link, so there is no address to send from.
        let context = MessageContext::new();
        assert_eq!(datagrams.send(b"lost", &context).await, Ok(Sent));
        let soft = timeout(SOON, datagrams.event()).await;
        let no_route = ConnectionEvent::SoftError(DatagramError::NoRoute);
        assert_eq!(soft, Ok(no_route));

        // And a stream whose address is gone is over.
        let reset = ConnectionError::Stack(tls::End::Reset);
        assert_eq!(stream.closed().await, Err(reset));

        net.faults().set_link_up(true);
        let mut last = None;
        while last != Some(PathState::Up) {
            match timeout(SOON, datagrams.event()).await {
                Ok(ConnectionEvent::PathChange(state)) => last = Some(state),
                other => panic!("after {last:?}: {other:?}"),
            }
        }
        echo(&datagrams).await;
    });
}

#[test]
fn a_stream_whose_address_stays_outlives_its_path() {
    on_cable(DEFAULT, async |cable, near, far| {
        let (one, two) = joined(near, far).await;
        cable.faults().set_link_up(false);
        let context = MessageContext::new();
        path_is(&one, PathState::LinkDown).await;
        path_is(&two, PathState::LinkDown).await;
        assert_eq!(one.send(b"late", &context).await, Ok(Sent));
        assert_eq!(two.send(b"too", &context).await, Ok(Sent));
        sleep(Duration::from_secs(60)).await;
        cable.faults().set_link_up(true);
        path_is(&one, PathState::Up).await;
        path_is(&two, PathState::Up).await;
        let mut buffer = [0; 16];
        assert_eq!(two.receive(&mut buffer).await.unwrap().length, 4);
        assert_eq!(one.receive(&mut buffer).await.unwrap().length, 3);
    });
}

#[test]
fn without_a_runner_there_are_no_connections_and_no_slot_is_lost() {
    in_paused_time(async || {
        let net = network(Families::V4);
        net.run(async |stack| {
            stack.wait_config_up().await;
            let mut memory = memory::<Passthrough>();
            let network = EmbassyNetwork::new(stack);
            let (transport, mut runner) = taps::new(&mut memory, network, OsRng, DEFAULT);
            let to = |port| {
                let server = RemoteEndpoint::new().with_address(V4).with_port(port);
                Preconnection::new(STREAM, Disabled).add_remote(server)
            };
            let local = LocalEndpoint::new().with_port(PORT);
            let listening = Preconnection::new(STREAM, Disabled).add_local(local);
            let held = {
                let app = async {
                    let listener = listening.listen(&transport).unwrap();
                    let ready = to(PORT).initiate(&transport, None).await.unwrap();
                    echo(&ready).await;
                    net.faults().set_dial(DialFault::Silence);
                    let opening = to(PORT).begin(&transport, None).unwrap();
                    sleep(Duration::from_secs(1)).await;
                    (listener, ready, opening)
                };
                alongside(app, vec![Box::pin(async { runner.run().await })]).await
            };
            let (listener, ready, opening) = held;
            assert_eq!(ready.closed().await, Err(ConnectionError::Aborted));
            assert_eq!(opening.ready().await, Err(EstablishmentError::Aborted));
            assert_eq!(opening.closed().await, Err(ConnectionError::NotEstablished));
            let stopped = listener.accept().await;
            assert_eq!(stopped.err(), Some(EstablishmentError::Aborted));
            drop((listener, ready, opening));
            assert_eq!(transport.free_slots(), SLOTS);
            // One that begins meanwhile, and one that nobody waits for.
            let waits = to(PORT).begin(&transport, None).unwrap();
            drop(to(PORT).begin(&transport, None).unwrap());
            drop(listening.listen(&transport).unwrap());
            assert_eq!(transport.free_slots(), SLOTS - 1);

            // Run again, it takes new ones.
            net.faults().set_dial(DialFault::None);
            let app = async {
                assert_eq!(waits.ready().await, Ok(()));
                echo(&waits).await;
                let listener = listening.listen(&transport).unwrap();
                drop((waits, listener));
                until("all slots are free", || transport.free_slots() == SLOTS).await;
            };
            alongside(app, vec![Box::pin(async { runner.run().await })]).await;
        })
        .await;
    });
}

#[test]
fn a_cable_that_carries_nothing_for_a_while_breaks_nothing() {
    on_cable(DEFAULT, async |cable, near, far| {
        // The first SYN is lost, and the next one is not.
        cable.set_silent(true);
        let heal = async {
            sleep(SOON).await;
            cable.set_silent(false);
        };
        let ((one, two), ()) = futures::join!(joined(near, far), heal);
        cable.set_silent(true);
        let context = MessageContext::new();
        assert_eq!(one.send(b"late", &context).await, Ok(Sent));
        sleep(SOON).await;
        cable.set_silent(false);
        let mut buffer = [0; 16];
        assert_eq!(two.receive(&mut buffer).await.unwrap().length, 4);
        assert_eq!(two.remote(), one.local());
    });
}

#[test]
fn packets_carry_the_hop_limit_that_was_set() {
    on_loopback(async |network, wire| {
        let config = TransportConfig {
            hop_limit: NonZeroU8::new(17),
            ..DEFAULT
        };
        let mut memory = memory::<Passthrough>();
        let (transport, mut runner) = taps::new(&mut memory, *network, OsRng, config);
        let app = async {
            for properties in [STREAM, DATAGRAMS] {
                let local = LocalEndpoint::new().with_port(PORT);
                let listening = Preconnection::new(properties, Disabled).add_local(local);
                let listener = listening.listen(&transport).unwrap();
                let own = RemoteEndpoint::new().with_address(OWN.into());
                let to = Preconnection::new(properties, Disabled).add_remote(own.with_port(PORT));
                sleep(Duration::from_millis(10)).await;
                let one = to.initiate(&transport, None).await.unwrap();
                let context = MessageContext::new();
                assert_eq!(one.send(b"hop", &context).await, Ok(Sent));
                let two = listener.accept().await.unwrap();
                let mut buffer = [0; 8];
                assert_eq!(two.receive(&mut buffer).await.unwrap().length, 3);
                assert_eq!(two.send(b"back", &context).await, Ok(Sent));
                assert_eq!(one.receive(&mut buffer).await.unwrap().length, 4);
                let sent = wire.take_sent();
                assert!(sent.len() >= 2);
                // RFC 791: the ninth byte is the time to live.
                assert!(sent.iter().all(|packet| packet[8] == 17));
                drop((one, two, listener));
                until("all slots are free", || transport.free_slots() == SLOTS).await;
                wire.take_sent();
            }
        };
        alongside(app, vec![Box::pin(async { runner.run().await })]).await;
    });
}
