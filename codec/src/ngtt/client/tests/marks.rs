//! When an executed order is forgotten, and when not.

use super::*;
use crate::ngtt::Digest;

fn records(session: &mut Session) -> Vec<(RecordKind, u16)> {
    persist(session)
        .iter()
        .map(|record| (record.kind, record.tid))
        .collect()
}

#[test]
fn a_mark_is_dropped_by_a_pong_to_a_ping_written_after_the_confirmation() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    ping_pong(&mut session, at(2));
    assert_eq!(events(&mut session), [Event::OrderSettled { tid: 7 }]);
    assert_eq!(records(&mut session), [(RecordKind::Released, 7)]);
    assert_eq!(session.in_use(), (0, 0, 0));
    // So an identical later order with the same id is executed.
    let id = take(&mut session, 7, b"go", at(3));
    assert_eq!(session.order(id).unwrap().history, History::New);
}

#[test]
fn a_pong_to_a_ping_written_before_the_confirmation_proves_nothing() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    session.handle_timeout(at(30)).unwrap();
    let ping = write(&mut session, at(30))[0].clone();
    assert_eq!(ping.0, FrameType::Ping);
    session.acknowledge(id).unwrap();
    persist(&mut session);
    assert_eq!(
        write(&mut session, at(30)),
        [empty(FrameType::OrderConfirm, 7)]
    );
    reply(&mut session, FrameType::Ping, ping.1, at(30));
    assert_eq!(session.in_use(), (0, 0, 1));
    deliver(&mut session, 7, b"go", at(30));
    assert_eq!(session.poll_order(), None);
    write(&mut session, at(30));
    ping_pong(&mut session, at(32));
    persist(&mut session);
    assert_eq!(session.in_use(), (0, 0, 0));
}

#[test]
fn a_confirmation_made_again_needs_a_later_ping() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    session.handle_timeout(at(2)).unwrap();
    let ping = write(&mut session, at(2))[0].clone();
    deliver(&mut session, 7, b"go", at(2));
    assert_eq!(
        write(&mut session, at(2)),
        [empty(FrameType::OrderConfirm, 7)]
    );
    reply(&mut session, FrameType::Ping, ping.1, at(2));
    assert_eq!(
        session.in_use(),
        (0, 0, 1),
        "the second confirmation may not have arrived"
    );
}

#[test]
fn after_a_cut_a_mark_stays_and_answers_the_redelivery_only() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    session.disconnected();
    session.connected(at(5));
    // Never without redelivery: it could hit a newer order with the same id.
    assert_eq!(
        write(&mut session, at(5)),
        [empty(FrameType::FetchOrders, 0)]
    );
    ping_pong(&mut session, at(35));
    assert_eq!(session.in_use(), (0, 0, 1));
    deliver(&mut session, 7, b"go", at(36));
    assert_eq!(session.poll_order(), None);
    assert_eq!(
        write(&mut session, at(36)),
        [empty(FrameType::OrderConfirm, 7)]
    );
}

#[test]
fn a_mark_that_is_not_asked_for_in_time_is_dropped_behind_the_next_pong() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    session.disconnected();
    session.connected(at(1000));
    write(&mut session, at(1000));
    for secs in [1030, 1060, 1090] {
        ping_pong(&mut session, at(secs));
    }
    assert_eq!(session.next_timeout(), Some(at(1120)));
    assert_eq!(session.in_use(), (0, 0, 1));
    session.handle_timeout(at(1120)).unwrap();
    assert_eq!(
        session.in_use(),
        (0, 0, 1),
        "what the server wrote may be on the way"
    );
    let ping = write(&mut session, at(1120))[0].clone();
    deliver(&mut session, 7, b"go", at(1121));
    assert_eq!(
        write(&mut session, at(1121)),
        [empty(FrameType::OrderConfirm, 7)]
    );
    reply(&mut session, FrameType::Ping, ping.1, at(1122));
    assert_eq!(
        session.in_use(),
        (0, 0, 1),
        "it was redelivered just in time"
    );

    session.disconnected();
    session.connected(at(2000));
    write(&mut session, at(2000));
    for secs in [2030, 2060, 2090, 2120] {
        ping_pong(&mut session, at(secs));
    }
    assert!(events(&mut session).contains(&Event::OrderForgotten { tid: 7 }));
    assert_eq!(records(&mut session), [(RecordKind::Released, 7)]);
    let id = take(&mut session, 7, b"go", at(2121));
    assert_eq!(session.order(id).unwrap().history, History::New);
}

