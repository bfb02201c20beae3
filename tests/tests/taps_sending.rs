//! Messages on their way out of a connection: what each becomes, and the order
//! in which they are seen on the wire.

use core::time::Duration;

use tokio::io::{AsyncReadExt, DuplexStream};
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    ConnectionError, ConnectionProperties, ConnectionState, Disabled, MessageContext, Outcome,
    SendError, SendFailure, Sent, Ticket, Transport, TransportConfig,
};
use wigwag_tests::transport::{
    BYTES, FRAMER, MESSAGES, Peers, Polled, Tested, fill, framed, on_device,
};

const PLAIN: MessageContext = MessageContext::new();
const PROPERTIES: ConnectionProperties = ConnectionProperties::DEFAULT;

/// Runs with one connection whose server's end is in hand.
fn with_one(app: impl AsyncFnOnce(Tested<'_, PrefixFramer>, DuplexStream, Peers) + Send + 'static) {
    let config = TransportConfig::DEFAULT;
    with_config(config, async |_, near, far, peers| {
        app(near, far, peers).await;
    });
}

fn with_config(
    config: TransportConfig<'static>,
    app: impl AsyncFnOnce(
        Transport<'_, PrefixFramer, Disabled>,
        Tested<'_, PrefixFramer>,
        DuplexStream,
        Peers,
    ) + Send
    + 'static,
) {
    on_device(config, async move |transport, mut peers| {
        let (near, far) = framed(&transport, &mut peers, &PROPERTIES, FRAMER).await;
        app(transport, near, far, peers).await;
    });
}

/// The next frame's body.
async fn body(far: &mut DuplexStream) -> Vec<u8> {
    let length = far.read_u32().await.unwrap();
    let mut body = vec![0; length as usize];
    far.read_exact(&mut body).await.unwrap();
    body
}

fn failed(error: SendError) -> Outcome {
    Err(SendFailure::Error(error))
}

#[test]
fn the_more_important_message_leaves_first_and_the_scavenger_last() {
    with_one(async |near, mut far, peers| {
        use wigwag_embassy::taps::{CapacityProfile, MessageProperties};
        let filler = fill(&near, &peers).await;
        let scavenger =
            MessageProperties::DEFAULT.with_capacity_profile(CapacityProfile::Scavenger);
        let scavenger = PLAIN.with_properties(scavenger);
        let tickets = [
            near.try_send(b"log", &scavenger.with_priority(1)).unwrap(),
            near.try_send(b"first of equals", &PLAIN).unwrap(),
            near.try_send(b"second of equals", &PLAIN).unwrap(),
            near.try_send(b"alarm", &PLAIN.with_priority(1)).unwrap(),
        ];
        peers.speak();
        for _ in 0..filler - 1 {
            assert_eq!(body(&mut far).await, [b'x'; 60]);
        }
        let mut order = Vec::new();
        for _ in 0..5 {
            order.push(String::from_utf8(body(&mut far).await).unwrap());
        }
        let x = "x".repeat(60);
        let expected = ["alarm", &x, "first of equals", "second of equals", "log"];
        assert_eq!(order, expected);
        for ticket in tickets {
            assert_eq!(near.outcome(ticket).await, Ok(Sent));
        }
    });
}

#[test]
fn a_message_that_waited_too_long_expires_and_leaves_its_place() {
    with_one(async |near, mut far, peers| {
        let filler = fill(&near, &peers).await;
        let start = tokio::time::Instant::now();
        let mortal = PLAIN.with_lifetime(Duration::from_secs(5));
        // Who waits learns it in time, and nobody else has to do anything.
        assert_eq!(near.send(b"late", &mortal).await, Err(SendFailure::Expired));
        assert_eq!(start.elapsed().as_secs(), 5);
        // In parts it is the same.
        let mut parts = near.start_message(&mortal, None).await.unwrap();
        parts.send(b"la").await.unwrap();
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(parts.send(b"te").await, Err(SendFailure::Expired));
        drop(parts);
        let last = near.try_send(b"last", &PLAIN).unwrap();
        peers.speak();
        for _ in 0..filler {
            assert_eq!(body(&mut far).await, [b'x'; 60]);
        }
        assert_eq!(body(&mut far).await, b"last");
        assert_eq!(near.outcome(last).await, Ok(Sent));
    });
}

#[test]
fn a_batch_leaves_when_it_ends_and_one_that_cannot_fit_is_told() {
    with_one(async |near, mut far, _| {
        near.start_batch();
        let first = near.try_send(b"one", &PLAIN).unwrap();
        let second = near.try_send(b"two", &PLAIN.with_priority(1)).unwrap();
        let mut one = [0; 1];
        let early = tokio::time::timeout(Duration::from_secs(60), far.read(&mut one));
        assert!(early.await.is_err(), "it left before the batch ended");
        let too_much = near.enqueue(&[0; BYTES], &PLAIN).await;
        assert_eq!(too_much, Err(SendError::BatchTooLarge));
        near.end_batch();
        assert_eq!(near.outcome(first).await, Ok(Sent));
        assert_eq!(near.outcome(second).await, Ok(Sent));
        assert_eq!(body(&mut far).await, b"two");
        assert_eq!(body(&mut far).await, b"one");
    });
}

#[test]
fn each_refusal_names_its_reason() {
    with_one(async |near, _far, peers| {
        let length = BYTES + 1;
        let too_large = SendError::MessageTooLarge {
            length,
            limit: BYTES,
        };
        assert_eq!(near.send(&[0; BYTES + 1], &PLAIN).await, failed(too_large));
        let mut parts = near.start_message(&PLAIN, None).await.unwrap();
        parts.send(&[0; BYTES]).await.unwrap();
        assert_eq!(parts.send(&[0]).await, Err(too_large.into()));
        drop(parts);
        let parts = near.start_message(&PLAIN, Some(9)).await.unwrap();
        assert_eq!(
            parts.end(b"eight...").await,
            Err(SendError::Incomplete.into())
        );
        let mut parts = near.start_message(&PLAIN, Some(9)).await.unwrap();
        let over = SendError::MessageTooLarge {
            length: 10,
            limit: 9,
        };
        assert_eq!(parts.send(&[0; 10]).await, Err(over.into()));
        drop(parts);
        // The framer's own limit, which only shows at its turn.
        let huge = near.start_message(&PLAIN, Some(100_001)).await.unwrap();
        let mut huge = huge;
        huge.send(b"begin").await.unwrap();
        near.flushed().await;
        let over = SendError::MessageTooLarge {
            length: 100_001,
            limit: 100_000,
        };
        assert_eq!(huge.end(b"").await, Err(over.into()));
        assert_eq!(near.state(), ConnectionState::Established);
        fill(&near, &peers).await;
        let mut count = 0;
        let full = loop {
            match near.try_send(b"", &PLAIN) {
                Ok(ticket) => near.forget(ticket),
                Err(error) => break error,
            }
            count += 1;
        };
        assert_eq!((full, count), (SendError::Full, MESSAGES - 1));
    });
}

#[test]
fn who_waits_for_a_place_is_woken_when_one_is_given_back() {
    with_one(async |near, mut far, _| {
        let tickets: Vec<_> = (0..MESSAGES)
            .map(|_| near.try_send(b"kept", &PLAIN).unwrap())
            .collect();
        for _ in 0..MESSAGES {
            assert_eq!(body(&mut far).await, b"kept");
        }
        // All of them are sent, and all places taken: nobody asked.
        assert_eq!(near.try_send(b"", &PLAIN), Err(SendError::Full));
        let mut tickets = tickets.into_iter();
        let forget = |ticket| near.forget(ticket);
        let ask = |ticket| assert_eq!(near.try_outcome(ticket), Ok(Ok(Sent)));
        let give_back: [&dyn Fn(Ticket); 2] = [&forget, &ask];
        for give_back in give_back {
            let mut waiting = Polled::new(near.send(b"waited", &PLAIN));
            assert!(waiting.poll().is_pending());
            give_back(tickets.next().unwrap());
            assert!(waiting.is_woken(), "nobody says that there is a place");
            assert_eq!(waiting.go_on().await, Ok(Sent));
            assert_eq!(body(&mut far).await, b"waited");
        }
    });
}

#[test]
fn a_message_larger_than_the_queue_leaves_in_parts() {
    with_one(async |near, mut far, _| {
        let whole: Vec<u8> = (0..5_000_u32).map(|at| (at * 7 + at / 251) as u8).collect();
        let send = async {
            let mut parts = near.start_message(&PLAIN, Some(5_000)).await.unwrap();
            // Another one waits behind all of it, however important.
            let urgent = near.try_send(b"urgent", &PLAIN.with_priority(0)).unwrap();
            for part in whole.chunks(399) {
                parts.send(part).await.unwrap();
            }
            let ticket = parts.end(b"").await.unwrap();
            assert_eq!(near.outcome(ticket).await, Ok(Sent));
            near.outcome(urgent).await
        };
        let receive = async { (body(&mut far).await, body(&mut far).await) };
        let (sent, (first, second)) = tokio::join!(send, receive);
        assert_eq!(sent, Ok(Sent));
        // What was not begun yet, the urgent one passes.
        assert_eq!((first, second), (b"urgent".to_vec(), whole));
    });
}

#[test]
fn a_message_broken_off_in_the_middle_takes_the_connection_with_it() {
    with_one(async |near, mut far, _| {
        let mut parts = near.start_message(&PLAIN, Some(5_000)).await.unwrap();
        parts.send(&[1; 500]).await.unwrap();
        assert_eq!(far.read_u32().await.unwrap(), 5_000);
        let behind = near.try_send(b"behind", &PLAIN).unwrap();
        drop(parts);
        assert_eq!(near.closed().await, Err(ConnectionError::BrokenOff));
        let closing = failed(SendError::ConnectionClosing);
        assert_eq!(near.outcome(behind).await, closing);
        let mut rest = Vec::new();
        let _ = far.read_to_end(&mut rest).await;
        assert!(rest.len() <= 500 && rest.iter().all(|byte| *byte == 1));
    });
    // Before anything of it has left, it is as if it never was.
    with_one(async |near, mut far, _| {
        let mut parts = near.start_message(&PLAIN, None).await.unwrap();
        parts.send(&[1; 500]).await.unwrap();
        drop(parts);
        // Nor is a send that was given up before there was room for it.
        let full = near.start_message(&PLAIN, None).await.unwrap();
        let mut full = full;
        full.send(&[1; BYTES]).await.unwrap();
        {
            let mut given_up = Polled::new(near.send(b"given up", &PLAIN));
            assert!(given_up.poll().is_pending());
        }
        drop(full);
        assert_eq!(near.send(b"next", &PLAIN).await, Ok(Sent));
        assert_eq!(body(&mut far).await, b"next");
        near.close();
        assert_eq!(near.closed().await, Ok(()));
        assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
    });
}
