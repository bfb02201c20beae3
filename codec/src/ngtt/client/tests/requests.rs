//! Requests: tickets, their answers, queues and their rules.

use super::*;

const DATA: SendKind = SendKind::DataStream;
const LOGS: SendKind = SendKind::Logs;
const BAOBS: SendKind = SendKind::SyncBaobs;

/// Nothing else can be answered.
fn no_answer(session: &mut Session) {
    assert_eq!(session.poll_answer(), None);
}

#[test]
fn data_is_answered_once_by_its_confirmation() {
    let mut session = connected();
    let ticket = submit(&mut session, DATA, b"points").unwrap();
    let tid = write(&mut session, at(1))[0].1;
    assert!((1..0x8000).contains(&tid));
    no_answer(&mut session);
    reply(&mut session, FrameType::DataStreamConfirm, tid, at(1));
    reply(&mut session, FrameType::DataStreamConfirm, tid, at(1));
    assert_eq!(session.poll_answer(), Some((ticket, Outcome::Confirmed)));
    no_answer(&mut session);
    assert_eq!(session.answer(ticket), None);
    assert_eq!(session.counters().delivered, 1);
    assert_eq!(
        (session.in_use(), session.counters().unexpected),
        ((0, 0, 0), 1)
    );
}

#[test]
fn refused_data_goes_back_to_the_application_and_is_not_sent_again() {
    let mut session = connected();
    let ticket = submit(&mut session, DATA, b"points").unwrap();
    let tid = write(&mut session, at(1))[0].1;
    reply(&mut session, FrameType::DataStreamReject, tid, at(1));
    assert_eq!(
        session.payload(ticket),
        None,
        "not before the answer was taken"
    );
    assert_eq!(session.answer(ticket), Some(Outcome::Rejected));
    assert_eq!(session.answer(ticket), None);
    assert_eq!(session.payload(ticket), Some(&b"points"[..]));
    session.disconnected();
    session.connected(at(2));
    assert_eq!(
        write(&mut session, at(2)),
        [empty(FrameType::FetchOrders, 0)]
    );
    session.release(ticket);
    assert_eq!(session.payload(ticket), None);
    assert_eq!(
        (session.in_use(), session.counters().rejected),
        ((0, 0, 0), 1)
    );
}

#[test]
fn a_reply_about_objects_can_be_read_until_it_is_released() {
    let mut session = connected();
    let ticket = submit(&mut session, BAOBS, b"have").unwrap();
    let tid = write(&mut session, at(1))[0].1;
    let kind = FrameType::SyncBaobResponse;
    session.handle_frame(
        Frame {
            tid,
            kind,
            payload: b"take",
        },
        at(1),
    );
    assert_eq!(session.poll_answer(), Some((ticket, Outcome::Response)));
    assert_eq!(session.payload(ticket), Some(&b"take"[..]));
    session.release(ticket);
    assert_eq!(
        (session.payload(ticket), session.in_use()),
        (None, (0, 0, 0))
    );
}

#[test]
fn a_reply_about_objects_that_does_not_fit_is_an_answer_too() {
    let mut session = connected();
    for oversized in [false, true] {
        let ticket = submit(&mut session, BAOBS, b"have").unwrap();
        let tid = write(&mut session, at(1))[0].1;
        let frame = Frame {
            tid,
            kind: FrameType::SyncBaobResponse,
            payload: &[0; 17],
        };
        if oversized {
            session.handle_oversized(frame.head(), 17, at(1));
        } else {
            session.handle_frame(frame, at(1));
        }
        assert_eq!(
            session.answer(ticket),
            Some(Outcome::ResponseTooLarge { length: 17 })
        );
        assert_eq!(session.in_use(), (0, 0, 0));
    }
}

#[test]
fn logs_are_answered_by_the_pong_to_a_ping_written_after_them() {
    let mut session = connected();
    session.handle_timeout(at(30)).unwrap();
    let early = write(&mut session, at(30))[0].1;
    let ticket = submit(&mut session, LOGS, b"log").unwrap();
    assert_eq!(
        write(&mut session, at(30)),
        [(FrameType::Logs, 0, b"log".to_vec())]
    );
    reply(&mut session, FrameType::Ping, early, at(30));
    no_answer(&mut session);
    assert_eq!(session.next_timeout(), Some(at(31)), "a PING soon");
    ping_pong(&mut session, at(31));
    assert_eq!(session.poll_answer(), Some((ticket, Outcome::Sent)));
}

