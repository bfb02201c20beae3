//! When a client session may go: `ClientSession::is_idle` and `is_settled`.

use core::convert::Infallible;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::client::{Config, SendKind, Slots};
use wigwag_codec::ngtt::{ClientSession, Frame, FrameType};

type Session = ClientSession<Slots<2, 64, 2, 64, 8>>;

/// Writes everything there is to write; the frames' types and ids.
fn flush(session: &mut Session, now: Instant) -> Vec<(FrameType, u16)> {
    let mut written = Vec::new();
    let _ = session.handle_timeout(now);
    while let Some(record) = session.poll_persist() {
        session.persisted(record);
    }
    while let Some(out) = session.poll_transmit(now) {
        written.push((out.head.kind, out.head.tid));
        session.transmitted(now);
    }
    while let Some(record) = session.poll_persist() {
        session.persisted(record);
    }
    written
}

fn frame(kind: FrameType, tid: u16) -> Frame<'static> {
    let payload: &[u8] = if kind == FrameType::Order {
        &[0x40]
    } else {
        &[]
    };
    Frame { tid, kind, payload }
}

fn ping_of(written: &[(FrameType, u16)]) -> u16 {
    let ping = written.iter().find(|(kind, _)| *kind == FrameType::Ping);
    ping.expect("a PING was written").1
}

#[test]
fn an_answer_counts_when_a_pong_has_proved_it() {
    let mut session = Session::new(Config::new());
    assert!(!session.is_idle(), "no connection");
    assert!(!session.is_settled(), "no connection");
    session.connected(Instant::from_secs(1));
    flush(&mut session, Instant::from_secs(1));
    assert!(session.is_idle(), "nothing was ever to do");

    session.handle_frame(frame(FrameType::Order, 7), Instant::from_secs(1));
    assert!(!session.is_idle(), "an order is there");
    flush(&mut session, Instant::from_secs(1));
    let id = session.poll_order().unwrap();
    session.acknowledge(id).unwrap();
    assert!(!session.is_idle(), "its answer is not written");
    flush(&mut session, Instant::from_secs(1));
    assert!(!session.is_idle(), "nobody knows whether it arrived");
    let ping = ping_of(&flush(&mut session, Instant::from_secs(3)));
    session.handle_frame(frame(FrameType::Ping, ping), Instant::from_secs(3));
    flush(&mut session, Instant::from_secs(3));
    assert!(session.is_idle());
}

#[test]
fn after_a_cut_the_server_must_have_had_its_chance_to_ask_again() {
    let mut session = Session::new(Config::new());
    session.connected(Instant::from_secs(1));
    session.handle_frame(frame(FrameType::Order, 7), Instant::from_secs(1));
    flush(&mut session, Instant::from_secs(1));
    let id = session.poll_order().unwrap();
    session.acknowledge(id).unwrap();
    flush(&mut session, Instant::from_secs(1));
    session.disconnected();
    assert!(!session.is_idle());

    session.connected(Instant::from_secs(2));
    flush(&mut session, Instant::from_secs(2));
    assert!(
        !session.is_idle(),
        "the server may not have read FETCH_ORDERS"
    );
    assert!(!session.is_settled(), "it may ask for the answer again");
    let ping = ping_of(&flush(&mut session, Instant::from_secs(4)));
    session.handle_frame(frame(FrameType::Ping, ping), Instant::from_secs(4));
    assert!(session.is_idle(), "it did not ask for the answer again");
    assert!(session.is_settled(), "it did not ask for the answer again");
    assert_eq!(session.in_use().2, 1, "the order is still remembered");

    // It does ask after all.
    session.handle_frame(frame(FrameType::Order, 7), Instant::from_secs(5));
    assert!(!session.is_idle());
    assert!(session.poll_order().is_none());
}

#[test]
fn requests_count_until_they_are_answered() {
    let mut session = Session::new(Config::new());
    session.connected(Instant::from_secs(1));
    let ticket = session
        .submit(SendKind::DataStream, |slot| {
            slot[0] = 0x40;
            Ok::<_, Infallible>(1)
        })
        .unwrap();
    let written = flush(&mut session, Instant::from_secs(1));
    assert!(!session.is_idle());
    let data = written
        .iter()
        .find(|(kind, _)| *kind == FrameType::DataStream);
    let tid = data.unwrap().1;
    session.handle_frame(
        frame(FrameType::DataStreamConfirm, tid),
        Instant::from_secs(1),
    );
    session.answer(ticket).unwrap();
    session.release(ticket);
    assert!(session.is_idle());
}

#[test]
fn orders_that_nobody_answers_hold_up_no_farewell() {
    let mut session = Session::new(Config::new());
    session.connected(Instant::from_secs(1));
    flush(&mut session, Instant::from_secs(1));
    for tid in [7, 8] {
        session.handle_frame(frame(FrameType::Order, tid), Instant::from_secs(1));
    }
    flush(&mut session, Instant::from_secs(1));
    let taken = session.poll_order().unwrap();
    assert!(session.is_settled(), "nothing was answered yet");
    session.acknowledge(taken).unwrap();
    assert!(!session.is_settled(), "an answer is to be written");
    flush(&mut session, Instant::from_secs(1));
    assert!(!session.is_settled(), "nobody knows whether it arrived");
    let ping = ping_of(&flush(&mut session, Instant::from_secs(3)));
    session.handle_frame(frame(FrameType::Ping, ping), Instant::from_secs(3));
    flush(&mut session, Instant::from_secs(3));
    assert!(session.is_settled(), "the other was not taken");
    assert!(!session.is_idle(), "it can still be taken");
    let returned = session.poll_order().unwrap();
    session.give_back(returned).unwrap();
    assert!(session.is_settled() && session.is_idle());
    session.disconnected();
    assert!(!session.is_settled());
}
