#![no_main]
//! A device's session under any frames, chunks, times and calls: it never
//! panics, never turns in circles, stays within its memory and answers every
//! ticket once.

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameReader, Received};
use wigwag_codec::ngtt::client::{Config, QueueRule, Record, SendKind, Slots, WhenFull};
use wigwag_codec::ngtt::{ClientSession, Frame, NgttFramer};
use wigwag_codec_fuzz::Script;

type Session = ClientSession<Slots<2, 16, 3, 16, 4>>;

fuzz_target!(|data: &[u8]| {
    let mut script = Script::new(data);
    let rules = [WhenFull::Block, WhenFull::DropOldest, WhenFull::DropNewest];
    let config = Config {
        data: QueueRule::new(rules[script.below(3)]),
        logs: QueueRule::new(rules[script.below(3)]).with_limit(script.below(4)),
        data_window: script.below(3),
        fetch_on_connect: script.below(2) == 0,
        ..Config::new()
    };
    let mut session = Session::new(config);
    if script.below(2) == 0 {
        let records = (0..script.below(6)).map(|_| Record::from_bytes(script.take(Record::LEN)));
        let _ = session.restore(records.flatten().collect::<Vec<_>>());
    }
    let mut reader = FrameReader::new(NgttFramer::for_buffer(32), [0; 32]);
    let mut now = Instant::ZERO;
    let mut open = HashSet::new();
    let mut orders = Vec::new();
    while !script.is_empty() {
        match script.below(16) {
            0 => {
                reader.reset();
                session.connected(now);
            }
            1 => session.disconnected(),
            2..5 => {
                let length = script.below(40);
                let mut bytes = script.take(length);
                loop {
                    bytes = &bytes[reader.push(bytes)..];
                    match reader.next().expect("every stream of frames is understood") {
                        Some(Received::Message { meta, body }) => {
                            session.handle_frame(Frame::new(meta, body), now);
                        }
                        Some(Received::Oversized { meta, body_len }) => {
                            session.handle_oversized(meta, body_len, now);
                        }
                        Some(Received::Endless { .. }) => panic!("every frame has an end"),
                        None if bytes.is_empty() => break,
                        None => {}
                    }
                }
            }
            5 => {
                let micros = now.as_micros() + (1 << script.below(30));
                now = Instant::from_micros(micros);
                if session.handle_timeout(now).is_ok()
                    && let Some(at) = session.next_timeout()
                {
                    assert!(at > now);
                }
            }
            6 => {
                let mut frames = 0;
                while let Some(frame) = session.poll_transmit(now) {
                    assert!(frame.body.len() <= 16);
                    session.transmitted(now);
                    frames += 1;
                    assert!(frames < 100, "it writes for ever");
                }
            }
            7 => {
                let _ = session.poll_transmit(now);
            }
            8 => {
                while let Some(record) = session.poll_persist() {
                    session.persisted(record);
                }
            }
            9 => orders.extend(session.poll_order()),
            10 => {
                if let Some(id) = orders.pop() {
                    assert!(
                        session
                            .order(id)
                            .is_some_and(|order| order.payload.len() <= 16)
                    );
                    match script.below(3) {
                        0 => session.acknowledge(id),
                        1 => session.reject(id),
                        _ => session.give_back(id),
                    }
                    .expect("it was not answered");
                    assert!(session.acknowledge(id).is_err() && session.order(id).is_none());
                }
            }
            11 => {
                let kinds = [SendKind::DataStream, SendKind::Logs, SendKind::SyncBaobs];
                let length = script.below(18);
                let kind = kinds[script.below(3)];
                if let Ok(ticket) = session.submit(kind, |_| Ok::<_, ()>(length)) {
                    assert!(open.insert(ticket));
                }
            }
            12 => {
                if let Ok(ticket) = session.fetch_orders() {
                    assert!(open.insert(ticket));
                }
            }
            13 => {
                while let Some((ticket, _)) = session.poll_answer() {
                    assert!(open.remove(&ticket), "answered twice");
                    if script.below(2) == 0 {
                        let _ = session.payload(ticket);
                    }
                    session.release(ticket);
                    assert_eq!(session.payload(ticket), None);
                }
            }
            14 => {
                if let Some(ticket) = open.iter().next().copied() {
                    open.remove(&ticket);
                    session.abandon(ticket);
                }
            }
            _ => while session.poll_event().is_some() {},
        }
        let (orders, requests, marks) = session.in_use();
        assert!(orders <= 2 && requests <= 3 && marks <= 4);
        assert!(open.len() <= 6, "a ticket got lost");
    }
});
