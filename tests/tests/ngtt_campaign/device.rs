//! The device's driver: a session over the simulated link, a journal that takes
//! its time, and an application that executes orders.

use std::collections::{BTreeSet, HashMap, VecDeque};

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameReader, Received};
use wigwag_codec::ngtt::client::{
    Answer, Config, OrderId, Outcome, QueueError, Record, RecordKind, SendKind, Slots, Ticket,
};
use wigwag_codec::ngtt::{ClientSession, Digest, Frame, FrameHead, FrameType, NgttFramer};

use crate::book::{Book, Request};
use crate::dice::{Dice, SEC};
use crate::pipe::Pipe;
use crate::server::{number_in, write_piece};

/// Bytes of an order slot, of a send slot and of the receive buffer.
pub(crate) const ORDER_BYTES: usize = 64;
const SEND_BYTES: usize = 48;
const BUFFER: usize = 96;

/// How the application of a schedule behaves.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    /// An order takes up to this long, in microseconds.
    pub(crate) work: u64,
    /// One order in a hundred times this share is stalled for minutes.
    pub(crate) stalls: u64,
    /// So many of a hundred are given back unanswered.
    pub(crate) gives_back: u64,
    /// A journal record takes up to this long, in microseconds.
    pub(crate) record: u64,
}

pub(crate) struct Device<const O: usize, const S: usize, const M: usize> {
    config: Config,
    habits: Habits,
    session: ClientSession<Slots<O, ORDER_BYTES, S, SEND_BYTES, M>>,
    reader: FrameReader<NgttFramer, Vec<u8>>,
    writing: VecDeque<u8>,
    /// What that frame is.
    head: Option<FrameHead>,
    /// What is durable; `None` for a device without journal.
    journal: Option<Vec<Record>>,
    persisting: Option<(u64, Record)>,
    /// Orders that are in a slot and not handed over: id, payload, number.
    taken: Vec<(u16, Vec<u8>, u64)>,
    working: Vec<Work>,
    /// Orders that were answered, until that is durable.
    answering: Vec<(u16, Digest, u64)>,
    fetch_at: Option<u64>,
    submissions: u32,
    /// DATA_STREAM frames written on this connection and not answered.
    data_open: BTreeSet<u16>,
    /// How many FETCH_ORDERS were written, and how many when a ticket was given.
    fetches: u64,
    fetches_at: HashMap<Ticket, u64>,
    pub(crate) frames_written: u64,
}

struct Work {
    id: OrderId,
    number: u64,
    done_at: u64,
    /// `None`: given back.
    answer: Option<Answer>,
}

impl<const O: usize, const S: usize, const M: usize> Device<O, S, M> {
    pub(crate) fn new(config: Config, habits: Habits, journal: bool) -> Self {
        let mut device = Self {
            config,
            habits,
            session: ClientSession::new(config),
            reader: FrameReader::new(NgttFramer::for_buffer(BUFFER), vec![0; BUFFER]),
            writing: VecDeque::new(),
            head: None,
            journal: journal.then(Vec::new),
            persisting: None,
            taken: Vec::new(),
            working: Vec::new(),
            answering: Vec::new(),
            fetch_at: None,
            submissions: 0,
            data_open: BTreeSet::new(),
            fetches: 0,
            fetches_at: HashMap::new(),
            frames_written: 0,
        };
        device.restore();
        device
    }

    fn restore(&mut self) {
        if let Some(journal) = &self.journal {
            let bytes = journal.iter().map(Record::to_bytes);
            let records = bytes.map(|bytes| Record::from_bytes(&bytes).unwrap());
            self.session
                .restore(records)
                .expect("there are no more records than marks");
        }
    }

    /// The power fails and comes back.
    pub(crate) fn reboot(&mut self, book: &mut Book, dice: &mut Dice) {
        if let Some((_, record)) = self.persisting.take().filter(|_| dice.percent(50)) {
            self.durable(record, book);
        }
        book.rebooted(self.journal.is_some());
        book.met.one(if self.journal.is_some() {
            "a reboot with journal"
        } else {
            "a reboot"
        });
        self.met(book);
        self.session = ClientSession::new(self.config);
        self.reader.reset();
        self.writing.clear();
        self.taken.clear();
        self.working.clear();
        self.answering.clear();
        self.fetch_at = None;
        self.restore();
    }

    /// Adds what the session has counted to what the schedule has met.
    pub(crate) fn met(&self, book: &mut Book) {
        let counters = self.session.counters();
        let of = [
            ("a redelivery", counters.orders_repeated),
            ("no slot", counters.skipped_no_slot),
            ("no mark", counters.skipped_no_mark),
            ("an order too large", counters.skipped_too_large),
            ("an order forgotten", counters.forgotten),
            ("an unknown frame", counters.unknown),
            ("a frame that makes no sense", counters.unexpected),
            ("an oversized frame", counters.oversized),
            ("a late pong noticed", counters.late_pongs),
            ("an echo suppressed", counters.echoes_suppressed),
        ];
        for (what, count) in of {
            book.met.many(what, u64::from(count));
        }
    }

