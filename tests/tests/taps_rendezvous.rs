//! Two devices that call each other over UDP until they meet.

use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use wigwag_codec::framer::Passthrough;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    Connection, Disabled, EndpointError, EstablishmentError, LocalEndpoint, MessageContext,
    Preconnection, RemoteEndpoint, Sent, StackId, TransportConfig, TransportProperties,
};
use wigwag_harness::vnet::End;
use wigwag_tests::devices::{Plain, SLOTS, on_cable, until};

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const DEFAULT: TransportConfig<'static> = TransportConfig::DEFAULT;
const DATAGRAMS: TransportProperties = TransportProperties::UNRELIABLE_DATAGRAM;

/// How often a peer is called.
const CALL: Duration = Duration::from_millis(250);

type Datagrams<'a> = Connection<'a, Passthrough, Disabled>;

const fn at(address: IpAddr) -> RemoteEndpoint<'static> {
    RemoteEndpoint::new().with_address(address).with_port(PORT)
}

const fn v4(end: End) -> IpAddr {
    IpAddr::V4(end.v4())
}

/// Meets whoever is at one of these.
fn meets(peers: &[IpAddr]) -> Preconnection<'static, Disabled> {
    let own = LocalEndpoint::new().with_port(PORT);
    let new = Preconnection::new(DATAGRAMS, Disabled).add_local(own);
    let add = |new: Preconnection<'static, _>, peer: &IpAddr| new.add_remote(at(*peer));
    peers.iter().fold(new, add)
}

async fn talk(from: &Datagrams<'_>, to: &Datagrams<'_>, text: &str) {
    let context = MessageContext::new();
    assert_eq!(from.send(text.as_bytes(), &context).await, Ok(Sent));
    let mut buffer = [0; 64];
    let received = timeout(SOON, to.receive(&mut buffer)).await;
    let received = received.expect(text).unwrap();
    assert_eq!(&buffer[..received.length], text.as_bytes());
}

async fn all_free(transport: Plain<'_, Passthrough>) {
    until("all slots are free", || transport.free_slots() == SLOTS).await;
}

#[test]
fn two_devices_meet_and_talk() {
    on_cable(DEFAULT, async |_, near, far| {
        let (to_far, to_near) = (meets(&[v4(End::Far)]), meets(&[v4(End::Near)]));
        let (one, two) = futures::join!(
            to_far.rendezvous(&near, Some(SOON)),
            to_near.rendezvous(&far, Some(SOON)),
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.stack(), Some(StackId::Udp));
        assert_eq!(one.remote().unwrap().ip(), v4(End::Far));
        talk(&one, &two, "hello").await;
        talk(&two, &one, "hello to you").await;
        // Calls are no messages.
        let mut nothing = [0; 8];
        assert!(timeout(SOON, one.receive(&mut nothing)).await.is_err());
        drop((one, two));
        all_free(near).await;
        all_free(far).await;
    });
}

#[test]
fn who_starts_late_is_waited_for() {
    on_cable(DEFAULT, async |cable, near, far| {
        let early = async {
            let peer = meets(&[v4(End::Far)]);
            peer.rendezvous(&near, None).await.unwrap()
        };
        let late = async {
            sleep(Duration::from_secs(60)).await;
            let begun = Instant::now();
            let peer = meets(&[v4(End::Near)]);
            let met = peer.rendezvous(&far, None).await.unwrap();
            let passed = begun.elapsed();
            assert!(passed <= Duration::from_secs(2), "after {passed:?}");
            met
        };
        let (one, two) = futures::join!(early, late);
        talk(&one, &two, "you are late").await;
        talk(&two, &one, "sorry").await;
        // They do not call each other for ever.
        sleep(Duration::from_secs(30)).await;
        let before = cable.faults().counts().frames;
        sleep(Duration::from_secs(30)).await;
        assert_eq!(cable.faults().counts().frames, before);
    });
}

/// The first to hear the other says so, and that may be lost.
#[test]
fn an_answer_that_is_lost_is_given_again() {
    on_cable(DEFAULT, async |cable, near, far| {
        let early = async {
            let peer = meets(&[v4(End::Far)]);
            peer.rendezvous(&near, Some(SOON)).await.unwrap()
        };
        let late = async {
            sleep(Duration::from_secs(2)).await;
            // From now on nothing that the early one says arrives.
            let lose = Duration::from_secs(2);
            cable.faults().drop_next(End::Near.sends(), u32::MAX);
            let heal = async {
                sleep(lose).await;
                cable.faults().drop_next(End::Near.sends(), 0);
            };
            let peer = meets(&[v4(End::Near)]);
            let begun = Instant::now();
            let (met, ()) = futures::join!(peer.rendezvous(&far, Some(SOON)), heal);
            let passed = begun.elapsed();
            assert!(passed >= lose && passed <= lose + 2 * CALL, "{passed:?}");
            met.unwrap()
        };
        let (one, two) = futures::join!(early, late);
        talk(&two, &one, "at last").await;
    });
}

