//! Frames that make no sense, are unknown or too large.

use super::*;
use crate::ngtt::FrameHead;

#[test]
fn unknown_types_are_skipped_and_told_of() {
    let mut session = connected();
    for number in [11, 255, 65535] {
        let kind = FrameType::Unknown(number);
        session.handle_frame(
            Frame {
                tid: 5,
                kind,
                payload: b"?",
            },
            at(1),
        );
        assert_eq!(
            events(&mut session),
            [Event::UnknownType { number, tid: 5 }]
        );
    }
    assert_eq!(session.counters().unknown, 3);
    assert_eq!(write(&mut session, at(1)), []);
}

#[test]
fn frames_meant_for_the_server_are_skipped_and_told_of() {
    let mut session = connected();
    for kind in (0..=10)
        .map(FrameType::from_u16)
        .filter(|kind| !kind.is_to_device())
    {
        let head = FrameHead { tid: 5, kind };
        session.handle_frame(Frame::new(head, &[]), at(1));
        assert_eq!(events(&mut session), [Event::Unexpected(head)]);
    }
    for kind in [
        FrameType::DataStreamConfirm,
        FrameType::DataStreamReject,
        FrameType::SyncBaobResponse,
    ] {
        let head = FrameHead { tid: 5, kind };
        session.handle_frame(Frame::new(head, &[]), at(1));
        assert_eq!(
            events(&mut session),
            [Event::Unexpected(head)],
            "a reply to nothing"
        );
    }
    assert_eq!(write(&mut session, at(1)), []);
}

#[test]
fn a_reply_of_the_wrong_kind_answers_nothing() {
    let mut session = connected();
    submit(&mut session, SendKind::DataStream, b"a").unwrap();
    let tid = write(&mut session, at(1))[0].1;
    reply(&mut session, FrameType::SyncBaobResponse, tid, at(1));
    assert_eq!(session.poll_answer(), None);
    reply(&mut session, FrameType::DataStreamConfirm, tid, at(1));
    assert!(session.poll_answer().is_some());
}

#[test]
fn a_frame_too_large_to_be_received_means_what_it_can() {
    let mut session = connected();
    submit(&mut session, SendKind::DataStream, b"a").unwrap();
    let tid = write(&mut session, at(1))[0].1;
    let mut oversized = |kind, tid| {
        let head = FrameHead { tid, kind };
        session.handle_oversized(head, 99, at(1));
        let events = events(&mut session);
        assert_eq!(events[0], Event::Oversized { head, length: 99 });
        events[1..].to_vec()
    };
    let reason = SkipReason::TooLarge { length: 99 };
    let skipped = [Event::OrderSkipped { tid: 3, reason }];
    assert_eq!(oversized(FrameType::Order, 3), skipped);
    let stray = FrameHead {
        tid: 3,
        kind: FrameType::SyncBaobResponse,
    };
    assert_eq!(oversized(stray.kind, 3), [Event::Unexpected(stray)]);
    assert_eq!(oversized(FrameType::DataStreamConfirm, tid), []);
    assert_eq!(oversized(FrameType::Ping, 0x9000), []);
    assert!(matches!(
        session.poll_answer(),
        Some((_, Outcome::Confirmed))
    ));
    assert_eq!(write(&mut session, at(1)), [empty(FrameType::Ping, 0x9000)]);
    assert_eq!(session.counters().oversized, 4);
}

#[test]
fn without_a_connection_nothing_is_taken_or_written() {
    let mut session = session_with(Config::new());
    deliver(&mut session, 7, b"go", at(1));
    session.transmitted(at(1));
    session.heard(at(1));
    assert_eq!((session.poll_persist(), session.poll_order()), (None, None));
    assert!(session.poll_transmit(at(1)).is_none());
    assert_eq!(session.next_timeout(), None);
}

#[test]
fn notices_that_nobody_takes_are_counted_and_do_not_pile_up() {
    let mut session = connected();
    for tid in 0..20 {
        reply(&mut session, FrameType::Unknown(99), tid, at(1));
    }
    assert_eq!(session.counters().notices_lost, 4);
    let events = events(&mut session);
    assert_eq!(events.len(), 16);
    assert_eq!(
        events[15],
        Event::UnknownType {
            number: 99,
            tid: 19
        }
    );
}

#[test]
fn orders_are_not_fetched_where_nobody_wants_them() {
    let mut session = session_with(Config {
        fetch_on_connect: false,
        ..Config::new()
    });
    session.connected(at(0));
    assert_eq!(write(&mut session, at(0)), []);
}
