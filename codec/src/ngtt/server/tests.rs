use std::vec::Vec;

use core::time::Duration;

use super::*;
use crate::Instant;
use crate::ngtt::client::Answer;
use crate::ngtt::{Frame, FrameHead, FrameType, LinkFault, ServerSession};

type Queue = OrderQueue<Vec<u8>, 8>;
type Written = (FrameType, u16, Vec<u8>);

fn at(secs: u64) -> Instant {
    Instant::from_secs(secs)
}

/// A queue with one order for each of the payloads.
fn queue(payloads: &[&str]) -> Queue {
    let mut queue = Queue::new();
    for payload in payloads {
        queue.push(payload.as_bytes().to_vec()).unwrap();
    }
    queue
}

fn connect(queue: &mut Queue, now: Instant) -> ServerSession {
    ServerSession::new(ServerConfig::new(), queue, now)
}

fn write(session: &mut ServerSession, queue: &mut Queue, now: Instant) -> Vec<Written> {
    let mut written = Vec::new();
    while let Some(frame) = session.poll_transmit(queue, now) {
        written.push((frame.head.kind, frame.head.tid, frame.body.to_vec()));
        session.transmitted(queue, now);
    }
    written
}

fn receive<'a>(
    session: &mut ServerSession,
    queue: &mut Queue,
    kind: FrameType,
    tid: u16,
    now: Instant,
) -> Option<ServerEvent<'a, Vec<u8>>> {
    session.handle_frame(Frame::empty(kind, tid), queue, now)
}

/// Asks for the orders and returns what is delivered: id and payload.
fn fetch(session: &mut ServerSession, queue: &mut Queue, now: Instant) -> Vec<(u16, Vec<u8>)> {
    receive(session, queue, FrameType::FetchOrders, 0, now);
    let written = write(session, queue, now).into_iter();
    written
        .map(|(kind, tid, body)| {
            assert_eq!(kind, FrameType::Order);
            (tid, body)
        })
        .collect()
}

fn confirm(session: &mut ServerSession, queue: &mut Queue, tid: u16, now: Instant) -> Option<u64> {
    match receive(session, queue, FrameType::OrderConfirm, tid, now) {
        Some(ServerEvent::Answered {
            number,
            answer: Answer::Confirm,
            ..
        }) => Some(number),
        Some(ServerEvent::AnsweredAgain { .. }) => None,
        other => panic!("{other:?}"),
    }
}

fn ping(session: &mut ServerSession, queue: &mut Queue, now: Instant) {
    receive(session, queue, FrameType::Ping, 9, now);
    assert!(write(session, queue, now).contains(&(FrameType::Ping, 9, Vec::new())));
}

#[test]
fn orders_are_delivered_when_asked_for_oldest_first_within_the_window() {
    let mut queue = queue(&["a", "b", "c"]).with_window(2);
    let mut session = connect(&mut queue, at(0));
    assert_eq!(
        write(&mut session, &mut queue, at(0)),
        [],
        "not before FETCH_ORDERS"
    );
    let delivered = fetch(&mut session, &mut queue, at(0));
    assert_eq!(delivered, [(1, b"a".to_vec()), (2, b"b".to_vec())]);
    assert_eq!((queue.len(), queue.in_flight()), (3, 2));
    assert_eq!(confirm(&mut session, &mut queue, 2, at(1)), Some(1));
    let order = (FrameType::Order, 3, b"c".to_vec());
    assert_eq!(write(&mut session, &mut queue, at(1)), [order]);
    // One that is pushed later is delivered without being asked for.
    confirm(&mut session, &mut queue, 1, at(2));
    queue.push(b"d".to_vec()).unwrap();
    assert_eq!(write(&mut session, &mut queue, at(2)).len(), 1);
}

#[test]
fn what_is_not_answered_is_delivered_again_with_the_same_id() {
    let mut queue = queue(&["a", "b"]);
    let mut session = connect(&mut queue, at(0));
    let first = fetch(&mut session, &mut queue, at(0));
    assert_eq!(
        fetch(&mut session, &mut queue, at(1)),
        first,
        "asked for again"
    );
    confirm(&mut session, &mut queue, 1, at(1));
    let mut session = connect(&mut queue, at(2));
    assert_eq!(
        fetch(&mut session, &mut queue, at(2)),
        first[1..],
        "after a cut"
    );
    assert_eq!(
        confirm(&mut session, &mut queue, 1, at(3)),
        None,
        "answered before"
    );
    let rejected = receive(&mut session, &mut queue, FrameType::OrderReject, 2, at(3));
    let answer = Answer::Reject;
    let order = b"b".to_vec();
    assert_eq!(
        rejected,
        Some(ServerEvent::Answered {
            tid: 2,
            number: 1,
            answer,
            order
        })
    );
    assert!(queue.is_empty());
}

