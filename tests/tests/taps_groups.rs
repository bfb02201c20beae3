//! Groups of connections, and the way of one from its first state to its last,
//! between two devices.

use core::time::Duration;

use tokio::time::timeout;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::net::ConnectError;
use wigwag_embassy::taps::{
    CloneError, Connection, ConnectionError, ConnectionProperty, ConnectionState, Disabled,
    EstablishmentError, Listener, LocalEndpoint, MessageContext, Preconnection, PropertyValue,
    RaceError, ReceiveError, RemoteEndpoint, SendError, SendFailure, Sent, TransportConfig,
    TransportProperties, With,
};
use wigwag_harness::vnet::End;
use wigwag_tests::devices::{Plain, SLOTS, on_cable, until};

const PORT: u16 = 5000;
const SOON: Duration = Duration::from_secs(5);
const DEFAULT: TransportConfig<'static> = TransportConfig::DEFAULT;

type Framed<'a> = Connection<'a, PrefixFramer, Disabled>;
type Transport<'a> = Plain<'a, PrefixFramer>;

fn client() -> Preconnection<'static, Disabled, With<PrefixFramer>> {
    let far = RemoteEndpoint::new().with_address(End::Far.v4().into());
    Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
        .add_remote(far.with_port(PORT))
        .add_framer(PrefixFramer::for_buffer(256))
}

fn server() -> Preconnection<'static, Disabled, With<PrefixFramer>> {
    Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
        .add_local(LocalEndpoint::new().with_port(PORT))
        .add_framer(PrefixFramer::for_buffer(256))
}

async fn next<'a>(listener: &Listener<'a, PrefixFramer, Disabled>) -> Framed<'a> {
    let next = timeout(SOON, listener.accept()).await;
    next.expect("somebody has connected").unwrap()
}

/// A connection, its server's end, and the listener.
async fn pair<'n, 'f>(
    near: Transport<'n>,
    far: Transport<'f>,
) -> (Framed<'n>, Framed<'f>, Listener<'f, PrefixFramer, Disabled>) {
    let listener = server().listen(&far).unwrap();
    let connection = client().initiate(&near, None).await.unwrap();
    let served = next(&listener).await;
    (connection, served, listener)
}

async fn talk(near: &Framed<'_>, far: &Framed<'_>, text: &str) {
    let sent = near.send(text.as_bytes(), &MessageContext::new()).await;
    assert_eq!(sent, Ok(Sent));
    let mut buffer = [0; 64];
    let received = far.receive(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..received.length], text.as_bytes());
}

#[test]
fn a_clone_is_a_connection_of_its_own_in_the_same_group() {
    on_cable(DEFAULT, async |_, near, far| {
        let (first, first_served, listener) = pair(near, far).await;
        assert_eq!(first.grouped_connections(), 1);
        let second = first.clone_connection(Some(SOON)).await.unwrap();
        let second_served = next(&listener).await;
        assert_eq!(first.grouped_connections(), 2);
        assert!(first.is_grouped_with(&second) && second.is_grouped_with(&first));
        assert_eq!(second.remote(), first.remote());
        assert_ne!(second.local(), first.local());
        talk(&first, &first_served, "one").await;
        talk(&second, &second_served, "two").await;

        // The group outlives its first member, whose slot another one takes.
        drop((first, first_served));
        until("a free slot", || near.free_slots() == SLOTS - 1).await;
        let stranger = client().initiate(&near, None).await.unwrap();
        assert!(!stranger.is_grouped_with(&second));
        assert_eq!(second.grouped_connections(), 1);
        assert_eq!(stranger.grouped_connections(), 1);
    });
}

#[test]
fn a_clone_may_have_another_framer() {
    on_cable(DEFAULT, async |_, near, far| {
        let (first, _served, listener) = pair(near, far).await;
        // A lower limit than the first one's.
        let cloned = first.clone_framed(Some(SOON), |framer| *framer = PrefixFramer::new(4));
        let second = cloned.await.unwrap();
        let served = next(&listener).await;
        talk(&second, &served, "four").await;
        let refused = second.send(b"12345", &MessageContext::new()).await;
        let too_large = SendError::MessageTooLarge {
            length: 5,
            limit: 4,
        };
        assert_eq!(refused, Err(SendFailure::Error(too_large)));
        assert_eq!(first.send(b"12345", &MessageContext::new()).await, Ok(Sent));
    });
}

#[test]
fn a_clone_that_fails_says_why_and_leaves_the_first_as_it_was() {
    on_cable(DEFAULT, async |_, near, far| {
        let (first, served, listener) = pair(near, far).await;
        // Who was accepted cannot connect again.
        let error = served.clone_connection(Some(SOON)).await.err();
        assert_eq!(error, Some(CloneError::NotCloneable));
        // The peer does not want another one.
        drop(listener);
        until("nobody listens", || far.free_slots() == SLOTS - 1).await;
        let refused = EstablishmentError::Race(RaceError::Connect(ConnectError::Refused));
        let error = first.clone_connection(Some(SOON)).await.err();
        assert_eq!(error, Some(CloneError::Establishment(refused)));
        // There is no slot.
        until("the clone's slot", || near.free_slots() == SLOTS - 1).await;
        let begun: Vec<_> = (1..SLOTS)
            .map(|_| client().begin(&near, Some(SOON)).unwrap())
            .collect();
        let error = first.clone_connection(Some(SOON)).await.err();
        let no_slot = CloneError::Establishment(EstablishmentError::NoSlot);
        assert_eq!(error, Some(no_slot));
        drop(begun);
        assert_eq!(first.grouped_connections(), 1);
        talk(&first, &served, "still there").await;
        first.close();
        let error = first.clone_connection(Some(SOON)).await.err();
        assert_eq!(error, Some(CloneError::NotEstablished));
    });
}

