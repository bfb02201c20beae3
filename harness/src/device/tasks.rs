//! The application of a device, as tasks beside each other.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use embassy_futures::join::join3;
use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use serde_json::{Value as Json, json};
use wigwag_codec::minijson::{self, Value};
use wigwag_codec::ngtt::client::{Answer, Event, History, SkipReason};
use wigwag_codec::ngtt::{Digest, NgttError};
use wigwag_embassy::ngtt::{Reason, SendKind, Status};
use wigwag_embassy::supervisor::FailureClass;
use wigwag_embassy::tls::{CertificateError, End};

use super::{Book, Client, DeviceEvent, Execution, Fate, Order, Reply, Sent, Work};
use crate::device::batch::Batch;

/// Batches on the way at a time: the session's window.
const WINDOW: usize = 8;
/// Batches of logs on the way at a time.
const LOGS_AT_A_TIME: usize = 3;

pub(super) struct Application<'a, 's> {
    pub(super) client: Client<'s>,
    pub(super) server: &'a str,
    pub(super) work: &'a Work,
    pub(super) book: &'a RefCell<Book>,
    pub(super) emit: &'a dyn Fn(DeviceEvent),
}

impl Application<'_, '_> {
    /// Does the work, to its end or until `stop` is ready.
    pub(super) async fn work(&self, stop: impl Future<Output = ()>) {
        // Orders that are never answered are held to the end.
        let held = RefCell::new(Vec::new());
        let answered = Cell::new(0);
        let enough = |count: u64| self.work.max_orders.is_some_and(|most| count >= most);
        let orders = async {
            let mut slow = None;
            while !enough(answered.get()) {
                let next = self.client.next_order();
                let order = match &mut slow {
                    None => Some(next.await),
                    Some(slow) => match select(next, slow).await {
                        Either::First(order) => Some(order),
                        Either::Second(()) => None,
                    },
                };
                match order {
                    Some(order) => match self.is_slow(&order) {
                        // One at a time.
                        Some(takes) if slow.is_none() => {
                            slow = Some(Box::pin(self.execute(order, takes, &held)));
                            continue;
                        }
                        _ => self.execute(order, Duration::ZERO, &held).await,
                    },
                    None => slow = None,
                }
                answered.set(answered.get() + 1);
            }
        };
        let all = join3(orders, self.send_pathpoints(), self.send_rest());
        let mut all = pin!(all);
        let all = async {
            all.as_mut().await;
        };
        if let Either::Second(()) = select(all, stop).await {}
    }

    /// Waits until the server has read everything, then closes the connection.
    pub(super) async fn leave(&self, budget: Duration) {
        let (_, sends, marks) = self.client.in_use();
        // Without a connection there may never be one: with nothing to tell
        // the server there is nothing to wait for.
        if sends > 0 || marks > 0 {
            let drained = self.client.wait_settled();
            let budget = Timer::after_millis(budget.as_millis() as u64);
            select(drained, budget).await;
        }
        self.client.close().await;
    }

    /// How long the order takes, if it is one that takes long.
    fn is_slow(&self, order: &Order<'_>) -> Option<Duration> {
        let (digest, takes) = self.work.slow?;
        (digest == Digest::of(order.payload())).then_some(takes)
    }