    pub(crate) fn connected(&mut self, now: Instant) {
        self.session.connected(now);
        self.reader.reset();
        self.writing.clear();
    }

    pub(crate) fn disconnected(&mut self) {
        self.session.disconnected();
        self.data_open.clear();
    }

    /// Whether there is nothing left to do or to remember.
    pub(crate) fn is_idle(&self) -> bool {
        self.session.in_use() == (0, 0, 0) && self.working.is_empty() && self.fetch_at.is_none()
    }

    /// Bytes have arrived. `sent` has the numbers of the orders among them.
    pub(crate) fn receive(
        &mut self,
        mut bytes: &[u8],
        sent: &mut VecDeque<u64>,
        book: &mut Book,
        now: Instant,
    ) {
        if bytes.is_empty() {
            return;
        }
        self.session.heard(now);
        loop {
            bytes = &bytes[self.reader.push(bytes)..];
            match self.reader.next().expect("the stream stays in step") {
                Some(Received::Message { meta, body }) => {
                    let ours = meta.kind == FrameType::Order && meta.tid < 0x8000;
                    let number = ours.then(|| sent.pop_front().expect("it was written"));
                    if matches!(
                        meta.kind,
                        FrameType::DataStreamConfirm | FrameType::DataStreamReject
                    ) {
                        self.data_open.remove(&meta.tid);
                    }
                    let before = self.session.counters().orders_taken;
                    self.session.handle_frame(Frame::new(meta, body), now);
                    if self.session.counters().orders_taken > before {
                        let number = number.expect("only orders are taken");
                        book.taken(number);
                        self.taken.push((meta.tid, body.to_vec(), number));
                    }
                }
                Some(Received::Oversized { meta, body_len }) => {
                    self.session.handle_oversized(meta, body_len, now);
                }
                Some(Received::Endless { .. }) => panic!("every frame has an end"),
                None if bytes.is_empty() => return,
                None => {}
            }
        }
    }

    /// Does what is due. False if the session says that the link is dead.
    pub(crate) fn step(&mut self, book: &mut Book, dice: &mut Dice, now: u64) -> bool {
        let instant = Instant::from_micros(now);
        self.persist(book, dice, now);
        self.work(book, dice, now);
        self.persist(book, dice, now);
        if self.fetch_at.is_some_and(|at| at <= now) && self.submit_fetch(book) {
            self.fetch_at = None;
        }
        while let Some((ticket, outcome)) = self.session.poll_answer() {
            self.answered(ticket, outcome, book);
        }
        while self.session.poll_event().is_some() {}
        let alive = self.session.handle_timeout(instant).is_ok();
        if let (true, Some(at)) = (alive, self.session.next_timeout()) {
            assert!(
                at > instant,
                "the timeout at {at:?} would come again and again"
            );
        }
        alive
    }

    fn persist(&mut self, book: &mut Book, dice: &mut Dice, now: u64) {
        loop {
            if let Some((at, record)) = self.persisting {
                if at > now {
                    return;
                }
                self.persisting = None;
                self.durable(record, book);
                self.session.persisted(record);
            }
            let Some(record) = self.session.poll_persist() else {
                return;
            };
            let takes = if self.journal.is_some() {
                dice.below(self.habits.record)
            } else {
                0
            };
            self.persisting = Some((now + takes, record));
        }
    }

    fn durable(&mut self, record: Record, book: &mut Book) {
        if let Some(journal) = &mut self.journal {
            journal.push(record);
        }
        if let RecordKind::Executed(_) = record.kind {
            let of = |(tid, digest, _): &(u16, Digest, u64)| {
                (*tid, *digest) == (record.tid, record.digest)
            };
            if let Some(at) = self.answering.iter().position(of) {
                book.answer_durable(self.answering.swap_remove(at).2);
            }
        }
    }

