//! Orders: queues, redelivery, answers; ends of connections and of the server.

use super::hand::{DEVICE, Hand, LIMIT};
use wigwag_codec::ngtt::FrameType;
use wigwag_harness::faults::Cut;
use wigwag_harness::mock::{Answer, EventKind, MockNgtt, MockOptions};
use wigwag_harness::pki::Pki;

/// An order that can be told from others: the list of one number.
fn payload(number: u8) -> [u8; 3] {
    [0x41, 0x03, number]
}

#[tokio::test]
async fn an_order_comes_again_with_the_same_tid_until_it_is_answered() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    assert_eq!(server.enqueue(DEVICE, payload(1)), 0);
    assert_eq!(server.enqueue(DEVICE, payload(2)), 1);

    let mut device = Hand::connect(&pki, server.addr()).await;
    assert!(
        device.is_quiet().await,
        "orders came before they were asked for"
    );
    device.fetch().await;
    let first = device.order().await;
    let second = device.order().await;
    assert_eq!(
        (&first.1[..], &second.1[..]),
        (&payload(1)[..], &payload(2)[..])
    );
    assert_ne!(first.0, second.0);
    device.send(FrameType::OrderConfirm, second.0, &[]).await;
    assert!(
        server
            .wait_until(LIMIT, |book| book.unanswered() == 1)
            .await
    );
    drop(device);

    let mut device = Hand::connect(&pki, server.addr()).await;
    device.fetch().await;
    assert_eq!(
        device.order().await,
        first,
        "the same order with the same tid"
    );
    device.send(FrameType::OrderReject, first.0, &[]).await;
    assert!(
        server
            .wait_until(LIMIT, |book| book.unanswered() == 0)
            .await
    );
    device.fetch().await;
    assert!(device.is_quiet().await, "an answered order came again");

    let book = server.book().device(DEVICE);
    let seen: Vec<_> = book
        .orders
        .iter()
        .map(|order| (order.deliveries, order.answer))
        .collect();
    assert_eq!(
        seen,
        [(2, Some(Answer::Reject)), (1, Some(Answer::Confirm))]
    );
    assert_eq!(
        (book.connections, book.fetches, book.answered_again),
        (2, 3, 0)
    );
    for order in &book.orders {
        assert!(order.enqueued <= order.delivered.unwrap());
        assert!(order.delivered <= order.answered);
    }
}

#[tokio::test]
async fn orders_are_enqueued_while_the_device_is_connected_and_in_a_window() {
    let pki = Pki::generate();
    let options = MockOptions {
        window: 4,
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.fetch().await;
    // More than the session's own queue holds.
    for number in 0..200 {
        server.enqueue(DEVICE, payload(number));
    }
    let mut waiting = Vec::new();
    for number in 0..200 {
        let (tid, order) = device.order().await;
        assert_eq!(order, payload(number));
        waiting.push(tid);
        if waiting.len() == 4 {
            assert!(
                number != 3 || device.is_quiet().await,
                "more than the window came"
            );
            device
                .send(FrameType::OrderConfirm, waiting.remove(0), &[])
                .await;
        }
    }
    for tid in waiting {
        device.send(FrameType::OrderConfirm, tid, &[]).await;
    }
    assert!(
        server
            .wait_until(LIMIT, |book| book.unanswered() == 0)
            .await
    );
    let book = server.book().device(DEVICE);
    assert!(book.orders.iter().all(|order| order.deliveries == 1));
}

#[tokio::test]
async fn an_answer_that_comes_twice_is_told_and_changes_nothing() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    server.enqueue(DEVICE, payload(1));
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.fetch().await;
    let (tid, _) = device.order().await;
    device.send(FrameType::OrderConfirm, tid, &[]).await;
    device.send(FrameType::OrderReject, tid, &[]).await;
    let again = |book: &wigwag_harness::mock::Book| book.device(DEVICE).answered_again == 1;
    assert!(server.wait_until(LIMIT, again).await);
    assert_eq!(server.book().device(DEVICE).answered(Answer::Confirm), 1);
}

#[tokio::test]
async fn what_is_for_every_device_reaches_those_not_heard_of_too() {
    let mut pki = Pki::generate();
    pki.issue_device("device-0002").unwrap();
    let options = MockOptions {
        orders: vec![payload(1).into()],
        ..MockOptions::default()
    };
    let server = MockNgtt::start_with(&pki, options).await.unwrap();
    server.enqueue(DEVICE, payload(2));
    server.enqueue_all(payload(3));
    for (id, expected) in [(DEVICE, &[1, 2, 3][..]), ("device-0002", &[1, 3])] {
        let mut device = Hand::connect_as(&pki, pki.device(id), server.addr())
            .await
            .unwrap();
        device.fetch().await;
        for number in expected {
            assert_eq!(device.order().await.1, payload(*number), "{id}");
        }
    }
}