#[test]
fn a_group_shares_all_properties_but_the_priority() {
    on_cable(DEFAULT, async |_, near, far| {
        let (first, _served, _listener) = pair(near, far).await;
        let second = first.clone_connection(Some(SOON)).await.unwrap();
        let (rate, number) = (ConnectionProperty::MaxSendRate, PropertyValue::Number(8000));
        second.set_property(rate, number).unwrap();
        assert_eq!(first.property(rate), Some(number));
        let priority = ConnectionProperty::ConnPriority;
        first
            .set_property(priority, PropertyValue::Number(7))
            .unwrap();
        assert_eq!(first.property(priority), Some(PropertyValue::Number(7)));
        assert_eq!(second.property(priority), Some(PropertyValue::Number(100)));
    });
}

#[test]
fn a_group_is_closed_and_aborted_as_a_whole() {
    on_cable(DEFAULT, async |_, near, far| {
        for (is_graceful, end) in [(true, Ok(())), (false, Err(ConnectionError::Aborted))] {
            let (first, first_served, listener) = pair(near, far).await;
            let second = first.clone_connection(Some(SOON)).await.unwrap();
            let second_served = next(&listener).await;
            let stranger = client().initiate(&near, None).await.unwrap();
            if is_graceful {
                first.close_group();
            } else {
                first.abort_group();
            }
            for (near, far) in [(&first, &first_served), (&second, &second_served)] {
                assert_eq!(near.closed().await, end);
                let mut buffer = [0; 8];
                let error = far.receive(&mut buffer).await.unwrap_err();
                assert_eq!(error == ReceiveError::Finished, is_graceful, "{error}");
            }
            assert_eq!(first.grouped_connections(), 0);
            assert_eq!(stranger.state(), ConnectionState::Established);
            drop((
                first,
                first_served,
                second,
                second_served,
                stranger,
                listener,
            ));
            let free = || (near.free_slots(), far.free_slots());
            until("all slots are free", || free() == (SLOTS, SLOTS)).await;
        }
    });
}

#[test]
fn states_follow_each_other_and_each_end_is_told_once_for_all() {
    on_cable(DEFAULT, async |_, near, far| {
        let listener = server().listen(&far).unwrap();
        let connection = client().begin(&near, Some(SOON)).unwrap();
        assert_eq!(connection.state(), ConnectionState::Establishing);
        assert_eq!(connection.ready().await, Ok(()));
        assert_eq!(connection.state(), ConnectionState::Established);
        let served = next(&listener).await;
        let ticket = connection
            .try_send(b"last", &MessageContext::new())
            .unwrap();
        connection.close();
        assert_eq!(connection.state(), ConnectionState::Closing);
        let late = connection.try_send(b"late", &MessageContext::new());
        assert_eq!(late, Err(SendError::ConnectionClosing));
        for _ in 0..2 {
            assert_eq!(connection.closed().await, Ok(()));
            assert_eq!(connection.ready().await, Ok(()));
            assert_eq!(connection.state(), ConnectionState::Closed);
        }
        // What was taken before the close has left, and nothing follows the end.
        assert_eq!(connection.outcome(ticket).await, Ok(Sent));
        let mut buffer = [0; 8];
        assert_eq!(served.receive(&mut buffer).await.unwrap().length, 4);
        connection.close();
        connection.abort();
        assert_eq!(connection.closed().await, Ok(()));
        let error = connection.receive(&mut buffer).await;
        assert_eq!(error, Err(ReceiveError::Closed(None)));
    });
}

#[test]
fn an_aborted_connection_says_so_in_every_state() {
    on_cable(DEFAULT, async |_, near, far| {
        // Before the runner has seen it, and while it connects.
        for pause in [0, 1] {
            let silent = client().begin(&near, None).unwrap();
            tokio::time::sleep(Duration::from_millis(pause)).await;
            silent.abort();
            assert!(silent.ready().await.is_err());
            assert_eq!(silent.closed().await, Err(ConnectionError::NotEstablished));
        }
        let (connection, served, _listener) = pair(near, far).await;
        let ticket = connection
            .try_send(&[0; 200], &MessageContext::new())
            .unwrap();
        connection.abort();
        assert_eq!(connection.closed().await, Err(ConnectionError::Aborted));
        let outcome = connection.outcome(ticket).await;
        assert_eq!(
            outcome,
            Err(SendFailure::Error(SendError::ConnectionClosing))
        );
        let mut buffer = [0; 256];
        let error = served.receive(&mut buffer).await.unwrap_err();
        assert!(
            matches!(error, ReceiveError::Closed(Some(ConnectionError::Stack(_)))),
            "{error:?}"
        );
        assert!(served.closed().await.is_err());
    });
}
