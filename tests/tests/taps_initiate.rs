//! Initiating a connection, on a virtual network: what is found before a packet
//! leaves, what waits until Ready, and what is given up.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout};
use wigwag_codec::framer::Passthrough;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::net::{ConnectError, EmbassyNetwork, PathId, ResolveError};
use wigwag_embassy::taps::{
    ConnectionState, Disabled, EndpointError, EstablishmentError, MAX_ENDPOINTS, MessageContext,
    Preconnection, RaceError, RemoteEndpoint, SelectionProperty, SendError, SendFailure, Sent,
    TransportConfig, TransportProperties, With,
};
use wigwag_harness::faults::{DialFault, DnsFault};
use wigwag_harness::vnet::{Addressing, Families, Options, VirtualNet};
use wigwag_tests::devices::{Plain, SLOTS, on_net, until};
use wigwag_tests::e2e::in_paused_time;

const DEFAULT: TransportConfig<'static> = TransportConfig::DEFAULT;
const SOON: Duration = Duration::from_secs(5);
const PORT: u16 = 7;
const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1));

/// A network where every address echoes what it is sent.
fn network(families: Families) -> VirtualNet {
    let options = Options {
        addressing: Addressing::of(families),
        ..Options::default()
    };
    let net = VirtualNet::with(options, |_: SocketAddr| async {
        let (near, mut far) = tokio::io::duplex(1024);
        tokio::spawn(async move {
            let mut buffer = [0; 256];
            while let Ok(count @ 1..) = far.read(&mut buffer).await {
                let _ = far.write_all(&buffer[..count]).await;
            }
        });
        Ok(near)
    });
    net.names().set("server.test", [V4]);
    net
}

fn on(app: impl AsyncFnOnce(&VirtualNet, Plain<'_, PrefixFramer>) + Send + 'static) {
    in_paused_time(async || {
        let net = network(Families::V4);
        on_net(&net, DEFAULT, async |transport| app(&net, transport).await).await;
    });
}

const fn at(address: IpAddr) -> RemoteEndpoint<'static> {
    RemoteEndpoint::new().with_address(address).with_port(PORT)
}

fn to(remotes: &[RemoteEndpoint<'static>]) -> Preconnection<'static, Disabled, With<PrefixFramer>> {
    let new = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
        .add_framer(PrefixFramer::for_buffer(256));
    remotes
        .iter()
        .fold(new, |new, remote| new.add_remote(*remote))
}

async fn all_free(transport: Plain<'_, PrefixFramer>) {
    until("all slots are free", || transport.free_slots() == SLOTS).await;
}

#[test]
fn messages_before_ready_leave_in_their_order() {
    on(async |net, transport| {
        let late = Duration::from_secs(2);
        net.faults().set_dial(DialFault::Delay(late));
        let begun = Instant::now();
        let server = to(&[at(V4)]);
        let connection = server.begin(&transport, Some(SOON)).unwrap();
        assert_eq!(connection.state(), ConnectionState::Establishing);
        let context = MessageContext::new();
        let tickets = [&b"one"[..], b"two", b"three"]
            .map(|text| connection.try_send(text, &context).unwrap());
        assert!(begun.elapsed() < late);
        assert_eq!(connection.ready().await, Ok(()));
        assert_eq!(connection.ready().await, Ok(()), "asked again");
        assert_eq!(connection.state(), ConnectionState::Established);
        let mut buffer = [0; 16];
        for text in [&b"one"[..], b"two", b"three"] {
            let received = connection.receive(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..received.length], text);
        }
        for ticket in tickets {
            assert_eq!(connection.outcome(ticket).await, Ok(Sent));
        }
    });
}

#[test]
fn a_first_message_goes_with_the_connection() {
    on(async |net, transport| {
        let server = to(&[at(V4)]);
        let context = MessageContext::new();
        let begin = |text| server.initiate_with_send(&transport, text, &context, Some(SOON));
        let (connection, ticket) = begin(b"hello").unwrap();
        assert_eq!(connection.outcome(ticket).await, Ok(Sent));
        assert_eq!(connection.ready().await, Ok(()));
        let mut buffer = [0; 16];
        let received = connection.receive(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..received.length], b"hello");
        drop(connection);
        all_free(transport).await;

        // One that is never taken, and one that never leaves.
        let too_long = begin(&[0; 4096]).err();
        assert!(matches!(
            too_long,
            Some(EstablishmentError::FirstMessage(
                SendError::MessageTooLarge { .. }
            ))
        ));
        all_free(transport).await;
        net.faults().set_dial(DialFault::Refuse);
        let (connection, ticket) = begin(b"lost").unwrap();
        let outcome = connection.outcome(ticket).await;
        assert!(matches!(outcome, Err(SendFailure::Error(_))), "{outcome:?}");
        let refused = EstablishmentError::Race(RaceError::Connect(ConnectError::Refused));
        assert_eq!(connection.ready().await, Err(refused));
    });
}

