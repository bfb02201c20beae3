//! Listeners over TCP, between two devices: how many sockets wait, and what
//! becomes of them and of their slots.

use core::time::Duration;

use tokio::time::timeout;
use wigwag_codec::framer::Passthrough;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::net::ConnectError;
use wigwag_embassy::taps::{
    Connection, ConnectionError, Disabled, EndpointError, EstablishmentError, Listener,
    LocalEndpoint, MessageContext, Preconnection, RaceError, RemoteEndpoint, Sent, TransportConfig,
    TransportProperties, With,
};
use wigwag_embassy::tls;
use wigwag_harness::vnet::End;
use wigwag_tests::devices::{Plain, SLOTS, on_cable, until};

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const DEFAULT: TransportConfig<'static> = TransportConfig::DEFAULT;
const REFUSED: EstablishmentError =
    EstablishmentError::Race(RaceError::Connect(ConnectError::Refused));

/// How many sockets of a listener wait, at most.
const BACKLOG: usize = 2;

fn framer() -> PrefixFramer {
    PrefixFramer::for_buffer(256)
}

fn client() -> Preconnection<'static, Disabled, With<PrefixFramer>> {
    let far = RemoteEndpoint::new().with_address(End::Far.v4().into());
    Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
        .add_remote(far.with_port(PORT))
        .add_framer(framer())
}

fn server() -> Preconnection<'static, Disabled, With<PrefixFramer>> {
    Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
        .add_local(LocalEndpoint::new().with_port(PORT))
        .add_framer(framer())
}

type Framed<'a> = Connection<'a, PrefixFramer, Disabled>;

async fn say(connection: &Framed<'_>, text: &str) {
    let context = MessageContext::new();
    assert_eq!(connection.send(text.as_bytes(), &context).await, Ok(Sent));
}

async fn hear(connection: &Framed<'_>, text: &str) {
    let mut buffer = [0; 64];
    let received = connection.receive(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..received.length], text.as_bytes());
}

/// The next connection, which is there already or nearly so.
async fn next<'a>(listener: &Listener<'a, PrefixFramer, Disabled>) -> Framed<'a> {
    let next = timeout(SOON, listener.accept()).await;
    next.expect("somebody has connected").unwrap()
}

async fn all_free<F: wigwag_codec::framer::Framer>(transport: Plain<'_, F>) {
    until("all slots are free", || transport.free_slots() == SLOTS).await;
}

#[test]
fn a_listener_at_one_address_hears_at_no_other() {
    on_cable(DEFAULT, async |_, near, far| {
        let local = LocalEndpoint::new().with_port(PORT);
        let listener = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
            .add_local(local.with_address(End::Far.v4().into()))
            .add_framer(framer())
            .listen(&far)
            .unwrap();
        let elsewhere = RemoteEndpoint::new().with_address(End::Far.v6().into());
        let stranger = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
            .add_remote(elsewhere.with_port(PORT))
            .add_framer(framer());
        // The socket has answered it before the listener could.
        if let Ok(stranger) = stranger.initiate(&near, None).await {
            let mut buffer = [0; 64];
            assert!(stranger.receive(&mut buffer).await.is_err());
        }
        let known = client().initiate(&near, None).await.unwrap();
        let heard = next(&listener).await;
        assert_eq!(heard.local().map(|at| at.ip()), Some(End::Far.v4().into()));
        say(&known, "here").await;
        hear(&heard, "here").await;
    });
}