#[tokio::test]
async fn events_tell_the_story() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    let mut events = server.events();
    server.enqueue(DEVICE, payload(1));
    let mut device = Hand::connect(&pki, server.addr()).await;
    device.fetch().await;
    let (tid, _) = device.order().await;
    device.send(FrameType::OrderConfirm, tid, &[]).await;
    device.send(FrameType::Unknown(77), 5, &[1, 2, 3]).await;
    assert!(
        server
            .wait_until(LIMIT, |book| book.device(DEVICE).strays == 1)
            .await
    );
    drop(device);
    let mut story = Vec::new();
    loop {
        let event = tokio::time::timeout(LIMIT, events.recv())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(event.device.as_deref(), Some(DEVICE));
        story.push(match event.kind {
            EventKind::Connected { .. } => "connected",
            EventKind::Fetched => "fetched",
            EventKind::Delivered { times: 1, .. } => "delivered",
            EventKind::Answered { number: 0, .. } => "answered",
            EventKind::Stray { .. } => "stray",
            EventKind::Disconnected { .. } => break,
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(
        story,
        ["connected", "fetched", "delivered", "answered", "stray"]
    );
}

#[tokio::test]
async fn a_device_that_connects_anew_ends_its_old_connection() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    server.enqueue(DEVICE, payload(1));
    let mut old = Hand::connect(&pki, server.addr()).await;
    old.fetch().await;
    let first = old.order().await;
    let mut new = Hand::connect(&pki, server.addr()).await;
    old.end().await;
    new.fetch().await;
    assert_eq!(new.order().await, first);
    assert_eq!(server.connected(), [DEVICE]);
}

#[tokio::test]
async fn a_connection_can_be_cut_in_every_way() {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await.unwrap();
    assert!(
        !server.disconnect(DEVICE, Cut::Reset),
        "nobody is connected yet"
    );
    for how in [Cut::Reset, Cut::Close] {
        let mut device = Hand::connect(&pki, server.addr()).await;
        assert!(
            server
                .wait_until(LIMIT, |_| server.connected() == [DEVICE])
                .await
        );
        assert!(server.disconnect(DEVICE, how));
        let end = tokio::time::timeout(LIMIT, device.try_receive())
            .await
            .unwrap();
        let expected = match how {
            // close_notify makes it an orderly end; both are no frame.
            Cut::Close => std::io::ErrorKind::UnexpectedEof,
            _ => std::io::ErrorKind::ConnectionReset,
        };
        assert_eq!(end.unwrap_err().kind(), expected, "{how:?}");
    }
    let mut device = Hand::connect(&pki, server.addr()).await;
    assert!(
        server
            .wait_until(LIMIT, |_| server.connected() == [DEVICE])
            .await
    );
    server.disconnect(DEVICE, Cut::Silence);
    device.send(FrameType::Ping, 1, &[]).await;
    assert!(device.is_quiet().await, "a silent server spoke");
}

#[tokio::test]
async fn a_server_that_starts_again_has_forgotten_nothing() {
    let pki = Pki::generate();
    let mut server = MockNgtt::start(&pki).await.unwrap();
    let addr = server.addr();
    server.enqueue(DEVICE, payload(1));
    for how in [Cut::Close, Cut::Reset, Cut::Silence] {
        let mut device = Hand::connect(&pki, addr).await;
        device.fetch().await;
        assert_eq!(device.order().await, (1, payload(1).to_vec()));
        server.stop(how).await;
        assert!(server.connected().is_empty() || how == Cut::Silence);
        let refused = tokio::net::TcpStream::connect(addr).await;
        assert_eq!(
            refused.unwrap_err().kind(),
            std::io::ErrorKind::ConnectionRefused
        );
        match how {
            Cut::Silence => assert!(device.is_quiet().await),
            _ => device.end().await,
        }
        server.restart().await.unwrap();
        assert_eq!(server.addr(), addr);
    }
    let mut device = Hand::connect(&pki, addr).await;
    device.fetch().await;
    let (tid, _) = device.order().await;
    device.send(FrameType::OrderConfirm, tid, &[]).await;
    assert!(
        server
            .wait_until(LIMIT, |book| book.unanswered() == 0)
            .await
    );
    assert_eq!(server.book().device(DEVICE).orders[0].deliveries, 4);
}
