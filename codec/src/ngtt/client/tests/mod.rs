//! The rules of the session, each with its tests.

mod history;
mod marks;
mod orders;
mod ping;
mod requests;
mod strays;

use std::vec::Vec;

use super::*;
use crate::Instant;
use crate::ngtt::{ClientSession, Frame, FrameType};

/// Two orders of 16 bytes, three requests of 16 bytes, four marks.
type Session = ClientSession<Slots<2, 16, 3, 16, 4>>;

/// A frame as it was written: type, transaction id, payload.
type Written = (FrameType, u16, Vec<u8>);

fn at(secs: u64) -> Instant {
    Instant::from_secs(secs)
}

/// A device with an empty journal: it knows its past.
fn session_with(config: Config) -> Session {
    let mut session = Session::new(config);
    session.restore([]).unwrap();
    session
}

/// The same, connected at 0 s, with FETCH_ORDERS written.
fn connected() -> Session {
    connected_with(Config::new())
}

fn connected_with(config: Config) -> Session {
    let mut session = session_with(config);
    session.connected(at(0));
    assert_eq!(
        write(&mut session, at(0)),
        [(FrameType::FetchOrders, 0, Vec::new())]
    );
    session
}

/// Writes all that the session wants to write.
fn write(session: &mut Session, now: Instant) -> Vec<Written> {
    let mut written = Vec::new();
    while let Some(frame) = session.poll_transmit(now) {
        let frame = frame.frame();
        written.push((frame.kind, frame.tid, frame.payload.to_vec()));
        session.transmitted(now);
    }
    written
}

fn empty(kind: FrameType, tid: u16) -> Written {
    (kind, tid, Vec::new())
}

/// Makes all records durable and returns them.
fn persist(session: &mut Session) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some(record) = session.poll_persist() {
        assert_eq!(
            session.poll_persist(),
            Some(record),
            "the same until it is durable"
        );
        session.persisted(record);
        records.push(record);
    }
    records
}

fn deliver(session: &mut Session, tid: u16, payload: &[u8], now: Instant) {
    session.handle_frame(
        Frame {
            tid,
            kind: FrameType::Order,
            payload,
        },
        now,
    );
}

/// Delivers an order and hands it over.
fn take(session: &mut Session, tid: u16, payload: &[u8], now: Instant) -> OrderId {
    deliver(session, tid, payload, now);
    persist(session);
    session.poll_order().expect("an order")
}

/// Delivers and executes an order, and writes the confirmation.
fn execute(session: &mut Session, tid: u16, payload: &[u8], now: Instant) {
    let id = take(session, tid, payload, now);
    session.acknowledge(id).unwrap();
    persist(session);
    assert!(write(session, now).contains(&empty(FrameType::OrderConfirm, tid)));
}

fn reply(session: &mut Session, kind: FrameType, tid: u16, now: Instant) {
    session.handle_frame(Frame::empty(kind, tid), now);
}

/// Lets the session write a PING at `now` and answers it.
fn ping_pong(session: &mut Session, now: Instant) {
    let _ = session.handle_timeout(now);
    let written = write(session, now);
    let ping = written
        .iter()
        .find(|frame| frame.0 == FrameType::Ping)
        .expect("a PING");
    reply(session, FrameType::Ping, ping.1, now);
}

fn events(session: &mut Session) -> Vec<Event> {
    core::iter::from_fn(|| session.poll_event()).collect()
}

fn submit(session: &mut Session, kind: SendKind, payload: &[u8]) -> Result<Ticket, QueueError<()>> {
    session.submit(kind, |slot| {
        slot[..payload.len()].copy_from_slice(payload);
        Ok(payload.len())
    })
}