#[test]
fn what_cannot_be_is_told_before_a_packet_leaves() {
    on(async |net, transport| {
        let before = net.faults().counts().frames;
        let new = |properties| {
            Preconnection::new(properties, Disabled).add_framer(PrefixFramer::for_buffer(256))
        };
        let reliable = TransportProperties::RELIABLE_MESSAGE;
        let nowhere = new(reliable).begin(&transport, None).err();
        assert_eq!(nowhere, Some(EstablishmentError::MissingEndpoint));
        let no_port = new(reliable).add_remote(RemoteEndpoint::new().with_address(V4));
        let no_port = no_port.begin(&transport, None).err();
        assert_eq!(
            no_port,
            Some(EstablishmentError::Endpoint(EndpointError::NoPort))
        );
        let impossible = reliable.require(SelectionProperty::Multistreaming);
        let impossible = new(impossible).add_remote(at(V4)).begin(&transport, None);
        assert!(matches!(
            impossible.err(),
            Some(EstablishmentError::Unsatisfiable(_))
        ));
        let many = to(&[at(V4); MAX_ENDPOINTS + 1]).begin(&transport, None);
        assert_eq!(many.err(), Some(EstablishmentError::TooManyEndpoints));

        // Given up before the runner has looked at it.
        drop(to(&[at(V4)]).begin(&transport, None).unwrap());
        let aborted = to(&[at(V4)]).begin(&transport, None).unwrap();
        aborted.abort();
        assert_eq!(aborted.ready().await, Err(EstablishmentError::Aborted));
        drop(aborted);
        all_free(transport).await;
        sleep(SOON).await;
        assert_eq!(net.faults().counts().frames, before);

        let held = [(); SLOTS].map(|()| to(&[at(V4)]).begin(&transport, None).unwrap());
        let one_more = to(&[at(V4)]).begin(&transport, None);
        assert_eq!(one_more.err(), Some(EstablishmentError::NoSlot));
        for connection in &held {
            assert_eq!(connection.ready().await, Ok(()));
        }
        drop(held);
        all_free(transport).await;
    });
}

#[test]
fn a_timeout_is_for_all_of_it() {
    on(async |net, transport| {
        let server = to(&[RemoteEndpoint::new()
            .with_host_name("server.test")
            .with_port(PORT)]);
        for is_name in [true, false] {
            if is_name {
                net.faults().set_dns(DnsFault::Silence);
            } else {
                net.faults().set_dns(DnsFault::None);
                net.faults().set_dial(DialFault::Silence);
            }
            let begun = Instant::now();
            let result = server.initiate(&transport, Some(SOON)).await;
            assert_eq!(result.err(), Some(EstablishmentError::Timeout));
            assert_eq!(begun.elapsed().as_secs(), SOON.as_secs());
            all_free(transport).await;
        }
        // Without one, each step has its own.
        let begun = Instant::now();
        let result = server.initiate(&transport, None).await.err();
        let timed_out = EstablishmentError::Race(RaceError::Connect(ConnectError::TimedOut));
        assert_eq!(result, Some(timed_out));
        assert!(begun.elapsed() <= DEFAULT.race.attempt_timeout + SOON);
    });
}

