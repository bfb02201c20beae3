//! The last messages of a connection: final ones, and what becomes of those that
//! are queued when it is closed or cut off.

use core::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use wigwag_codec::framer::Passthrough;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    ConnectionError, ConnectionProperties, ConnectionState, MessageContext, Outcome, ReceiveError,
    SendError, SendFailure, Sent, Ticket, TransportConfig, TransportProperties,
};
use wigwag_tests::transport::{FRAMER, Peers, Tested, fill, frame, framed, on_device, unframed};

const PLAIN: MessageContext = MessageContext::new();
const PROPERTIES: ConnectionProperties = ConnectionProperties::DEFAULT;
const CONFIG: TransportConfig<'_> = TransportConfig::DEFAULT;
const REPLAYABLE: TransportProperties =
    TransportProperties::UNRELIABLE_DATAGRAM.with_safely_replayable(true);

fn failed(error: SendError) -> Outcome {
    Err(SendFailure::Error(error))
}

/// Messages that wait, because the peer takes nothing.
async fn queued(near: &Tested<'_, PrefixFramer>, peers: &Peers) -> Vec<Ticket> {
    fill(near, peers).await;
    let tickets = (0..5).map(|_| near.try_send(&[b'y'; 100], &PLAIN).unwrap());
    tickets.collect()
}

async fn outcomes(near: &Tested<'_, PrefixFramer>, tickets: Vec<Ticket>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for ticket in tickets {
        outcomes.push(near.outcome(ticket).await);
    }
    outcomes
}

#[test]
fn a_fin_follows_the_final_message_and_the_answer_still_comes() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let last = near.try_send(b"last", &PLAIN.with_final()).unwrap();
        assert!(!near.can_send() && near.can_receive());
        let passed = failed(SendError::FinalMessagePassed);
        assert_eq!(near.send(b"more", &PLAIN).await, passed);
        assert_eq!(near.outcome(last).await, Ok(Sent));
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, frame(b"last"));
        // The other direction goes on for as long as the peer likes.
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(near.state(), ConnectionState::Established);
        far.write_all(&frame(b"answer")).await.unwrap();
        let mut buffer = [0; 20];
        let received = near.receive(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..received.length], b"answer");
        // With its end both directions are over, so the connection is.
        far.shutdown().await.unwrap();
        assert_eq!(near.closed().await, Ok(()));
        let closed = Err(ReceiveError::Closed(None));
        assert_eq!(near.receive(&mut buffer).await, closed);
    });
}

#[test]
fn a_connection_closes_after_its_final_message_without_the_peer() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        assert_eq!(near.send(b"last", &PLAIN.with_final()).await, Ok(Sent));
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        near.close();
        assert_eq!(near.closed().await, Ok(()));
    });
}

#[test]
fn a_final_datagram_ends_only_the_sending() {
    on_device::<Passthrough>(CONFIG, async |transport, mut peers| {
        let near = unframed(&transport, REPLAYABLE).await;
        assert_eq!(near.send(b"last", &PLAIN.with_final()).await, Ok(Sent));
        let passed = failed(SendError::FinalMessagePassed);
        assert_eq!(near.send(b"more", &PLAIN).await, passed);
        let mut far = peers.datagrams().await;
        assert_eq!(far.receive().await.unwrap(), b"last");
        assert!(far.send(*b"answer"));
        let mut buffer = [0; 20];
        let received = near.receive(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..received.length], b"answer");
        assert_eq!(near.state(), ConnectionState::Established);
        near.close();
        assert_eq!(near.closed().await, Ok(()));
    });
}

#[test]
fn a_close_with_nothing_queued_is_a_fin_at_once() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let start = Instant::now();
        near.close();
        assert_eq!(near.state(), ConnectionState::Closing);
        assert!(!near.can_send());
        assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
        assert_eq!(near.closed().await, Ok(()));
        assert!(start.elapsed() < Duration::from_secs(1));
        let closing = failed(SendError::ConnectionClosing);
        assert_eq!(near.send(b"more", &PLAIN).await, closing);
    });
}

#[test]
fn what_was_queued_before_a_close_still_leaves() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let tickets = queued(&near, &peers).await;
        near.close();
        let more = near.try_send(b"more", &PLAIN);
        assert_eq!(more, Err(SendError::ConnectionClosing));
        peers.speak();
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        assert!(all.ends_with(&frame(&[b'y'; 100]).repeat(5)));
        assert_eq!(outcomes(&near, tickets).await, [Ok(Sent); 5]);
        assert_eq!(near.closed().await, Ok(()));
    });
}

#[test]
fn a_close_ends_in_time_though_the_peer_takes_nothing() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, _far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let tickets = queued(&near, &peers).await;
        let start = Instant::now();
        near.close();
        assert_eq!(near.closed().await, Err(ConnectionError::CloseTimeout));
        assert_eq!(start.elapsed().as_secs(), 10);
        let timeout = failed(SendError::Timeout);
        assert_eq!(outcomes(&near, tickets).await, [timeout; 5]);
        drop(near);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(transport.free_slots(), transport.slots());
    });
}

#[test]
fn an_abort_ends_every_message_that_was_taken_and_resets() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, mut far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let tickets = queued(&near, &peers).await;
        peers.speak();
        near.abort();
        let start = Instant::now();
        assert_eq!(near.closed().await, Err(ConnectionError::Aborted));
        assert!(start.elapsed() < Duration::from_secs(1));
        let closing = failed(SendError::ConnectionClosing);
        assert_eq!(outcomes(&near, tickets).await, [closing; 5]);
        // None of them left.
        let mut all = Vec::new();
        let _ = far.read_to_end(&mut all).await;
        assert!(!all.contains(&b'y'));
    });
}

#[test]
fn a_peer_that_is_gone_ends_every_message_that_was_taken() {
    on_device::<PrefixFramer>(CONFIG, async |transport, mut peers| {
        let (near, _far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        let tickets = queued(&near, &peers).await;
        let start = Instant::now();
        let lost = near.closed().await.unwrap_err();
        // The transport's write timeout: there is no connTimeout.
        let after = start.elapsed().as_secs();
        assert!((28..=30).contains(&after), "{lost} after {after} s");
        let timeout = failed(SendError::Timeout);
        assert_eq!(outcomes(&near, tickets).await, [timeout; 5]);
        assert_eq!(near.state(), ConnectionState::Closed);
    });
}
