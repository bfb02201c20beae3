//! Listeners over UDP, between two devices: one socket, and a connection for each
//! peer.

use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use tokio::time::timeout;
use wigwag_codec::framer::Passthrough;
use wigwag_embassy::net::ConnectError;
use wigwag_embassy::taps::{
    Connection, Disabled, EstablishmentError, Listener, LocalEndpoint, MessageContext,
    Preconnection, RaceError, RemoteEndpoint, Sent, TransportConfig, TransportProperties,
};
use wigwag_harness::vnet::End;
use wigwag_tests::devices::{Plain, SLOTS, on_cable, until};

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const DEFAULT: TransportConfig<'static> = TransportConfig::DEFAULT;
const DATAGRAMS: TransportProperties = TransportProperties::UNRELIABLE_DATAGRAM;
const FAR: RemoteEndpoint<'static> = RemoteEndpoint::new()
    .with_address(IpAddr::V4(End::Far.v4()))
    .with_port(PORT);

/// How many connections that nobody has accepted a listener keeps.
const BACKLOG: usize = 2;

type Datagrams<'a> = Connection<'a, Passthrough, Disabled>;

fn client() -> Preconnection<'static, Disabled> {
    Preconnection::new(DATAGRAMS, Disabled).add_remote(FAR)
}

fn server() -> Preconnection<'static, Disabled> {
    Preconnection::new(DATAGRAMS, Disabled).add_local(LocalEndpoint::new().with_port(PORT))
}

/// A listener whose socket is there.
async fn listen<'a>(far: &Plain<'a, Passthrough>) -> Listener<'a, Passthrough, Disabled> {
    let listener = server().listen(far).unwrap();
    until("the socket", || listener.local().is_some()).await;
    listener
}

async fn say(connection: &Datagrams<'_>, text: &str) {
    let context = MessageContext::new();
    assert_eq!(connection.send(text.as_bytes(), &context).await, Ok(Sent));
}

async fn hear(connection: &Datagrams<'_>, text: &str) {
    let mut buffer = [0; 64];
    let received = timeout(SOON, connection.receive(&mut buffer)).await;
    let received = received.expect(text).unwrap();
    assert_eq!(&buffer[..received.length], text.as_bytes());
}

async fn next<'a>(listener: &Listener<'a, Passthrough, Disabled>) -> Datagrams<'a> {
    let next = timeout(SOON, listener.accept()).await;
    next.expect("somebody has sent something").unwrap()
}

async fn nobody(listener: &Listener<'_, Passthrough, Disabled>) {
    let more = timeout(Duration::from_secs(60), listener.accept()).await;
    assert!(more.is_err());
}

async fn all_free(transport: Plain<'_, Passthrough>) {
    until("all slots are free", || transport.free_slots() == SLOTS).await;
}

#[test]
fn each_peer_has_a_connection_of_its_own() {
    on_cable(DEFAULT, async |_, near, far| {
        let listener = listen(&far).await;
        let one = client().initiate(&near, None).await.unwrap();
        let two = client().initiate(&near, None).await.unwrap();
        say(&one, "from one").await;
        say(&two, "from two").await;
        let (far_one, far_two) = (next(&listener).await, next(&listener).await);
        assert_ne!(far_one.remote(), far_two.remote());
        say(&one, "and more").await;
        for (far, near, texts) in [
            (&far_one, &one, &["from one", "and more"][..]),
            (&far_two, &two, &["from two"][..]),
        ] {
            for text in texts {
                hear(far, text).await;
            }
            say(far, texts[0]).await;
            hear(near, texts[0]).await;
        }
        // One connection ends without the other, and may begin anew.
        far_one.close();
        assert_eq!(far_one.closed().await, Ok(()));
        say(&two, "still here").await;
        hear(&far_two, "still here").await;
        say(&one, "again").await;
        let again = next(&listener).await;
        assert_eq!(again.remote(), far_one.remote());
        hear(&again, "again").await;
        drop((one, two, far_one, far_two, again, listener));
        all_free(near).await;
        all_free(far).await;
    });
}

#[test]
fn peers_beyond_the_slots_are_not_heard_until_there_is_one() {
    on_cable(DEFAULT, async |_, near, far| {
        let listener = listen(&far).await;
        let mut peers = Vec::new();
        for number in 0..SLOTS {
            let peer = client().initiate(&near, None).await.unwrap();
            say(&peer, &format!("peer {number}")).await;
            peers.push(peer);
        }
        // Two wait; the datagrams of the others were not taken by anybody.
        tokio::time::sleep(SOON).await;
        assert_eq!(far.free_slots(), SLOTS - 1 - BACKLOG);
        let first = next(&listener).await;
        let second = next(&listener).await;
        hear(&first, "peer 0").await;
        hear(&second, "peer 1").await;
        nobody(&listener).await;
        say(&peers[2], "once more").await;
        let third = next(&listener).await;
        hear(&third, "once more").await;

        // All slots are in use now, that of the socket among them.
        assert_eq!(far.free_slots(), 0);
        for _ in 0..50 {
            say(&peers[3], "lost").await;
        }
        nobody(&listener).await;
        say(&peers[0], "heard").await;
        hear(&first, "heard").await;
        drop(second);
        until("a free slot", || far.free_slots() > 0).await;
        say(&peers[3], "at last").await;
        hear(&next(&listener).await, "at last").await;
    });
}