#[test]
fn an_order_answered_while_it_is_delivered_again_is_not_finished_as_another_frame() {
    let mut queue = queue(&["a", "b"]);
    let mut session = connect(&mut queue, at(0));
    fetch(&mut session, &mut queue, at(0));
    receive(&mut session, &mut queue, FrameType::FetchOrders, 0, at(1));
    assert_eq!(
        session.poll_transmit(&mut queue, at(1)).unwrap().head.tid,
        1
    );
    // The driver copies the frame and goes on writing it.
    confirm(&mut session, &mut queue, 1, at(1));
    session.transmitted(&mut queue, at(1));
    let left = write(&mut session, &mut queue, at(1));
    assert_eq!(left, [(FrameType::Order, 2, b"b".to_vec())]);
}

#[test]
fn a_full_queue_gives_the_order_back() {
    let mut queue = queue(&["x"; 8]);
    assert_eq!(
        queue.push(b"one too many".to_vec()),
        Err(b"one too many".to_vec())
    );
    assert_eq!(queue.len(), 8);
}

/// An id is used again when two PINGs have followed its answer.
#[test]
fn an_id_is_used_again_after_two_later_pings() {
    let mut queue = queue(&["a", "b"]).with_last_tid(1);
    let mut session = connect(&mut queue, at(0));
    assert_eq!(fetch(&mut session, &mut queue, at(0)).len(), 1);
    ping(&mut session, &mut queue, at(1));
    confirm(&mut session, &mut queue, 1, at(2));
    assert_eq!(queue.number_of(1), None);
    ping(&mut session, &mut queue, at(3));
    assert_eq!(write(&mut session, &mut queue, at(3)), []);
    ping(&mut session, &mut queue, at(4));
    assert_eq!((queue.number_of(1), queue.in_flight()), (Some(1), 1));
}

#[test]
fn an_answer_given_again_counts_from_its_last_time() {
    let mut queue = queue(&["a", "b"]).with_last_tid(1);
    let mut session = connect(&mut queue, at(0));
    fetch(&mut session, &mut queue, at(0));
    confirm(&mut session, &mut queue, 1, at(1));
    ping(&mut session, &mut queue, at(2));
    // The order was delivered once more before the answer was read.
    confirm(&mut session, &mut queue, 1, at(3));
    ping(&mut session, &mut queue, at(4));
    assert_eq!(queue.in_flight(), 0, "this PONG may not have arrived");
    ping(&mut session, &mut queue, at(5));
    assert_eq!(queue.in_flight(), 1);
}

#[test]
fn after_a_cut_an_id_is_held_until_the_device_has_forgotten() {
    for (orders, hold) in [
        (queue(&["a", "b"]), 300),
        (queue(&["a", "b"]).with_hold(Duration::from_secs(200)), 200),
    ] {
        let mut queue = orders.with_last_tid(1);
        let mut session = connect(&mut queue, at(0));
        fetch(&mut session, &mut queue, at(0));
        confirm(&mut session, &mut queue, 1, at(1));
        let mut session = connect(&mut queue, at(10));
        for secs in [11, 12, 13] {
            ping(&mut session, &mut queue, at(secs));
        }
        assert_eq!(fetch(&mut session, &mut queue, at(20)), []);
        for secs in [30, 19 + hold, 20 + hold, 21 + hold] {
            assert_eq!(queue.in_flight(), 0);
            ping(&mut session, &mut queue, at(secs));
        }
        assert_eq!(queue.in_flight(), 1);
    }
}

#[test]
fn an_answer_given_again_holds_back_its_own_id_and_no_earlier_one() {
    let mut queue = queue(&["a", "b", "c"]).with_last_tid(2);
    let mut session = connect(&mut queue, at(0));
    assert_eq!(fetch(&mut session, &mut queue, at(0)).len(), 2);
    confirm(&mut session, &mut queue, 1, at(1));
    confirm(&mut session, &mut queue, 2, at(1));
    ping(&mut session, &mut queue, at(2));
    confirm(&mut session, &mut queue, 2, at(3));
    ping(&mut session, &mut queue, at(4));
    assert_eq!((queue.number_of(1), queue.in_flight()), (Some(2), 1));
}

#[test]
fn the_last_given_place_of_an_id_is_found_after_many_rounds() {
    let mut queue = queue(&[]).with_last_tid(3);
    let mut session = connect(&mut queue, at(0));
    fetch(&mut session, &mut queue, at(0));
    for round in 0..20_u64 {
        queue.push(Vec::new()).unwrap();
        let tid = (round % 3) as u16 + 1;
        assert_eq!(
            write(&mut session, &mut queue, at(round)).last().unwrap().1,
            tid
        );
        assert_eq!(
            confirm(&mut session, &mut queue, tid, at(round)),
            Some(round)
        );
        // Answers to ids that nobody has are no harm.
        for stray in [0, 4, 0x7fff, 0xffff] {
            assert_eq!(confirm(&mut session, &mut queue, stray, at(round)), None);
        }
        ping(&mut session, &mut queue, at(round));
        ping(&mut session, &mut queue, at(round));
        ping(&mut session, &mut queue, at(round));
    }
}

