//! The comparison of the books can fail: each thing that may go wrong in a
//! story is a difference.

use std::sync::Arc;
use std::time::Duration;

use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::{Answer, History};

use super::*;
use crate::device::batch::Batch;
use crate::device::{Execution, Fate, Sent};
use crate::mock::{self, BaobSync, LogBatch};

/// What both sides did, each in its own book, and what was planned.
struct Story {
    server: DeviceBook,
    device: device::Book,
    work: Work,
}

impl Story {
    /// Three orders, two batches of pathpoints, two of logs, one question:
    /// all well.
    fn new() -> Self {
        let batch = |payload: &[u8]| Batch {
            payload: payload.to_vec(),
            things: 10,
        };
        let mut story = Self {
            server: DeviceBook::default(),
            device: device::Book::default(),
            work: Work {
                reply: Reply::Acknowledge,
                slow: None,
                pathpoints: vec![batch(b"p1"), batch(b"p2")],
                logs: vec![batch(b"l1"), batch(b"l2")],
                baobs: Some(vec![0x50]),
                max_orders: None,
            },
        };
        for tid in 1..=3 {
            story.queue(tid, b"order", Some(Answer::Confirm));
            story.execute(tid, b"order", Some(Answer::Confirm));
        }
        for (list, is_log) in [
            (story.work.pathpoints.clone(), false),
            (story.work.logs.clone(), true),
        ] {
            for batch in list {
                let sent = Sent {
                    digest: Digest::of(&batch.payload),
                    things: batch.things,
                    fate: Fate::Confirmed,
                };
                if is_log {
                    story.device.logs.push(sent);
                    story.read_logs(&batch.payload);
                } else {
                    story.device.pathpoints.push(sent);
                    story.read_data(&batch.payload, DataAnswer::Confirm);
                }
            }
        }
        story.server.baobs.push(BaobSync {
            at: Duration::ZERO,
            has: Vec::new(),
            download: vec!["a".into()],
            upload: vec!["b".into()],
        });
        story.device.baobs = Some((1, 1));
        story
    }

    fn queue(&mut self, tid: u16, payload: &[u8], answer: Option<Answer>) {
        self.server.orders.push(mock::OrderEntry {
            payload: Arc::from(payload),
            digest: Digest::of(payload),
            tid: (tid > 0).then_some(tid),
            enqueued: Duration::ZERO,
            delivered: None,
            deliveries: 1,
            answer,
            answered: None,
        });
    }

    fn execute(&mut self, tid: u16, payload: &[u8], answer: Option<Answer>) {
        self.device.orders.push(Execution {
            tid,
            digest: Digest::of(payload),
            history: History::New,
            answer,
        });
    }

    fn read_data(&mut self, payload: &[u8], answer: DataAnswer) {
        self.server.batches.push(mock::Batch {
            at: Duration::ZERO,
            tid: 1,
            digest: Digest::of(payload),
            bytes: payload.len(),
            points: 10,
            answer,
            answered: None,
        });
    }

    fn read_logs(&mut self, payload: &[u8]) {
        self.server.logs.push(LogBatch {
            at: Duration::ZERO,
            digest: Digest::of(payload),
            entries: 10,
            raw: payload.to_vec(),
        });
    }

    fn compared(&self) -> Comparison {
        let mut comparison = compare(&self.server, &self.device);
        let plan = Plan {
            orders: 3,
            work: &self.work,
        };
        let missing = plan.missing(&self.server, &self.device);
        comparison.differences.extend(missing);
        comparison
    }
}

/// Spoils a good story and expects a difference that says `word`.
fn spoiled(word: &str, spoil: impl FnOnce(&mut Story)) {
    let mut story = Story::new();
    spoil(&mut story);
    let compared = story.compared();
    assert!(!compared.agrees(), "not seen: {word}");
    let text = compared.to_string();
    assert!(text.contains(word), "{word:?} is not in:\n{text}");
}

#[test]
fn good_books_agree() {
    let compared = Story::new().compared();
    assert!(compared.agrees(), "{compared}");
    assert_eq!(compared.differences, [""; 0]);
    assert!(
        compared
            .rows
            .iter()
            .all(|row| row.server > 0 || row.what.contains("rejected"))
    );
}