#[test]
fn short_connections_do_not_add_up_to_the_time_for_redelivery() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    for attempt in 1..20 {
        session.disconnected();
        session.connected(at(attempt * 100));
        write(&mut session, at(attempt * 100));
        ping_pong(&mut session, at(attempt * 100 + 90));
    }
    assert_eq!(session.in_use(), (0, 0, 1));
}

#[test]
fn the_same_id_with_another_payload_is_a_new_order() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    deliver(&mut session, 7, b"stop", at(2));
    // The old mark is dropped before the new one is made.
    assert_eq!(
        records(&mut session),
        [(RecordKind::Released, 7), (RecordKind::Started, 7)]
    );
    let id = session.poll_order().unwrap();
    let order = session.order(id).unwrap();
    assert_eq!((order.payload, order.history), (&b"stop"[..], History::New));
}

#[test]
fn the_answer_to_an_order_replaced_by_another_does_not_leave() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    session.acknowledge(id).unwrap();
    persist(&mut session);
    deliver(&mut session, 7, b"stop", at(2));
    persist(&mut session);
    assert_eq!(write(&mut session, at(2)), []);
}

#[test]
fn an_answer_given_between_two_connections_waits_for_redelivery() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    session.disconnected();
    session.acknowledge(id).unwrap();
    persist(&mut session);
    session.connected(at(2));
    assert_eq!(
        write(&mut session, at(2)),
        [empty(FrameType::FetchOrders, 0)]
    );
    deliver(&mut session, 7, b"go", at(2));
    assert_eq!(
        write(&mut session, at(2)),
        [empty(FrameType::OrderConfirm, 7)]
    );
}

#[test]
fn an_answer_to_an_order_of_an_earlier_connection_waits_for_redelivery() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    session.disconnected();
    session.connected(at(2));
    write(&mut session, at(2));
    session.acknowledge(id).unwrap();
    persist(&mut session);
    assert_eq!(write(&mut session, at(2)), []);
    deliver(&mut session, 7, b"go", at(2));
    assert_eq!(
        write(&mut session, at(2)),
        [empty(FrameType::OrderConfirm, 7)]
    );
}

#[test]
fn an_answer_is_for_its_own_order_though_an_older_one_is_held_too() {
    let mut session = connected();
    let older = take(&mut session, 7, b"go", at(1));
    session.disconnected();
    session.connected(at(2));
    write(&mut session, at(2));
    let newer = take(&mut session, 8, b"on", at(2));
    // The server of this connection has asked for this answer, and only for it.
    session.acknowledge(newer).unwrap();
    persist(&mut session);
    let written = write(&mut session, at(2));
    assert!(written.contains(&empty(FrameType::OrderConfirm, 8)));
    session.acknowledge(older).unwrap();
    persist(&mut session);
    assert_eq!(write(&mut session, at(2)), []);
}

#[test]
fn an_order_executed_after_the_server_forgot_it_is_not_remembered_for_ever() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    session.disconnected();
    session.connected(at(10));
    write(&mut session, at(10));
    for secs in [40, 70, 100, 130] {
        ping_pong(&mut session, at(secs));
    }
    assert_eq!(session.in_use(), (1, 0, 1), "the application has it");
    session.acknowledge(id).unwrap();
    persist(&mut session);
    assert_eq!(session.in_use(), (0, 0, 0));
}

/// What the server wrote up to the end of its time may still be on the way: only
/// the PONG to a PING written after that comes behind it.
#[test]
fn the_pong_to_a_ping_from_before_the_end_of_the_time_forgets_nothing() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    session.disconnected();
    session.connected(at(10));
    write(&mut session, at(10));
    ping_pong(&mut session, at(11));
    // The time ends at 130 s. A PING is on the way then.
    ping_pong(&mut session, at(41));
    ping_pong(&mut session, at(71));
    ping_pong(&mut session, at(101));
    // Logs want one within a second.
    submit(&mut session, SendKind::Logs, b"a").unwrap();
    write(&mut session, at(120));
    session.handle_timeout(at(121)).unwrap();
    let early = write(&mut session, at(121))[0].1;
    session.handle_timeout(at(130)).unwrap();
    reply(&mut session, FrameType::Ping, early, at(131));
    assert_eq!(session.in_use().2, 1, "it may still come");
    deliver(&mut session, 7, b"go", at(132));
    assert_eq!(session.poll_order(), None);
    assert_eq!(
        write(&mut session, at(132))[0],
        empty(FrameType::OrderConfirm, 7)
    );
}