#[test]
fn fetching_is_answered_when_it_was_written() {
    let mut session = connected();
    let ticket = session.fetch_orders().unwrap();
    no_answer(&mut session);
    assert_eq!(
        write(&mut session, at(1)),
        [empty(FrameType::FetchOrders, 0)]
    );
    assert_eq!(session.poll_answer(), Some((ticket, Outcome::Fetched)));
    no_answer(&mut session);
}

#[test]
fn what_was_not_answered_is_sent_again_after_a_cut_with_the_same_id() {
    let mut session = connected();
    submit(&mut session, DATA, b"a").unwrap();
    submit(&mut session, LOGS, b"b").unwrap();
    submit(&mut session, BAOBS, b"c").unwrap();
    let first = write(&mut session, at(1));
    session.disconnected();
    no_answer(&mut session);
    session.connected(at(2));
    // A late reply from the old connection cannot come; one without a request
    // on this connection is no answer.
    reply(
        &mut session,
        FrameType::DataStreamConfirm,
        first[0].1,
        at(2),
    );
    no_answer(&mut session);
    assert_eq!(write(&mut session, at(2))[1..], first);
}

#[test]
fn what_was_answered_before_a_cut_is_not_sent_again() {
    let mut session = connected();
    let ticket = submit(&mut session, DATA, b"a").unwrap();
    let tid = write(&mut session, at(1))[0].1;
    reply(&mut session, FrameType::DataStreamConfirm, tid, at(1));
    session.disconnected();
    session.connected(at(2));
    assert_eq!(
        write(&mut session, at(2)),
        [empty(FrameType::FetchOrders, 0)]
    );
    assert_eq!(session.answer(ticket), Some(Outcome::Confirmed));
}

#[test]
fn a_window_limits_unanswered_data_and_nothing_else() {
    let mut session = connected_with(Config {
        data_window: 1,
        ..Config::new()
    });
    submit(&mut session, DATA, b"a").unwrap();
    submit(&mut session, DATA, b"b").unwrap();
    submit(&mut session, LOGS, b"c").unwrap();
    let written = write(&mut session, at(0));
    let payloads: Vec<_> = written.iter().map(|frame| &frame.2[..]).collect();
    assert_eq!(payloads, [b"a", b"c"]);
    reply(
        &mut session,
        FrameType::DataStreamConfirm,
        written[0].1,
        at(0),
    );
    assert_eq!(write(&mut session, at(0))[0].2, b"b");
}

#[test]
fn a_full_queue_refuses_drops_the_oldest_or_the_newest() {
    for rule in [WhenFull::Block, WhenFull::DropOldest, WhenFull::DropNewest] {
        let config = Config {
            data: QueueRule::new(rule),
            ..Config::new()
        };
        let mut session = session_with(config);
        let tickets = [b"a", b"b", b"c"].map(|data| submit(&mut session, DATA, data).unwrap());
        let fourth = submit(&mut session, DATA, b"d");
        let dropped = session.counters().dropped;
        match rule {
            WhenFull::Block => assert_eq!((fourth, dropped), (Err(QueueError::Full), 0)),
            WhenFull::DropNewest => assert_eq!((fourth, dropped), (Err(QueueError::Dropped), 1)),
            WhenFull::DropOldest => {
                assert!(fourth.is_ok_and(|fourth| !tickets.contains(&fourth)));
                assert_eq!(session.poll_answer(), Some((tickets[0], Outcome::Dropped)));
                assert_eq!(dropped, 1);
            }
        }
        no_answer(&mut session);
        session.connected(at(0));
        let written = write(&mut session, at(0));
        let payloads: Vec<_> = written[1..].iter().map(|frame| frame.2[0]).collect();
        assert_eq!(
            payloads,
            if rule == WhenFull::DropOldest {
                b"bcd"
            } else {
                b"abc"
            }
        );
    }
}