#[test]
fn requests_are_told_with_their_payload_and_answered_by_id() {
    let mut queue = queue(&[]);
    let mut session = connect(&mut queue, at(0));
    let payload = &b"x"[..];
    let mut handle =
        |kind, tid| session.handle_frame(Frame { tid, kind, payload }, &mut queue, at(0));
    assert_eq!(
        handle(FrameType::DataStream, 5),
        Some(ServerEvent::DataStream { tid: 5, payload })
    );
    assert_eq!(
        handle(FrameType::SyncBaobRequest, 6),
        Some(ServerEvent::SyncBaobs { tid: 6, payload })
    );
    assert_eq!(
        handle(FrameType::Logs, 0),
        Some(ServerEvent::Logs { payload })
    );
    for kind in (0..12)
        .map(FrameType::from_u16)
        .filter(|kind| !kind.is_to_server())
    {
        assert_eq!(
            handle(kind, 7),
            Some(ServerEvent::Stray(FrameHead { tid: 7, kind }))
        );
    }
    session.confirm_data(5).unwrap();
    session.reject_data(6).unwrap();
    let written = write(&mut session, &mut queue, at(0));
    let replies = [
        (FrameType::DataStreamConfirm, 5),
        (FrameType::DataStreamReject, 6),
    ];
    assert_eq!(written, replies.map(|(kind, tid)| (kind, tid, Vec::new())));
}

#[test]
fn a_device_that_does_not_read_its_replies_is_not_listened_to() {
    let mut queue = queue(&[]);
    let mut session = connect(&mut queue, at(0));
    let mut handled = 0;
    while session.can_receive() {
        receive(&mut session, &mut queue, FrameType::Ping, handled, at(0));
        handled += 1;
    }
    assert_eq!((handled, session.confirm_data(1)), (32, Err(RepliesFull)));
    assert_eq!(write(&mut session, &mut queue, at(0)).len(), 32);
    assert!(session.can_receive());
}

#[test]
fn its_own_pings_are_recognised_and_others_sent_back() {
    let mut queue = queue(&[]);
    let ping_every = Some(Duration::from_secs(45));
    let config = ServerConfig {
        ping_every,
        ..ServerConfig::new()
    };
    let mut session = ServerSession::new(config, &mut queue, at(0));
    assert_eq!(session.next_timeout(), at(45));
    let written = write(&mut session, &mut queue, at(45));
    assert_eq!(written, [(FrameType::Ping, 0x8000, Vec::new())]);
    let pong = receive(&mut session, &mut queue, FrameType::Ping, 0x8000, at(46));
    assert_eq!(pong, Some(ServerEvent::Pong));
    assert_eq!(write(&mut session, &mut queue, at(46)), []);
    assert_eq!(write(&mut session, &mut queue, at(90))[0].1, 0x8001);
    receive(&mut session, &mut queue, FrameType::Ping, 3, at(91));
    assert_eq!(
        write(&mut session, &mut queue, at(91)),
        [(FrameType::Ping, 3, Vec::new())]
    );
}

#[test]
fn a_dead_device_is_noticed() {
    let mut queue = queue(&["a"]);
    let mut session = connect(&mut queue, at(0));
    receive(&mut session, &mut queue, FrameType::FetchOrders, 0, at(10));
    assert_eq!(session.next_timeout(), at(130));
    assert_eq!(session.handle_timeout(at(129)), Ok(()));
    assert_eq!(session.handle_timeout(at(130)), Err(LinkFault::NothingRead));
    session.poll_transmit(&mut queue, at(10)).unwrap();
    session.heard(at(90));
    session.transmitting(at(15));
    assert_eq!(session.next_timeout(), at(105));
    assert_eq!(
        session.handle_timeout(at(105)),
        Err(LinkFault::WriteStalled)
    );
}

/// An answer to the server's own PING that comes late is no PING of the device:
/// it proves nothing about what the device has read, and is not sent back.
#[test]
fn a_late_answer_to_an_own_ping_frees_no_id() {
    let mut queue = queue(&["a", "b"]).with_last_tid(1);
    let mut session = connect(&mut queue, at(0));
    assert_eq!(fetch(&mut session, &mut queue, at(0)).len(), 1);
    confirm(&mut session, &mut queue, 1, at(1));
    for tid in [0x8000, 0x8000, 0x8001, 0xffff] {
        let event = receive(&mut session, &mut queue, FrameType::Ping, tid, at(2));
        assert_eq!(event, Some(ServerEvent::Pong));
        assert_eq!(write(&mut session, &mut queue, at(2)), []);
    }
    ping(&mut session, &mut queue, at(3));
    assert_eq!(write(&mut session, &mut queue, at(3)), []);
    receive(&mut session, &mut queue, FrameType::Ping, 9, at(4));
    let written = write(&mut session, &mut queue, at(4));
    assert_eq!(written[1], (FrameType::Order, 1, b"b".to_vec()));
}