/// The same for a device that does not know its past.
#[test]
fn the_pong_to_a_ping_from_before_the_end_of_the_time_proves_nothing_of_the_past() {
    let mut session = Session::new(Config::new());
    session.connected(at(0));
    write(&mut session, at(0));
    for secs in [30, 60, 90] {
        ping_pong(&mut session, at(secs));
    }
    submit(&mut session, SendKind::Logs, b"b").unwrap();
    write(&mut session, at(118));
    session.handle_timeout(at(119)).unwrap();
    let early = write(&mut session, at(119))[0].1;
    session.handle_timeout(at(120)).unwrap();
    reply(&mut session, FrameType::Ping, early, at(121));
    let id = take(&mut session, 7, b"go", at(122));
    assert_eq!(session.order(id).unwrap().history, History::Unknown);
    ping_pong(&mut session, at(122));
    let id = take(&mut session, 8, b"go", at(123));
    assert_eq!(session.order(id).unwrap().history, History::New);
}

/// The next PING tells the server that the id is free. If the power failed with
/// the mark still in the journal, an equal new order would be taken for the old.
#[test]
fn no_further_ping_is_written_before_the_release_is_durable() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    ping_pong(&mut session, at(2));
    let released = session.poll_persist().unwrap();
    assert_eq!(released.kind, RecordKind::Released);
    // The journal is slow. Everything else goes on.
    for secs in [32, 60, 90] {
        assert_eq!(session.handle_timeout(at(secs)), Ok(()));
        assert!(session.next_timeout() > Some(at(secs)));
        let ticket = submit(&mut session, SendKind::DataStream, b"a").unwrap();
        let written = write(&mut session, at(secs));
        assert_eq!(written.len(), 1);
        reply(
            &mut session,
            FrameType::DataStreamConfirm,
            written[0].1,
            at(secs),
        );
        assert_eq!(session.answer(ticket), Some(Outcome::Confirmed));
    }
    assert_eq!(session.handle_timeout(at(121)), Ok(()));
    assert_eq!(write(&mut session, at(121)), []);
    session.persisted(released);
    assert_eq!(session.next_timeout(), Some(at(120)));
    assert_eq!(session.handle_timeout(at(121)), Ok(()));
    assert_eq!(write(&mut session, at(121))[0].0, FrameType::Ping);
}

/// Where FETCH_ORDERS is not written by itself, marks from before must not keep
/// out new orders for ever.
#[test]
fn marks_in_use_since_before_are_asked_for_when_they_keep_out_an_order() {
    let mut session = Session::new(Config {
        fetch_on_connect: false,
        ..Config::new()
    });
    let record = |tid| Record {
        kind: RecordKind::Executed(Answer::Confirm),
        tid,
        digest: Digest::of(b"go"),
    };
    session.restore((1..=4).map(record)).unwrap();
    session.connected(at(0));
    assert_eq!(write(&mut session, at(0)), []);
    for _ in 0..2 {
        deliver(&mut session, 5, b"go", at(1));
        assert_eq!(session.poll_order(), None);
    }
    let written = write(&mut session, at(1));
    assert_eq!(written, [(FrameType::FetchOrders, 0, Vec::new())], "once");
    deliver(&mut session, 5, b"go", at(2));
    ping_pong(&mut session, at(2));
    for secs in [32, 62, 92, 121] {
        ping_pong(&mut session, at(secs));
    }
    persist(&mut session);
    assert!(write(&mut session, at(121)).contains(&empty(FrameType::FetchOrders, 0)));
    take(&mut session, 5, b"go", at(122));
}

#[test]
fn an_answer_is_recorded_when_its_record_is_durable() {
    let mut session = connected();
    let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
    let id = take(&mut session, 7, b"one", at(1));
    assert!(session.is_recorded(7, one), "there is no answer yet");
    session.acknowledge(id).unwrap();
    assert!(!session.is_recorded(7, one));
    assert!(session.is_recorded(7, other) && session.is_recorded(8, one));
    persist(&mut session);
    assert!(session.is_recorded(7, one));
}