#[test]
fn what_is_being_written_or_was_written_is_not_dropped() {
    let config = Config {
        data: QueueRule::new(WhenFull::DropOldest),
        ..Config::new()
    };
    let mut session = connected_with(config);
    let written = submit(&mut session, DATA, b"a").unwrap();
    write(&mut session, at(1));
    submit(&mut session, DATA, b"b").unwrap();
    submit(&mut session, DATA, b"c").unwrap();
    assert_eq!(session.poll_transmit(at(1)).unwrap().body, b"b");
    submit(&mut session, DATA, b"d").unwrap();
    assert_eq!(session.poll_transmit(at(1)).unwrap().body, b"b");
    session.transmitted(at(1));
    assert_eq!(write(&mut session, at(1))[0].2, b"d");
    assert!(
        session
            .poll_answer()
            .is_some_and(|(ticket, _)| ticket != written)
    );
    // Now all are written: nothing can be dropped.
    assert_eq!(submit(&mut session, DATA, b"e"), Err(QueueError::Full));
}

#[test]
fn dropped_answers_that_nobody_takes_do_not_get_lost() {
    let config = Config {
        data: QueueRule::new(WhenFull::DropOldest),
        ..Config::new()
    };
    let mut session = session_with(config);
    let mut tickets = Vec::new();
    while let Ok(ticket) = submit(&mut session, DATA, b"x") {
        tickets.push(ticket);
    }
    // Three in slots, and as many answers kept.
    assert_eq!(tickets.len(), 6);
    for ticket in &tickets[..3] {
        assert_eq!(session.answer(*ticket), Some(Outcome::Dropped));
    }
    no_answer(&mut session);
    assert!(submit(&mut session, DATA, b"x").is_ok());
}

#[test]
fn a_limit_keeps_slots_for_other_kinds() {
    let logs = QueueRule::new(WhenFull::Block).with_limit(1);
    let mut session = session_with(Config {
        logs,
        ..Config::new()
    });
    submit(&mut session, LOGS, b"a").unwrap();
    assert_eq!(submit(&mut session, LOGS, b"b"), Err(QueueError::Full));
    submit(&mut session, DATA, b"c").unwrap();
    submit(&mut session, DATA, b"d").unwrap();
}

#[test]
fn a_payload_that_cannot_be_written_takes_no_slot() {
    let mut session = connected();
    assert_eq!(
        session.submit(DATA, |_| Err(5)),
        Err(QueueError::Payload(5))
    );
    let too_long = session.submit(DATA, |slot| Ok::<_, ()>(slot.len() + 1));
    assert_eq!(too_long, Err(QueueError::TooLong { limit: 16 }));
    assert_eq!(session.in_use(), (0, 0, 0));
    assert_eq!(write(&mut session, at(0)), []);
}

#[test]
fn an_abandoned_request_is_sent_and_answers_nobody() {
    let mut session = connected();
    let ticket = submit(&mut session, DATA, b"a").unwrap();
    session.abandon(ticket);
    let tid = write(&mut session, at(1))[0].1;
    assert_eq!(session.in_use(), (0, 1, 0));
    reply(&mut session, FrameType::DataStreamReject, tid, at(1));
    no_answer(&mut session);
    assert_eq!(session.in_use(), (0, 0, 0));

    let ticket = submit(&mut session, DATA, b"b").unwrap();
    let tid = write(&mut session, at(1))[0].1;
    reply(&mut session, FrameType::DataStreamReject, tid, at(1));
    session.abandon(ticket);
    no_answer(&mut session);
    assert_eq!(session.in_use(), (0, 0, 0));
}

#[test]
fn an_old_ticket_does_not_reach_the_slot_of_a_newer_one() {
    let mut session = connected();
    let old = session.fetch_orders().unwrap();
    write(&mut session, at(0));
    assert_eq!(session.answer(old), Some(Outcome::Fetched));
    let new = session.fetch_orders().unwrap();
    session.abandon(old);
    session.release(old);
    write(&mut session, at(0));
    assert_eq!(session.answer(old), None);
    assert_eq!(session.answer(new), Some(Outcome::Fetched));
}