#[test]
fn dropping_the_future_gives_it_up() {
    on(async |net, transport| {
        net.faults().set_dial(DialFault::Silence);
        let server = to(&[at(V4), at(OTHER)]);
        for _ in 0..SLOTS + 1 {
            let dropped = timeout(Duration::from_secs(1), server.initiate(&transport, None));
            assert!(dropped.await.is_err());
        }
        all_free(transport).await;
        let before = net.faults().counts().frames;
        sleep(Duration::from_secs(60)).await;
        assert_eq!(net.faults().counts().frames, before);
    });
}

#[test]
fn the_next_endpoint_is_tried_and_can_be_changed_later() {
    on(async |net, transport| {
        net.faults().set_dial_to(V4, DialFault::Refuse);
        let server = to(&[at(V4), at(OTHER)]);
        let connection = server.initiate(&transport, Some(SOON)).await.unwrap();
        assert_eq!(connection.remote().unwrap().ip(), OTHER);
        // What is said later touches no connection that there is.
        let _changed = server.clone().add_remote(at(V6));
        // A connection keeps its address, and its clones take the new list.
        assert_eq!(connection.add_remote(at(V6)), Ok(()));
        assert_eq!(connection.add_remote(at(V6)), Ok(()), "known already");
        for remote in [at(V4), at(OTHER)] {
            assert_eq!(connection.remove_remote(&remote), Ok(()));
            assert!(connection.remove_remote(&remote).is_err());
        }
        assert!(connection.remove_remote(&at(V6)).is_err(), "the last one");
        let context = MessageContext::new();
        assert_eq!(connection.send(b"still", &context).await, Ok(Sent));
        let mut buffer = [0; 8];
        assert_eq!(connection.receive(&mut buffer).await.unwrap().length, 5);
    });
}

#[test]
fn names_are_resolved_in_both_families_apart() {
    in_paused_time(async || {
        let net = network(Families::Both);
        net.names().set("both.test", [V4, V6]);
        net.run(async |stack| {
            while stack.config_v4().is_none() {
                sleep(Duration::from_millis(1)).await;
            }
            let network = EmbassyNetwork::new(stack);
            let named = |name| RemoteEndpoint::new().with_host_name(name).with_port(PORT);
            let resolve = async |remotes: &[RemoteEndpoint<'static>]| {
                let found = to(remotes).resolve(&network, PathId(0), SOON).await;
                found.map(|found| found.iter().map(SocketAddr::ip).collect::<Vec<_>>())
            };
            assert_eq!(resolve(&[named("both.test")]).await, Ok(vec![V6, V4]));
            assert_eq!(resolve(&[named("server.test")]).await, Ok(vec![V4]));
            let all = [at(OTHER), named("nobody.test"), named("both.test")];
            assert_eq!(resolve(&all).await, Ok(vec![OTHER, V6, V4]));
            let nobody = resolve(&[named("nobody.test")]).await;
            assert_eq!(nobody, Err(ResolveError::Failed));
            net.faults()
                .set_dns_for(wigwag_embassy::net::Family::V6, DnsFault::Silence);
            assert_eq!(resolve(&[named("both.test")]).await, Ok(vec![V4]));
        })
        .await;
    });
}

#[test]
fn a_datagram_connection_has_no_packet_of_its_own() {
    in_paused_time(async || {
        let net = network(Families::V4);
        on_net(&net, DEFAULT, async |transport: Plain<'_, Passthrough>| {
            let before = net.faults().counts().frames;
            let new = Preconnection::new(TransportProperties::UNRELIABLE_DATAGRAM, Disabled);
            let none = new
                .clone()
                .add_remote(at(V6))
                .initiate(&transport, None)
                .await;
            let no_route = EstablishmentError::Race(RaceError::Connect(ConnectError::NoRoute));
            assert_eq!(none.err(), Some(no_route));
            let ready = new.add_remote(at(V6)).add_remote(at(V4));
            let ready = ready.initiate(&transport, None).await.unwrap();
            assert_eq!(ready.remote().unwrap().ip(), V4);
            assert_eq!(net.faults().counts().frames, before);
        })
        .await;
    });
}