    /// Executes an order, which takes so long, and answers it.
    async fn execute<'o>(&self, order: Order<'o>, takes: Duration, held: &RefCell<Vec<Order<'o>>>) {
        let tid = order.tid();
        let history = order.history();
        let value = order.value();
        let data = value.map_or_else(|_| json!(null), natural);
        let readable = value.is_ok();
        let digest = Digest::of(order.payload());
        (self.emit)(DeviceEvent::Order {
            tid,
            data,
            interrupted: history == History::Interrupted,
        });
        let answer = match self.work.reply {
            Reply::Acknowledge if readable => Some(Answer::Confirm),
            Reply::Acknowledge | Reply::Reject => Some(Answer::Reject),
            Reply::Nothing => None,
        };
        if !takes.is_zero() {
            Timer::after_millis(takes.as_millis() as u64).await;
        }
        self.book.borrow_mut().orders.push(Execution {
            tid,
            digest,
            history,
            answer,
        });
        match answer {
            Some(Answer::Confirm) => {
                order.acknowledge().await;
                (self.emit)(DeviceEvent::OrderAcked(tid));
            }
            Some(Answer::Reject) => {
                order.reject().await;
                (self.emit)(DeviceEvent::OrderRejected(tid));
            }
            None => held.borrow_mut().push(order),
        }
    }

    /// Keeps a window of batches on the way.
    async fn send_pathpoints(&self) {
        let mut on_the_way = VecDeque::new();
        let mut next = self.work.pathpoints.iter();
        loop {
            while on_the_way.len() < WINDOW
                && let Some(batch) = next.next()
            {
                let at = self.note_sent(|book| &mut book.pathpoints, batch);
                match self
                    .client
                    .submit(SendKind::DataStream, |slot| copy(&batch.payload, slot))
                    .await
                {
                    Ok(sending) => {
                        // Pathpoints always have one.
                        let tid = sending.tid().unwrap_or_default();
                        let points = batch.things;
                        (self.emit)(DeviceEvent::Data { tid, points });
                        on_the_way.push_back((at, tid, points, sending));
                    }
                    Err(_) => self.data_answered(at, 0, batch.things, Fate::Dropped),
                }
            }
            let Some((at, tid, points, mut sending)) = on_the_way.pop_front() else {
                return;
            };
            let fate = fate(sending.outcome().await.map(drop));
            self.data_answered(at, tid, points, fate);
        }
    }

    fn data_answered(&self, at: usize, tid: u16, points: usize, fate: Fate) {
        if let Some(sent) = self.book.borrow_mut().pathpoints.get_mut(at) {
            sent.fate = fate;
        }
        (self.emit)(match fate {
            Fate::Confirmed => DeviceEvent::DataConfirmed { tid, points },
            Fate::Rejected => DeviceEvent::DataRejected { tid, points },
            Fate::Open | Fate::Dropped => dropped("pathpoints", points as u64),
        });
    }

    /// Asks about binary objects, then sends logs: a few batches at a time,
    /// since one PONG answers all that were written before its PING.
    async fn send_rest(&self) {
        if let Some(question) = &self.work.baobs {
            self.ask_baobs(question).await;
        }
        for batches in self.work.logs.chunks(LOGS_AT_A_TIME) {
            let mut on_the_way = Vec::new();
            for batch in batches {
                let at = self.note_sent(|book| &mut book.logs, batch);
                let write = |slot: &mut [u8]| copy(&batch.payload, slot);
                let sending = self.client.submit(SendKind::Logs, write).await;
                on_the_way.push((at, batch.things, sending));
            }
            for (at, count, sending) in on_the_way {
                let outcome = match sending {
                    Ok(mut sending) => sending.outcome().await.map(drop),
                    Err(error) => Err(error),
                };
                let fate = fate(outcome);
                if let Some(sent) = self.book.borrow_mut().logs.get_mut(at) {
                    sent.fate = fate;
                }
                (self.emit)(match fate {
                    Fate::Confirmed => DeviceEvent::Logs { count },
                    _ => dropped("logs", count as u64),
                });
            }
        }
    }

    async fn ask_baobs(&self, question: &[u8]) {
        let write = |slot: &mut [u8]| copy(question, slot);
        match self.ask(SendKind::SyncBaobs, write).await {
            Ok(answer) => {
                let value = Value::parse(&answer).ok();
                let names = |key| -> Vec<String> {
                    let list = value.and_then(|value| value.get(key));
                    let names = list.into_iter().flat_map(|list| list.items());
                    names
                        .filter_map(|name| name.as_str().map(str::to_owned))
                        .collect()
                };
                let (download, upload) = (names("download"), names("upload"));
                self.book.borrow_mut().baobs = Some((download.len(), upload.len()));
                (self.emit)(DeviceEvent::Baobs { download, upload });
            }
            Err(_) => (self.emit)(dropped("question about binary objects", 1)),
        }
    }

    /// Sends a payload and waits for the answer, which may have a payload too.
    async fn ask(
        &self,
        kind: SendKind,
        write: impl FnMut(&mut [u8]) -> Result<usize, minijson::Error>,
    ) -> Result<Vec<u8>, NgttError> {
        let mut sending = self.client.submit(kind, write).await?;
        sending.outcome().await?;
        Ok(sending.with_payload(<[u8]>::to_vec).unwrap_or_default())
    }

    fn note_sent(&self, list: fn(&mut Book) -> &mut Vec<Sent>, batch: &Batch) -> usize {
        let mut book = self.book.borrow_mut();
        let list = list(&mut book);
        list.push(Sent {
            digest: Digest::of(&batch.payload),
            things: batch.things,
            fate: Fate::Open,
        });
        list.len() - 1
    }

    /// Tells of connections and failures.
    pub(super) async fn watch_status(&self) -> Infallible {
        let mut last = Status::Idle;
        loop {
            let status = self.client.wait_status(|status| *status != last).await;
            if let (true, Some(reason)) = (last.is_connected(), status.reason()) {
                let reason = self.words(reason);
                (self.emit)(DeviceEvent::Disconnected { reason });
            }
            match status {
                Status::Connected { .. } => {
                    {
                        let mut book = self.book.borrow_mut();
                        book.connections += 1;
                        book.refused = None;
                        book.failure = None;
                    }
                    let server = self.server.to_owned();
                    (self.emit)(DeviceEvent::Connected { server });
                }
                Status::Waiting {
                    reason,
                    retry_at,
                    attempt,
                } => {
                    let class = reason.class();
                    let reason = self.failed(reason);
                    if class != FailureClass::Transient {
                        self.book.borrow_mut().refused = Some(reason.clone());
                        (self.emit)(DeviceEvent::Refused {
                            reason: reason.clone(),
                        });
                    }
                    let now = embassy_time::Instant::now().as_micros();
                    let retry_ms = retry_at.as_micros().saturating_sub(now) / 1000;
                    (self.emit)(DeviceEvent::Waiting {
                        reason,
                        retry_ms,
                        attempt,
                    });
                }
                Status::Offline { reason } => (self.emit)(DeviceEvent::Waiting {
                    reason: self.failed(reason),
                    retry_ms: 0,
                    attempt: 0,
                }),
                _ => {}
            }
            last = status;
        }
    }

    /// The reason, noted in the book.
    fn failed(&self, reason: Reason) -> String {
        let reason = self.words(reason);
        self.book.borrow_mut().failure = Some(reason.clone());
        reason
    }

    /// The reason, with the name where that is what was wrong.
    fn words(&self, reason: Reason) -> String {
        match reason {
            Reason::Tls(End::Certificate(CertificateError::WrongName)) => {
                format!("certificate not valid for {}", self.server)
            }
            other => other.to_string(),
        }
    }

    /// Tells of what the session skipped and repeated.
    pub(super) async fn watch_session(&self) -> Infallible {
        loop {
            match self.client.next_event().await {
                Event::OrderRepeated { tid } => (self.emit)(DeviceEvent::OrderDuplicate(tid)),
                Event::OrderSkipped {
                    reason: SkipReason::TooLarge { length },
                    ..
                } => (self.emit)(dropped(&format!("ORDER of {length} bytes"), 1)),
                Event::UnknownType { number, .. } => {
                    (self.emit)(dropped(&format!("frame of unknown type {number}"), 1));
                }
                Event::Oversized { head, length } => {
                    let what = format!("{} of {length} bytes", head.kind.name());
                    (self.emit)(dropped(&what, 1));
                }
                _ => {}
            }
        }
    }
}

fn dropped(what: &str, count: u64) -> DeviceEvent {
    DeviceEvent::Dropped {
        what: what.to_owned(),
        count,
    }
}

fn fate(outcome: Result<(), NgttError>) -> Fate {
    match outcome {
        Ok(()) => Fate::Confirmed,
        Err(NgttError::DataStreamSyncFailed) => Fate::Rejected,
        Err(_) => Fate::Dropped,
    }
}

fn copy(payload: &[u8], slot: &mut [u8]) -> Result<usize, minijson::Error> {
    let full = minijson::Error {
        kind: minijson::ErrorKind::BufferFull,
        offset: slot.len(),
    };
    let place = slot.get_mut(..payload.len()).ok_or(full)?;
    place.copy_from_slice(payload);
    Ok(payload.len())
}

/// A payload as plain JSON, for people.
fn natural(value: Value<'_>) -> Json {
    let mut text = String::new();
    match minijson::json::write(value, &mut text) {
        Ok(()) => serde_json::from_str(&text).unwrap_or(Json::String(text)),
        Err(error) => Json::String(error.to_string()),
    }
}