#[test]
fn two_sockets_wait_and_who_comes_when_none_does_is_refused() {
    on_cable(DEFAULT, async |_, near, far| {
        let listener = server().listen(&far).unwrap();
        assert_eq!(far.free_slots(), SLOTS - BACKLOG);
        let client = client();
        let first = client.initiate(&near, None).await.unwrap();
        let second = client.initiate(&near, None).await.unwrap();
        assert_eq!(client.initiate(&near, None).await.err(), Some(REFUSED));

        // Each that is accepted makes room for another one.
        let (one, two) = (next(&listener).await, next(&listener).await);
        assert_eq!(far.free_slots(), 0);
        let third = client.initiate(&near, None).await.unwrap();
        let fourth = client.initiate(&near, None).await.unwrap();
        let (three, four) = (next(&listener).await, next(&listener).await);
        for (text, near, far) in [
            ("one", &first, &one),
            ("two", &second, &two),
            ("three", &third, &three),
            ("four", &fourth, &four),
        ] {
            assert_eq!(near.local(), far.remote());
            say(near, text).await;
            hear(far, text).await;
        }

        // All slots are in use: nobody waits, until one is free again.
        drop((first, fourth));
        until("a slot for the fifth", || near.free_slots() > 0).await;
        assert_eq!(client.initiate(&near, None).await.err(), Some(REFUSED));
        drop((one, two, three, four, second, third, listener));
        all_free(near).await;
        all_free(far).await;
    });
}

#[test]
fn a_slot_that_becomes_free_waits_for_the_next_peer() {
    on_cable(DEFAULT, async |_, near, far| {
        let listener = server().listen(&far).unwrap();
        let client = client();
        let mut held = Vec::new();
        for _ in 0..SLOTS {
            let near = client.initiate(&near, None).await.unwrap();
            held.push((near, next(&listener).await));
        }
        assert_eq!((near.free_slots(), far.free_slots()), (0, 0));
        let again = async {
            held.pop();
            until("a free slot", || near.free_slots() > 0).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.initiate(&near, None).await.unwrap()
        };
        let (accepted, initiated) = futures::join!(listener.accept(), again);
        say(&initiated, "fifth").await;
        hear(&accepted.unwrap(), "fifth").await;
    });
}

#[test]
fn a_limit_makes_further_connections_wait() {
    on_cable(DEFAULT, async |_, near, far| {
        let listener = server().listen(&far).unwrap();
        listener.set_new_connection_limit(Some(1));
        let client = client();
        let first = client.initiate(&near, None).await.unwrap();
        let second = client.initiate(&near, None).await.unwrap();
        let one = next(&listener).await;
        say(&first, "first").await;
        hear(&one, "first").await;
        let more = timeout(Duration::from_secs(60), listener.accept()).await;
        assert!(more.is_err(), "one beyond the limit");
        // What it says meanwhile is kept.
        say(&second, "second").await;
        let allow = async { listener.set_new_connection_limit(Some(1)) };
        let (two, ()) = futures::join!(next(&listener), allow);
        hear(&two, "second").await;
        listener.set_new_connection_limit(None);
        let _third = client.initiate(&near, None).await.unwrap();
        next(&listener).await;
    });
}

#[test]
fn a_listener_that_is_stopped_or_dropped_leaves_what_was_accepted() {
    for is_dropped in [false, true] {
        on_cable(DEFAULT, async move |_, near, far| {
            let listener = server().listen(&far).unwrap();
            let client = client();
            let near_one = client.initiate(&near, None).await.unwrap();
            let near_two = client.initiate(&near, None).await.unwrap();
            let far_one = next(&listener).await;
            if is_dropped {
                drop(listener);
            } else {
                listener.stop();
                listener.stop();
                let stopped = listener.accept().await;
                assert_eq!(stopped.err(), Some(EstablishmentError::Aborted));
            }
            // The one that was not accepted is cut off.
            let cut = Err(ConnectionError::Stack(tls::End::Reset));
            assert_eq!(near_two.closed().await, cut);
            say(&near_one, "still here").await;
            hear(&far_one, "still here").await;
            until("the sockets are gone", || far.free_slots() == SLOTS - 1).await;
            assert_eq!(client.initiate(&near, None).await.err(), Some(REFUSED));

            // The port is free for another one.
            let listener = server().listen(&far).unwrap();
            let near_three = client.initiate(&near, None).await.unwrap();
            say(&near_three, "anew").await;
            hear(&next(&listener).await, "anew").await;
            drop((near_one, near_two, near_three, far_one, listener));
            all_free(far).await;
        });
    }
}