#[test]
fn lost_orders_are_seen() {
    spoiled("order 2 (tid 3) was not executed", |story| {
        story.device.orders.pop();
    });
    spoiled("order 2 was never delivered", |story| {
        story.server.orders[2].tid = None;
        story.device.orders.pop();
    });
    spoiled("only 2 of 3 orders were sent", |story| {
        story.server.orders.pop();
        story.device.orders.pop();
    });
}

#[test]
fn doubled_and_invented_executions_are_seen() {
    spoiled("order 1 (tid 2) was executed 2 times, silently", |story| {
        story.execute(2, b"order", Some(Answer::Confirm));
    });
    // Said by the client, and a difference all the same.
    spoiled("order 1 (tid 2) was executed 2 times\n", |story| {
        story.execute(2, b"order", Some(Answer::Confirm));
        story.device.orders[3].history = History::Interrupted;
    });
    spoiled("tid 9 that the server never sent", |story| {
        story.execute(9, b"order", Some(Answer::Confirm));
    });
    // The right id with another payload is another order.
    spoiled("tid 2 that the server never sent", |story| {
        story.device.orders[1].digest = Digest::of(b"other");
    });
    // One lost and another one doubled: the sums are right.
    spoiled("order 0 (tid 1) was not executed", |story| {
        story.device.orders[0].tid = 2;
    });
}

#[test]
fn wrong_and_missing_answers_are_seen() {
    spoiled(
        "the device said Some(Reject), the server read Some(Confirm)",
        |story| {
            story.device.orders[0].answer = Some(Answer::Reject);
        },
    );
    spoiled("the server read None", |story| {
        story.server.orders[0].answer = None
    });
    // Both agree, but it was not confirmed.
    spoiled("order 0 (tid 1) was not answered", |story| {
        story.server.orders[0].answer = None;
        story.device.orders[0].answer = None;
    });
    spoiled("order 0 was rejected", |story| {
        story.server.orders[0].answer = Some(Answer::Reject);
        story.device.orders[0].answer = Some(Answer::Reject);
    });
}

#[test]
fn an_id_that_comes_back_is_another_order() {
    let mut story = Story::new();
    story.queue(1, b"order", Some(Answer::Confirm));
    story.execute(1, b"order", Some(Answer::Confirm));
    assert!(story.compared().agrees(), "{}", story.compared());
    story.device.orders.pop();
    assert!(!story.compared().agrees());
}

#[test]
fn missing_and_strange_batches_are_seen() {
    spoiled(
        "batch 1 of pathpoints: Confirmed to the device, not confirmed",
        |story| {
            story.server.batches.pop();
        },
    );
    spoiled(
        "batch 1 of pathpoints: Confirmed to the device, not confirmed",
        |story| {
            story.server.batches[1].answer = DataAnswer::Reject;
        },
    );
    spoiled(
        "batch 1 of pathpoints: Open to the device, confirmed",
        |story| {
            story.device.pathpoints[1].fate = Fate::Open;
        },
    );
    spoiled("batch of pathpoints that the device never sent", |story| {
        story.read_data(b"p3", DataAnswer::Confirm);
    });
    // Neither book knows of it, but it had to be sent.
    spoiled("batch 1 of pathpoints was never sent", |story| {
        story.server.batches.pop();
        story.device.pathpoints.pop();
    });
    // The same batch with other points in it.
    spoiled("points in them", |story| story.server.batches[0].points = 9);
}

#[test]
fn a_batch_that_arrived_twice_after_a_cut_is_one() {
    let mut story = Story::new();
    story.read_data(b"p1", DataAnswer::Confirm);
    story.read_logs(b"l1");
    assert!(story.compared().agrees(), "{}", story.compared());
}

#[test]
fn missing_logs_and_answers_about_objects_are_seen() {
    spoiled("batch 1 of logs did not arrive", |story| {
        story.server.logs.pop();
    });
    spoiled("batch 1 of logs did not arrive", |story| {
        story.device.logs[1].fate = Fate::Dropped;
    });
    spoiled("batch 1 of logs was never sent", |story| {
        story.server.logs.pop();
        story.device.logs.pop();
    });
    spoiled("binary objects to download and upload", |story| {
        story.device.baobs = Some((2, 1));
    });
    spoiled("binary objects was never answered", |story| {
        story.server.baobs.clear();
        story.device.baobs = None;
    });
    let mut story = Story::new();
    story.read_logs(b"strange");
    assert!(!story.compared().agrees(), "logs that were never sent");
}
