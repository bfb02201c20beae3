//! What a device knows of its past: reboots with and without a journal.

use super::*;

/// What a device with this journal makes of the order (7, "go").
fn after_reboot(journal: &[Record]) -> (Session, Option<OrderId>) {
    let mut session = Session::new(Config::new());
    session.restore(journal.iter().copied()).unwrap();
    session.connected(at(0));
    write(&mut session, at(0));
    deliver(&mut session, 7, b"go", at(0));
    persist(&mut session);
    let id = session.poll_order();
    (session, id)
}

/// The records that the life of one order leaves.
fn journal() -> Vec<Record> {
    let mut session = connected();
    let mut journal = Vec::new();
    deliver(&mut session, 7, b"go", at(1));
    journal.extend(persist(&mut session));
    let id = session.poll_order().unwrap();
    session.acknowledge(id).unwrap();
    journal.extend(persist(&mut session));
    write(&mut session, at(1));
    ping_pong(&mut session, at(2));
    journal.extend(persist(&mut session));
    journal
}

#[test]
fn a_power_failure_at_every_record_is_told_from_the_others() {
    let journal = journal();
    assert_eq!(journal.len(), 3);
    let (session, id) = after_reboot(&journal[..0]);
    assert_eq!(session.order(id.unwrap()).unwrap().history, History::New);
    // Between started and executed nobody can know.
    let (mut session, id) = after_reboot(&journal[..1]);
    assert_eq!(
        session.order(id.unwrap()).unwrap().history,
        History::Interrupted
    );
    session.acknowledge(id.unwrap()).unwrap();
    persist(&mut session);
    assert_eq!(
        write(&mut session, at(0)),
        [empty(FrameType::OrderConfirm, 7)]
    );
    // Executed: confirmed again, not handed over.
    let (mut session, id) = after_reboot(&journal[..2]);
    assert_eq!(id, None);
    assert_eq!(
        write(&mut session, at(0)),
        [empty(FrameType::OrderConfirm, 7)]
    );
    // Released: an equal order is another one.
    let (session, id) = after_reboot(&journal[..3]);
    assert_eq!(session.order(id.unwrap()).unwrap().history, History::New);
}

#[test]
fn an_interrupted_order_needs_no_second_record_before_it_is_handed_over() {
    let mut session = Session::new(Config::new());
    session.restore(journal().into_iter().take(1)).unwrap();
    session.connected(at(0));
    deliver(&mut session, 7, b"go", at(1));
    assert_eq!(session.poll_persist(), None);
    assert!(session.poll_order().is_some());
}

#[test]
fn an_interrupted_order_waits_for_a_slot_like_any_other() {
    let mut session = Session::new(Config::new());
    session.restore(journal().into_iter().take(1)).unwrap();
    session.connected(at(0));
    write(&mut session, at(0));
    let id = take(&mut session, 1, b"a", at(1));
    take(&mut session, 2, b"b", at(1));
    deliver(&mut session, 7, b"go", at(1));
    session.acknowledge(id).unwrap();
    persist(&mut session);
    assert!(write(&mut session, at(1)).contains(&empty(FrameType::FetchOrders, 0)));
    let id = take(&mut session, 7, b"go", at(2));
    assert_eq!(session.order(id).unwrap().history, History::Interrupted);
}

#[test]
fn more_open_orders_than_marks_are_an_error() {
    let digest = crate::ngtt::Digest::of(b"");
    let record = |tid| Record {
        kind: RecordKind::Started,
        tid,
        digest,
    };
    assert_eq!(
        Session::new(Config::new()).restore((1..=4).map(record)),
        Ok(())
    );
    assert_eq!(
        Session::new(Config::new()).restore((1..=5).map(record)),
        Err(MarksFull)
    );
}

#[test]
fn without_a_journal_an_order_may_have_been_executed_until_the_server_had_its_time() {
    let mut session = Session::new(Config::new());
    session.connected(at(0));
    let history = |session: &mut Session, tid, now| {
        let id = take(session, tid, b"x", now);
        let history = session.order(id).unwrap().history;
        session.acknowledge(id).unwrap();
        persist(session);
        write(session, now);
        history
    };
    write(&mut session, at(0));
    assert_eq!(history(&mut session, 1, at(1)), History::Unknown);
    for secs in [30, 60, 90] {
        ping_pong(&mut session, at(secs));
        persist(&mut session);
    }
    assert_eq!(history(&mut session, 2, at(119)), History::Unknown);
    session.handle_timeout(at(120)).unwrap();
    let ping = write(&mut session, at(120))[0].clone();
    assert_eq!(
        history(&mut session, 3, at(120)),
        History::Unknown,
        "it may have been on the way"
    );
    reply(&mut session, FrameType::Ping, ping.1, at(121));
    persist(&mut session);
    assert_eq!(history(&mut session, 4, at(121)), History::New);
}

#[test]
fn without_a_journal_an_order_skipped_for_want_of_a_slot_stays_of_unknown_history() {
    let mut session = Session::new(Config::new());
    session.connected(at(0));
    write(&mut session, at(0));
    let first = take(&mut session, 1, b"a", at(1));
    take(&mut session, 2, b"b", at(1));
    deliver(&mut session, 3, b"c", at(1));
    for secs in [30, 60, 90, 120, 150] {
        ping_pong(&mut session, at(secs));
    }
    session.acknowledge(first).unwrap();
    persist(&mut session);
    assert!(write(&mut session, at(151)).contains(&empty(FrameType::FetchOrders, 0)));
    let id = take(&mut session, 3, b"c", at(152));
    assert_eq!(session.order(id).unwrap().history, History::Unknown);
}

/// A new journal knows what it has written itself, and nothing before that.
#[test]
fn a_journal_that_does_not_know_everything_knows_what_it_says() {
    let mut session = Session::new(Config::new());
    session.restore_part(journal().into_iter().take(1)).unwrap();
    assert!(!session.is_past_known());
    session.connected(at(0));
    write(&mut session, at(0));
    for (tid, history) in [(7, History::Interrupted), (8, History::Unknown)] {
        let id = take(&mut session, tid, b"go", at(1));
        assert_eq!(session.order(id).unwrap().history, history);
    }
}

/// What does not fit must not hide what later records say of those that do.
#[test]
fn records_behind_one_that_does_not_fit_still_count() {
    let digest = crate::ngtt::Digest::of(b"go");
    let record = |kind, tid| Record { kind, tid, digest };
    let mut records: Vec<Record> = (1..=5)
        .map(|tid| record(RecordKind::Started, tid))
        .collect();
    records.push(record(RecordKind::Executed(Answer::Confirm), 1));
    records.push(record(RecordKind::Released, 2));
    let mut session = Session::new(Config::new());
    assert_eq!(session.restore(records), Err(MarksFull));
    session.connected(at(0));
    write(&mut session, at(0));
    // The first was executed: it is confirmed and not handed over.
    deliver(&mut session, 1, b"go", at(1));
    assert_eq!(session.poll_order(), None);
    assert_eq!(
        write(&mut session, at(1))[0],
        empty(FrameType::OrderConfirm, 1)
    );
    // The second was over: what comes now is another order.
    let id = take(&mut session, 2, b"go", at(1));
    assert_eq!(session.order(id).unwrap().history, History::Unknown);
}