#[test]
fn only_the_remote_endpoints_that_were_named_are_let_in() {
    on_cable(DEFAULT, async |_, near, far| {
        let named = |address: core::net::Ipv4Addr| {
            server().add_remote(RemoteEndpoint::new().with_address(address.into()))
        };
        let client = client();
        let listener = named("10.0.0.9".parse().unwrap()).listen(&far).unwrap();
        for _ in 0..3 {
            // The reset may be there before anybody has seen the connection.
            match client.initiate(&near, None).await {
                Ok(stranger) => {
                    let cut = Err(ConnectionError::Stack(tls::End::Reset));
                    assert_eq!(stranger.closed().await, cut);
                }
                Err(error) => assert_eq!(error, REFUSED),
            }
            until("the socket waits again", || near.free_slots() == SLOTS).await;
        }
        assert!(timeout(SOON, listener.accept()).await.is_err());
        drop(listener);
        all_free(far).await;

        let listener = named(End::Near.v4()).listen(&far).unwrap();
        let known = client.initiate(&near, None).await.unwrap();
        say(&known, "known").await;
        hear(&next(&listener).await, "known").await;
    });
}

#[test]
fn peers_that_reset_before_they_are_accepted_cost_no_slot() {
    on_cable(DEFAULT, async |_, near, far| {
        let listener = server().listen(&far).unwrap();
        let client = client();
        let attack = async {
            for _ in 0..20 {
                if let Ok(connection) = client.initiate(&near, None).await {
                    connection.abort();
                    let _ = connection.closed().await;
                }
            }
            until("the last one is gone", || near.free_slots() == SLOTS).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let good = client.initiate(&near, None).await.unwrap();
            say(&good, "good").await;
            good
        };
        let accept = async {
            loop {
                let far = next(&listener).await;
                let mut buffer = [0; 8];
                match far.receive(&mut buffer).await {
                    Ok(received) => {
                        assert_eq!(&buffer[..received.length], b"good");
                        break far;
                    }
                    Err(_) => assert!(far.closed().await.is_err()),
                }
            }
        };
        let (good, accepted) = futures::join!(attack, accept);
        drop((good, accepted, listener));
        all_free(far).await;
    });
}

#[test]
fn what_cannot_be_listened_to_is_told_before_anything_is_taken() {
    on_cable(DEFAULT, async |_, _: Plain<'_, Passthrough>, far| {
        let new = || Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled);
        let nowhere = new().add_framer(framer()).listen(&far).err();
        assert_eq!(nowhere, Some(EstablishmentError::MissingEndpoint));
        let no_port = new().add_local(LocalEndpoint::new()).add_framer(framer());
        let no_port = no_port.listen(&far).err();
        assert_eq!(
            no_port,
            Some(EstablishmentError::Endpoint(EndpointError::NoPort))
        );
        assert_eq!(far.free_slots(), SLOTS);

        // A port is for one listener.
        let first = server().listen(&far).unwrap();
        let in_use = EstablishmentError::Race(RaceError::Connect(ConnectError::Unusable));
        assert_eq!(server().listen(&far).err(), Some(in_use));
        assert_eq!(far.free_slots(), SLOTS - BACKLOG);
        let another = |port| {
            let local = LocalEndpoint::new().with_port(port);
            new().add_local(local).add_framer(framer()).listen(&far)
        };
        let second = another(PORT + 1).unwrap();
        assert_eq!(far.free_slots(), 0);
        assert_eq!(another(PORT + 2).err(), Some(EstablishmentError::NoSlot));
        drop((first, second));
        all_free(far).await;
    });
}