#[test]
fn a_listener_that_is_stopped_keeps_its_socket_for_its_connections() {
    for is_dropped in [false, true] {
        on_cable(DEFAULT, async move |_, near, far| {
            let listener = listen(&far).await;
            let near_one = client().initiate(&near, None).await.unwrap();
            say(&near_one, "one").await;
            let far_one = next(&listener).await;
            hear(&far_one, "one").await;
            // This one is not accepted any more.
            let near_two = client().initiate(&near, None).await.unwrap();
            say(&near_two, "two").await;
            until("it is there", || far.free_slots() == SLOTS - 3).await;
            if is_dropped {
                drop(listener);
            } else {
                listener.stop();
                let stopped = listener.accept().await;
                assert_eq!(stopped.err(), Some(EstablishmentError::Aborted));
            }
            until("it is gone", || far.free_slots() == SLOTS - 2).await;
            say(&near_two, "nobody").await;
            for text in ["still", "here"] {
                say(&near_one, text).await;
                hear(&far_one, text).await;
                say(&far_one, text).await;
                hear(&near_one, text).await;
            }
            assert_eq!(far.free_slots(), SLOTS - 2);
            // The port belongs to the socket that is still there.
            let in_use = EstablishmentError::Race(RaceError::Connect(ConnectError::Unusable));
            assert_eq!(server().listen(&far).err(), Some(in_use));
            drop(far_one);
            all_free(far).await;
            let anew = listen(&far).await;
            say(&near_two, "anew").await;
            hear(&next(&anew).await, "anew").await;
        });
    }
}

#[test]
fn who_is_not_named_and_who_is_beyond_the_limit_is_not_heard() {
    on_cable(DEFAULT, async |_, near, far| {
        let stranger = RemoteEndpoint::new().with_address(Ipv4Addr::new(10, 0, 0, 9).into());
        let listener = server().add_remote(stranger).listen(&far).unwrap();
        until("the socket", || listener.local().is_some()).await;
        let peer = client().initiate(&near, None).await.unwrap();
        say(&peer, "lost").await;
        nobody(&listener).await;
        drop(listener);
        all_free(far).await;

        let known = RemoteEndpoint::new().with_address(End::Near.v4().into());
        let listener = server().add_remote(known).listen(&far).unwrap();
        until("the socket", || listener.local().is_some()).await;
        listener.set_new_connection_limit(Some(0));
        say(&peer, "kept").await;
        nobody(&listener).await;
        let allow = async { listener.set_new_connection_limit(None) };
        let (accepted, ()) = futures::join!(next(&listener), allow);
        hear(&accepted, "kept").await;
    });
}

#[test]
fn a_port_is_for_one_socket() {
    on_cable(DEFAULT, async |_, near: Plain<'_, Passthrough>, far| {
        let listener = listen(&far).await;
        let in_use = EstablishmentError::Race(RaceError::Connect(ConnectError::Unusable));
        assert_eq!(server().listen(&far).err(), Some(in_use));
        let from = LocalEndpoint::new().with_port(PORT);
        let to = RemoteEndpoint::new()
            .with_address(End::Near.v4().into())
            .with_port(9);
        let back = Preconnection::new(DATAGRAMS, Disabled)
            .add_local(from)
            .add_remote(to);
        assert_eq!(back.initiate(&far, None).await.err(), Some(in_use));
        assert_eq!(back.rendezvous(&far, None).await.err(), Some(in_use));
        assert_eq!(far.free_slots(), SLOTS - 1);
        drop(listener);
        all_free(far).await;

        // The local port of one that initiates is its own as well.
        let bound = back.initiate(&near, None).await.unwrap();
        assert_eq!(back.initiate(&near, None).await.err(), Some(in_use));
        drop(bound);
        all_free(near).await;
    });
}

/// smoltcp keeps a datagram until its neighbour is known, and everything behind
/// it.
#[test]
fn a_peer_that_has_vanished_does_not_hold_up_the_others_for_long() {
    on_cable(DEFAULT, async |cable, near, far| {
        let listener = listen(&far).await;
        let one = client().initiate(&near, None).await.unwrap();
        say(&one, "one").await;
        let far_one = next(&listener).await;
        // A datagram from 10.0.0.77, where nobody is.
        let mut packet = vec![
            0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 77, 10, 0, 0, 2,
        ];
        let sum: u32 = packet
            .chunks(2)
            .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]))
            .sum();
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        let mut datagram = vec![0x20, 0, 0x13, 0x88, 0, 9, 0, 0, b'x'];
        let pseudo = 0x0a00 + 77 + 0x0a00 + 2 + 17 + 9;
        let sum = pseudo + 0x2000 + 0x1388 + 9 + (u32::from(b'x') << 8);
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        datagram[6..8].copy_from_slice(&sum.to_be_bytes());
        let header = [2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 2, 77, 8, 0];
        let frame = [&header[..], &packet, &datagram].concat();
        assert!(cable.faults().inject(End::Near.sends(), frame));
        let vanished = next(&listener).await;
        hear(&vanished, "x").await;
        say(&vanished, "nobody hears this").await;
        say(&far_one, "after that").await;
        hear(&one, "after that").await;
    });
}