#[test]
fn ids_go_from_1_below_0x8000_and_are_not_used_while_open() {
    let mut session = connected();
    let open = submit(&mut session, DATA, b"stays").unwrap();
    let open_tid = write(&mut session, at(0))[0].1;
    let mut last = open_tid;
    for _ in 0..0x8000 {
        let ticket = submit(&mut session, DATA, b"x").unwrap();
        last = write(&mut session, at(0))[0].1;
        assert!((1..0x8000).contains(&last) && last != open_tid);
        reply(&mut session, FrameType::DataStreamConfirm, last, at(0));
        assert_eq!(session.answer(ticket), Some(Outcome::Confirmed));
    }
    assert_eq!(last, open_tid + 2, "it went round once");
    assert_eq!(session.answer(open), None);
}

#[test]
fn the_id_of_a_ping_that_is_being_written_is_in_use() {
    let mut session = connected();
    session.handle_timeout(at(30)).unwrap();
    let ping = session.poll_transmit(at(30)).unwrap().head;
    assert_eq!(ping.kind, FrameType::Ping);
    session.last_tid = ping.tid - 1;
    submit(&mut session, SendKind::DataStream, b"a").unwrap();
    session.transmitted(at(30));
    let data = &write(&mut session, at(30))[0];
    assert_eq!(data.0, FrameType::DataStream);
    assert_ne!(data.1, ping.tid);
}

#[test]
fn a_window_of_nothing_is_a_window_of_one() {
    let mut session = connected_with(Config {
        data_window: 0,
        ..Config::new()
    });
    submit(&mut session, SendKind::DataStream, b"a").unwrap();
    submit(&mut session, SendKind::DataStream, b"b").unwrap();
    assert_eq!(write(&mut session, at(1)).len(), 1);
}

#[test]
fn a_ticket_knows_its_transaction_id_on_every_connection() {
    let mut session = connected();
    let data = submit(&mut session, DATA, b"points").unwrap();
    let baobs = submit(&mut session, BAOBS, b"have").unwrap();
    let logs = submit(&mut session, LOGS, b"logs").unwrap();
    let tids = |written: &[Written]| -> Vec<u16> {
        let wanted = [FrameType::DataStream, FrameType::SyncBaobRequest];
        let chosen = written.iter().filter(|frame| wanted.contains(&frame.0));
        chosen.map(|frame| frame.1).collect()
    };
    let known = [session.tid(data).unwrap(), session.tid(baobs).unwrap()];
    assert_eq!(tids(&write(&mut session, at(1))), known);
    assert_eq!(session.tid(logs), None);
    session.disconnected();
    session.connected(at(2));
    assert_eq!(tids(&write(&mut session, at(2))), known);

    reply(&mut session, FrameType::DataStreamConfirm, known[0], at(2));
    assert_eq!(session.tid(data), Some(known[0]));
    assert_eq!(session.answer(data), Some(Outcome::Confirmed));
    assert_eq!(session.tid(data), None, "the slot is free");
    let next = submit(&mut session, DATA, b"more").unwrap();
    assert_ne!(session.tid(next), None);
    assert_eq!(session.tid(data), None, "the slot is another one's");
}

#[test]
fn dropped_requests_are_told_of_oldest_first() {
    let mut session = session_with(Config {
        data: QueueRule::new(WhenFull::DropOldest),
        ..Config::new()
    });
    let tickets =
        [b"a", b"b", b"c", b"d", b"e", b"f"].map(|data| submit(&mut session, DATA, data).unwrap());
    assert_eq!(session.answer(tickets[1]), Some(Outcome::Dropped));
    let seventh = submit(&mut session, DATA, b"g");
    assert!(seventh.is_ok(), "there is room for one more answer");
    for dropped in [tickets[0], tickets[2], tickets[3]] {
        assert_eq!(session.poll_answer(), Some((dropped, Outcome::Dropped)));
    }
    no_answer(&mut session);
}

#[test]
fn a_payload_may_fill_its_place_and_not_go_beyond() {
    let mut session = connected();
    let full = [7; 16];
    submit(&mut session, DATA, &full).unwrap();
    let written = write(&mut session, at(1));
    assert!(written.iter().any(|(.., payload)| *payload == full));
    // Who writes says how much it was.
    let beyond = session.submit(DATA, |_| Ok::<_, ()>(17));
    assert_eq!(beyond, Err(QueueError::TooLong { limit: 16 }));
}