#[test]
fn the_family_and_the_address_that_answers_is_taken() {
    on_cable(DEFAULT, async |_, near, far| {
        // Nobody is at the first one, and the last one is of the other family.
        let nobody = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 77));
        let to_far = meets(&[nobody, IpAddr::V6(End::Far.v6())]);
        let to_near = meets(&[IpAddr::V6(End::Near.v6())]);
        let (one, two) = futures::join!(
            to_far.rendezvous(&near, Some(SOON)),
            to_near.rendezvous(&far, Some(SOON)),
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.remote().unwrap().ip(), IpAddr::V6(End::Far.v6()));
        talk(&one, &two, "over version 6").await;
    });
}

#[test]
fn strangers_are_not_met() {
    on_cable(DEFAULT, async |_, near, far| {
        // Calls from another port than that of the peer.
        let stranger = Preconnection::new(DATAGRAMS, Disabled)
            .add_local(LocalEndpoint::new().with_port(PORT + 1))
            .add_remote(at(v4(End::Far)));
        let calls = async {
            let stranger = stranger.initiate(&near, None).await.unwrap();
            for _ in 0..10 {
                let context = MessageContext::new();
                assert_eq!(stranger.send(b"let me in", &context).await, Ok(Sent));
                sleep(CALL).await;
            }
        };
        let peer = meets(&[v4(End::Near)]);
        let (met, ()) = futures::join!(peer.rendezvous(&far, Some(SOON)), calls);
        assert_eq!(met.err(), Some(EstablishmentError::Timeout));
        all_free(far).await;
    });
}

#[test]
fn silence_ends_in_time() {
    on_cable(
        DEFAULT,
        async |cable, near: Plain<'_, Passthrough>, _: Plain<'_, Passthrough>| {
            let limit = TransportConfig::DEFAULT.race.deadline;
            for (wanted, expected) in [(Some(SOON), SOON), (None, limit)] {
                let begun = Instant::now();
                let met = meets(&[v4(End::Far)]).rendezvous(&near, wanted).await;
                assert_eq!(met.err(), Some(EstablishmentError::Timeout));
                let passed = begun.elapsed();
                let late = Duration::from_millis(20);
                assert!(
                    passed >= expected && passed <= expected + late,
                    "{passed:?}"
                );
            }
            // Given up, it calls nobody any more.
            let peer = meets(&[v4(End::Far)]);
            let dropped = timeout(SOON, peer.rendezvous(&near, None)).await;
            assert!(dropped.is_err());
            all_free(near).await;
            let before = cable.faults().counts().frames;
            sleep(SOON).await;
            assert_eq!(cable.faults().counts().frames, before);
        },
    );
}

#[test]
fn what_cannot_be_met_is_told_before_a_frame_leaves() {
    on_cable(
        DEFAULT,
        async |cable, near: Plain<'_, PrefixFramer>, _: Plain<'_, Passthrough>| {
            let before = cable.faults().counts().frames;
            let framer = PrefixFramer::for_buffer(64);
            let own = LocalEndpoint::new().with_port(PORT);
            let peer = at(v4(End::Far));
            let new = |properties| Preconnection::new(properties, Disabled).add_framer(framer);
            let no_port = EstablishmentError::Endpoint(EndpointError::NoPort);
            for (preconnection, error) in [
                // TCP has no simultaneous open here.
                (
                    new(TransportProperties::RELIABLE_MESSAGE)
                        .add_local(own)
                        .add_remote(peer),
                    EstablishmentError::NotSupported,
                ),
                (
                    new(DATAGRAMS).add_remote(peer),
                    EstablishmentError::MissingEndpoint,
                ),
                (
                    new(DATAGRAMS).add_local(own),
                    EstablishmentError::MissingEndpoint,
                ),
                (
                    new(DATAGRAMS)
                        .add_local(own)
                        .add_remote(RemoteEndpoint::new().with_address(v4(End::Far))),
                    no_port,
                ),
                (
                    new(DATAGRAMS)
                        .add_local(LocalEndpoint::new())
                        .add_remote(peer),
                    no_port,
                ),
            ] {
                assert_eq!(
                    preconnection.rendezvous(&near, None).await.err(),
                    Some(error)
                );
            }
            assert_eq!(near.free_slots(), SLOTS);
            assert_eq!(cable.faults().counts().frames, before);
        },
    );
}
