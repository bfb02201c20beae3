//! Delivery: duplicates, slots, the order of journal and confirmation.

use super::*;

#[test]
fn an_order_is_shown_after_its_mark_is_durable_and_confirmed_after_its_execution_is() {
    let mut session = connected();
    deliver(&mut session, 7, b"go", at(1));
    assert_eq!(
        session.poll_order(),
        None,
        "not before the started mark is durable"
    );
    let started = session.poll_persist().unwrap();
    assert_eq!((started.kind, started.tid), (RecordKind::Started, 7));
    session.persisted(started);
    let id = session.poll_order().unwrap();
    assert_eq!(session.poll_order(), None, "handed over once");
    let order = session.order(id).unwrap();
    assert_eq!(
        (order.tid, order.payload, order.history),
        (7, &b"go"[..], History::New)
    );

    session.acknowledge(id).unwrap();
    assert_eq!(session.order(id), None);
    assert_eq!(session.acknowledge(id), Err(UnknownOrder));
    assert_eq!(
        write(&mut session, at(1)),
        [],
        "not before the executed mark is durable"
    );
    let executed = session.poll_persist().unwrap();
    assert_eq!(executed.kind, RecordKind::Executed(Answer::Confirm));
    session.persisted(executed);
    assert_eq!(
        write(&mut session, at(1)),
        [empty(FrameType::OrderConfirm, 7)]
    );
    assert_eq!(write(&mut session, at(1)), [], "once");
}

#[test]
fn a_rejected_order_is_rejected_again() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    session.reject(id).unwrap();
    assert_eq!(
        persist(&mut session)[0].kind,
        RecordKind::Executed(Answer::Reject)
    );
    assert_eq!(
        write(&mut session, at(1)),
        [empty(FrameType::OrderReject, 7)]
    );
    deliver(&mut session, 7, b"go", at(1));
    assert_eq!(
        write(&mut session, at(1)),
        [empty(FrameType::OrderReject, 7)]
    );
    assert_eq!(session.poll_order(), None);
}

#[test]
fn answers_leave_in_the_order_in_which_they_were_given() {
    let mut session = connected();
    let first = take(&mut session, 7, b"a", at(1));
    let second = take(&mut session, 8, b"b", at(1));
    session.acknowledge(second).unwrap();
    session.reject(first).unwrap();
    persist(&mut session);
    assert_eq!(
        write(&mut session, at(1))[..2],
        [
            empty(FrameType::OrderConfirm, 8),
            empty(FrameType::OrderReject, 7)
        ]
    );
    // Asked again, the other way round, they are due in that order.
    deliver(&mut session, 7, b"a", at(1));
    deliver(&mut session, 8, b"b", at(1));
    assert_eq!(
        write(&mut session, at(1))[..2],
        [
            empty(FrameType::OrderReject, 7),
            empty(FrameType::OrderConfirm, 8)
        ]
    );
}

#[test]
fn an_executed_order_is_confirmed_again_even_if_no_slot_is_free() {
    let mut session = connected();
    execute(&mut session, 7, b"go", at(1));
    take(&mut session, 8, b"a", at(1));
    take(&mut session, 9, b"b", at(1));
    deliver(&mut session, 7, b"go", at(1));
    assert_eq!(session.poll_order(), None);
    let confirm = empty(FrameType::OrderConfirm, 7);
    assert_eq!(write(&mut session, at(1))[0], confirm);
    assert!(events(&mut session).contains(&Event::OrderRepeated { tid: 7 }));
}

#[test]
fn an_order_that_the_application_has_is_not_handed_over_again() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    deliver(&mut session, 7, b"go", at(2));
    assert_eq!((session.poll_order(), session.poll_persist()), (None, None));
    assert_eq!(events(&mut session), [Event::OrderInProgress { tid: 7 }]);
    session.acknowledge(id).unwrap();
    persist(&mut session);
    assert_eq!(
        write(&mut session, at(2)),
        [empty(FrameType::OrderConfirm, 7)]
    );
}

#[test]
fn orders_come_in_the_order_of_their_arrival() {
    let mut session = connected();
    deliver(&mut session, 9, b"first", at(1));
    deliver(&mut session, 2, b"second", at(1));
    persist(&mut session);
    let first = session.poll_order().unwrap();
    let second = session.poll_order().unwrap();
    assert_eq!(session.order(first).unwrap().tid, 9);
    assert_eq!(session.order(second).unwrap().tid, 2);
}

#[test]
fn without_a_free_slot_an_order_is_skipped_and_fetched_later() {
    let mut session = connected();
    let id = take(&mut session, 1, b"a", at(1));
    take(&mut session, 2, b"b", at(1));
    deliver(&mut session, 3, b"c", at(1));
    let reason = SkipReason::NoSlot;
    assert_eq!(
        events(&mut session),
        [Event::OrderSkipped { tid: 3, reason }]
    );
    assert_eq!(session.counters().skipped_no_slot, 1);
    assert_eq!(
        write(&mut session, at(1)),
        [],
        "no FETCH_ORDERS while all slots are in use"
    );
    // Signs of life go on meanwhile.
    assert_eq!(session.handle_timeout(at(30)), Ok(()));
    assert_eq!(write(&mut session, at(30))[0].0, FrameType::Ping);
    session.acknowledge(id).unwrap();
    persist(&mut session);
    let written = write(&mut session, at(31));
    assert_eq!(
        written,
        [
            empty(FrameType::OrderConfirm, 1),
            empty(FrameType::FetchOrders, 0)
        ]
    );
    take(&mut session, 3, b"c", at(32));
    assert_eq!(write(&mut session, at(32)), [], "asked once");
}