    fn work(&mut self, book: &mut Book, dice: &mut Dice, now: u64) {
        while let Some(id) = self.session.poll_order() {
            let order = self.session.order(id).expect("it was just handed over");
            let of = |(tid, payload, _): &(u16, Vec<u8>, u64)| {
                *tid == order.tid && *payload == order.payload
            };
            let at = self.taken.iter().position(of).expect("it was taken");
            let digest = Digest::of(order.payload);
            if let Some(journal) = &self.journal {
                let started = |record: &Record| {
                    (record.kind, record.tid, record.digest)
                        == (RecordKind::Started, order.tid, digest)
                };
                assert!(
                    journal.iter().any(started),
                    "handed over before that is durable"
                );
            }
            let (tid, payload, number) = self.taken.remove(at);
            book.handed(number, tid, &payload, order.history);
            let stalled = dice.percent(self.habits.stalls);
            let takes = if stalled {
                book.met.one("a stalled application");
                dice.between(100, 400) * SEC
            } else {
                dice.below(self.habits.work + 1)
            };
            let answer = match dice.below(100) {
                roll if roll < self.habits.gives_back => None,
                roll if roll < 80 => Some(Answer::Confirm),
                _ => Some(Answer::Reject),
            };
            self.working.push(Work {
                id,
                number,
                done_at: now + takes,
                answer,
            });
        }
        while let Some(at) = self.working.iter().position(|work| work.done_at <= now) {
            let Work {
                id, number, answer, ..
            } = self.working.swap_remove(at);
            let order = self.session.order(id).expect("it was not answered");
            let (tid, digest) = (order.tid, Digest::of(order.payload));
            match answer {
                Some(answer) => {
                    book.answered(number, answer);
                    self.answering.push((tid, digest, number));
                    match answer {
                        Answer::Confirm => self.session.acknowledge(id).unwrap(),
                        Answer::Reject => self.session.reject(id).unwrap(),
                    }
                    assert!(self.session.acknowledge(id).is_err(), "answered twice");
                }
                None => {
                    book.met.one("an order given back");
                    self.session.give_back(id).unwrap();
                    self.fetch_at = Some(now + dice.below(60 * SEC));
                }
            }
        }
    }

    fn answered(&mut self, ticket: Ticket, outcome: Outcome, book: &mut Book) {
        let payload = self.session.payload(ticket).map(<[u8]>::to_vec);
        match (book.ticket_answered(ticket, outcome), outcome) {
            (Request::Data(number), Outcome::Rejected)
            | (Request::Baobs(number), Outcome::Response) => {
                assert_eq!(number_in(&payload.expect("it can be read")), number);
                self.session.release(ticket);
            }
            (Request::Fetch, _) => assert!(
                self.fetches_at.remove(&ticket) < Some(self.fetches),
                "FETCH_ORDERS was not written"
            ),
            _ => assert_eq!(payload, None),
        }
        assert_eq!(self.session.payload(ticket), None);
        assert_eq!(self.session.answer(ticket), None);
    }

    /// The application sends something.
    pub(crate) fn submit(&mut self, kind: SendKind, book: &mut Book, dice: &mut Dice) {
        self.submissions += 1;
        let number = self.submissions;
        let length = dice.between(4, SEND_BYTES as u64) as usize;
        let submitted = self.session.submit(kind, |slot| {
            slot[..length].fill(0);
            slot[..4].copy_from_slice(&number.to_be_bytes());
            Ok::<_, ()>(length)
        });
        let request = match kind {
            SendKind::DataStream => Request::Data(number),
            SendKind::Logs => Request::Logs(number),
            SendKind::SyncBaobs => Request::Baobs(number),
        };
        match submitted {
            Ok(ticket) => {
                book.submitted(ticket, request);
                if dice.percent(5) {
                    self.session.abandon(ticket);
                    book.abandoned(ticket);
                }
            }
            Err(QueueError::Full) => book.met.one("a full queue"),
            Err(QueueError::Dropped) => book.met.one("the newest dropped"),
            Err(error) => panic!("{error:?}"),
        }
    }

    pub(crate) fn submit_fetch(&mut self, book: &mut Book) -> bool {
        let ticket = self.session.fetch_orders();
        if let Ok(ticket) = ticket {
            book.submitted(ticket, Request::Fetch);
            self.fetches_at.insert(ticket, self.fetches);
        }
        ticket.is_ok()
    }

    /// Writes what there is to write, in pieces. False if the connection broke.
    pub(crate) fn transmit(&mut self, pipe: &mut Pipe, dice: &mut Dice, now: Instant) -> bool {
        loop {
            if self.writing.is_empty() {
                let Some(frame) = self.session.poll_transmit(now) else {
                    return true;
                };
                self.head = Some(frame.head);
                self.writing.extend(frame.header.iter().chain(frame.body));
            }
            match write_piece(&mut self.writing, pipe, dice, now) {
                None => return false,
                Some(0) => return true,
                Some(_) if self.writing.is_empty() => {
                    self.frames_written += 1;
                    self.session.transmitted(now);
                    self.written();
                }
                Some(_) => self.session.transmitting(now),
            }
        }
    }

    /// Notes the frame that was written to its end.
    fn written(&mut self) {
        let Some(head) = self.head.take() else { return };
        match head.kind {
            FrameType::FetchOrders => self.fetches += 1,
            FrameType::DataStream => {
                self.data_open.insert(head.tid);
                assert!(
                    self.data_open.len() <= self.config.data_window,
                    "beyond the window"
                );
            }
            _ => {}
        }
    }

    /// When something here changes by time alone.
    pub(crate) fn next_time(&self) -> Option<u64> {
        let times = [
            self.session.next_timeout().map(Instant::as_micros),
            self.persisting.map(|(at, _)| at),
            self.working.iter().map(|work| work.done_at).min(),
            self.fetch_at,
        ];
        times.into_iter().flatten().min()
    }
}