#[test]
fn an_order_larger_than_a_slot_is_skipped_and_not_asked_for_again() {
    let mut session = connected();
    deliver(&mut session, 3, &[0; 17], at(1));
    let reason = SkipReason::TooLarge { length: 17 };
    assert_eq!(
        events(&mut session),
        [Event::OrderSkipped { tid: 3, reason }]
    );
    assert_eq!(
        (write(&mut session, at(1)), session.poll_persist()),
        (Vec::new(), None)
    );
    take(&mut session, 4, &[0; 16], at(1));
}

#[test]
fn with_all_marks_in_use_no_order_is_taken_until_one_is_released() {
    let mut session = connected();
    for tid in 1..=4 {
        execute(&mut session, tid, b"x", at(1));
    }
    deliver(&mut session, 5, b"x", at(1));
    let reason = SkipReason::NoMark;
    assert!(events(&mut session).contains(&Event::OrderSkipped { tid: 5, reason }));
    assert_eq!(session.in_use(), (0, 0, 4));
    // A PING was written at once when half of the marks were in use.
    reply(&mut session, FrameType::Ping, 1, at(1));
    assert_eq!(session.poll_persist().unwrap().kind, RecordKind::Released);
    let fetch = empty(FrameType::FetchOrders, 0);
    assert!(!write(&mut session, at(1)).contains(&fetch));
    persist(&mut session);
    // The other two want their own PING.
    assert_eq!(
        write(&mut session, at(1)),
        [fetch, empty(FrameType::Ping, 2)]
    );
    take(&mut session, 5, b"x", at(1));
}

#[test]
fn an_order_given_back_is_told_of_and_comes_again_as_interrupted() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    session.give_back(id).unwrap();
    assert_eq!(session.give_back(id), Err(UnknownOrder));
    assert_eq!(events(&mut session), [Event::OrderUnanswered { tid: 7 }]);
    assert_eq!(write(&mut session, at(1)), []);
    deliver(&mut session, 7, b"go", at(2));
    let id = session.poll_order().unwrap();
    assert_eq!(session.order(id).unwrap().history, History::Interrupted);
}

#[test]
fn an_id_given_to_another_order_meanwhile_is_not_answered_for_the_first() {
    let mut session = connected();
    let first = take(&mut session, 7, b"one", at(1));
    let second = take(&mut session, 7, b"two", at(2));
    assert_eq!(events(&mut session), [Event::OrderReplaced { tid: 7 }]);
    session.acknowledge(first).unwrap();
    assert_eq!(persist(&mut session)[0].kind, RecordKind::Released);
    assert_eq!(
        write(&mut session, at(2)),
        [],
        "it would confirm the second"
    );
    session.reject(second).unwrap();
    persist(&mut session);
    assert_eq!(
        write(&mut session, at(2)),
        [empty(FrameType::OrderReject, 7)]
    );
}

#[test]
fn a_confirmation_cut_in_the_middle_is_not_written() {
    let mut session = connected();
    let id = take(&mut session, 7, b"go", at(1));
    session.acknowledge(id).unwrap();
    persist(&mut session);
    assert!(session.poll_transmit(at(1)).is_some());
    session.disconnected();
    session.transmitted(at(1));
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

/// A server that delivers `orders` orders at every FETCH_ORDERS. Counts these
/// until there is nothing more to write; `done` has the application's part.
fn fetches(
    session: &mut Session,
    orders: &mut Vec<u16>,
    now: Instant,
    mut done: impl FnMut(&mut Session, OrderId) -> bool,
) -> usize {
    let mut fetches = 0;
    loop {
        persist(session);
        while let Some(id) = session.poll_order() {
            let tid = session.order(id).unwrap().tid;
            if done(session, id) {
                orders.retain(|order| *order != tid);
            }
            persist(session);
        }
        let written = write(session, now);
        let asked = written.contains(&empty(FrameType::FetchOrders, 0));
        for (kind, tid, _) in written {
            if kind == FrameType::Ping {
                reply(session, FrameType::Ping, tid, now);
            }
        }
        if !asked {
            return fetches;
        }
        fetches += 1;
        assert!(fetches < 1000, "asks without end");
        for tid in orders.iter() {
            deliver(session, *tid, b"go", now);
        }
    }
}

#[test]
fn slots_that_keep_filling_make_one_fetch_for_each_answer_at_most() {
    let mut session = connected();
    let mut orders: Vec<u16> = (1..=20).collect();
    for tid in orders.clone() {
        deliver(&mut session, tid, b"go", at(1));
    }
    let count = fetches(&mut session, &mut orders, at(1), |session, id| {
        session.acknowledge(id).unwrap();
        true
    });
    assert!((1..=20).contains(&count), "{count}");
    assert_eq!(orders, [], "and in the end all are executed");
}

#[test]
fn an_application_that_gives_everything_back_makes_no_storm_of_fetches() {
    let mut session = connected();
    let mut orders: Vec<u16> = (1..=3).collect();
    for tid in orders.clone() {
        deliver(&mut session, tid, b"go", at(1));
    }
    let mut give_back = |session: &mut Session, id| {
        session.give_back(id).unwrap();
        false
    };
    let count = fetches(&mut session, &mut orders, at(1), &mut give_back);
    assert!((1..=3).contains(&count), "{count}: once for each new order");
    // From then on they are fetched with the next PING, and not before.
    assert_eq!(session.handle_timeout(at(20)), Ok(()));
    assert_eq!(write(&mut session, at(20)), []);
    assert_eq!(session.handle_timeout(at(31)), Ok(()));
    let count = fetches(&mut session, &mut orders, at(31), &mut give_back);
    assert_eq!(count, 1);
    assert_eq!(write(&mut session, at(31)), []);
}
