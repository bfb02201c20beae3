//! The server's driver: a session over the simulated link, and the mock's
//! decisions.

use std::collections::{BTreeSet, VecDeque};

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameReader, Received};
use wigwag_codec::ngtt::server::{OrderQueue, ServerConfig, ServerEvent};
use wigwag_codec::ngtt::{Frame, FrameType, HEADER_LEN, NgttFramer, ServerSession};

use crate::book::{Book, refuses};
use crate::dice::Dice;
use crate::pipe::Pipe;

pub(crate) type Queue = OrderQueue<Vec<u8>, 64>;

/// The number that a payload of ours begins with.
pub(crate) fn number_in(payload: &[u8]) -> u32 {
    u32::from_be_bytes(payload[..4].try_into().unwrap())
}

/// One connection, seen from the server.
pub(crate) struct Server {
    pub(crate) session: ServerSession,
    reader: FrameReader<NgttFramer, Vec<u8>>,
    /// What is left of the frame that is being written.
    writing: VecDeque<u8>,
    /// Whether that frame is the session's own.
    own: bool,
    /// The numbers of the orders whose frames were begun and have not arrived.
    pub(crate) sent: VecDeque<u64>,
    /// The numbers of all orders delivered on this connection.
    delivered: BTreeSet<u64>,
    /// FETCH_ORDERS is noticed so long after it has arrived.
    slowness: u64,
    fetch_at: Option<u64>,
    /// Frames that are not the session's: replies with a payload, and faults.
    extra: VecDeque<(FrameType, u16, Vec<u8>)>,
    last_pong: Option<u16>,
    pub(crate) frames_written: u64,
}

impl Server {
    pub(crate) fn new(
        config: ServerConfig,
        queue: &mut Queue,
        slowness: u64,
        now: Instant,
    ) -> Self {
        Self {
            session: ServerSession::new(config, queue, now),
            reader: FrameReader::new(NgttFramer::for_buffer(256), vec![0; 256]),
            writing: VecDeque::new(),
            own: false,
            sent: VecDeque::new(),
            delivered: BTreeSet::new(),
            slowness,
            fetch_at: None,
            extra: VecDeque::new(),
            last_pong: None,
            frames_written: 0,
        }
    }

    /// A frame that the session knows nothing of.
    pub(crate) fn inject(&mut self, kind: FrameType, tid: u16, payload: Vec<u8>) {
        self.extra.push_back((kind, tid, payload));
    }

    /// The PONG that was written last, once more. Not a third time: the device
    /// would take that for a PING of the server, and the server what is sent
    /// back for one of the device.
    pub(crate) fn repeat_pong(&mut self, book: &mut Book) {
        if let Some(tid) = self.last_pong.take() {
            book.met.one("a late pong");
            self.inject(FrameType::Ping, tid, Vec::new());
        }
    }

    /// Bytes have arrived.
    pub(crate) fn receive(
        &mut self,
        mut bytes: &[u8],
        queue: &mut Queue,
        book: &mut Book,
        now: Instant,
    ) {
        if bytes.is_empty() {
            return;
        }
        self.session.heard(now);
        loop {
            bytes = &bytes[self.reader.push(bytes)..];
            assert!(
                self.session.can_receive(),
                "no schedule makes so many replies pile up"
            );
            match self.reader.next().expect("the stream stays in step") {
                Some(Received::Message { meta, .. })
                    if meta.kind == FrameType::FetchOrders && self.slowness > 0 =>
                {
                    self.fetch_at = Some(now.as_micros() + core::mem::take(&mut self.slowness));
                }
                Some(Received::Message { meta, body }) => {
                    let event = self
                        .session
                        .handle_frame(Frame::new(meta, body), queue, now);
                    let session = &mut self.session;
                    let reply =
                        event.and_then(|event| Self::decide(event, session, &self.delivered, book));
                    self.extra.extend(reply);
                }
                Some(other) => panic!("the device wrote {other:?}"),
                None if bytes.is_empty() => return,
                None => {}
            }
        }
    }

    fn decide(
        event: ServerEvent<'_, Vec<u8>>,
        session: &mut ServerSession,
        delivered: &BTreeSet<u64>,
        book: &mut Book,
    ) -> Option<(FrameType, u16, Vec<u8>)> {
        match event {
            ServerEvent::Answered { number, answer, .. } => {
                book.server_answered(number, answer, delivered.contains(&number));
            }
            ServerEvent::AnsweredAgain { .. } => book.met.one("an order answered again"),
            ServerEvent::DataStream { tid, payload } => {
                let batch = number_in(payload);
                book.batch_received(batch);
                let room = if refuses(batch) {
                    session.reject_data(tid)
                } else {
                    session.confirm_data(tid)
                };
                room.expect("there was room before the frame was handled");
            }
            ServerEvent::Logs { payload } => book.logs_received(number_in(payload)),
            ServerEvent::SyncBaobs { tid, payload } => {
                let mut reply = payload.to_vec();
                // A short reply, one over the slot, one over the receive buffer.
                reply.resize([8, 60, 200][number_in(payload) as usize % 3], 0);
                return Some((FrameType::SyncBaobResponse, tid, reply));
            }
            ServerEvent::FetchOrders => {}
            ServerEvent::Pong => book.met.one("a ping of the server echoed"),
            other => panic!("the device sent {other:?}"),
        }
        None
    }

    /// Notices FETCH_ORDERS, if that is due.
    pub(crate) fn notice_fetch(&mut self, queue: &mut Queue, now: Instant) {
        if self.fetch_at.is_some_and(|at| at <= now.as_micros()) {
            self.fetch_at = None;
            let fetch = Frame::empty(FrameType::FetchOrders, 0);
            self.session.handle_frame(fetch, queue, now);
        }
    }

    /// When something here changes by time alone.
    pub(crate) fn next_time(&self) -> u64 {
        let timeout = self.session.next_timeout().as_micros();
        self.fetch_at.map_or(timeout, |at| at.min(timeout))
    }

    /// Writes what there is to write, in pieces. False if the connection broke.
    pub(crate) fn transmit(
        &mut self,
        queue: &mut Queue,
        pipe: &mut Pipe,
        dice: &mut Dice,
        now: Instant,
    ) -> bool {
        loop {
            if self.writing.is_empty() && !self.next_frame(queue, now) {
                return true;
            }
            match write_piece(&mut self.writing, pipe, dice, now) {
                None => return false,
                Some(0) => return true,
                Some(_) if self.writing.is_empty() => {
                    self.frames_written += 1;
                    if self.own {
                        self.session.transmitted(queue, now);
                    }
                }
                Some(_) if self.own => self.session.transmitting(now),
                Some(_) => {}
            }
        }
    }

    fn next_frame(&mut self, queue: &mut Queue, now: Instant) -> bool {
        if let Some((kind, tid, payload)) = self.extra.pop_front() {
            let mut wire = vec![0; payload.len() + HEADER_LEN];
            Frame {
                tid,
                kind,
                payload: &payload,
            }
            .write(&mut wire)
            .unwrap();
            self.writing.extend(wire);
            self.own = false;
            return true;
        }
        let Some(frame) = self.session.poll_transmit(queue, now) else {
            return false;
        };
        if frame.head.kind == FrameType::Ping && frame.head.tid < 0x8000 {
            self.last_pong = Some(frame.head.tid);
        }
        let tid = (frame.head.kind == FrameType::Order).then_some(frame.head.tid);
        self.writing.extend(frame.header.iter().chain(frame.body));
        self.own = true;
        if let Some(tid) = tid {
            let number = queue.number_of(tid).expect("it is in the queue");
            self.sent.push_back(number);
            self.delivered.insert(number);
        }
        true
    }
}

/// Writes some of what is left of a frame. `None` if the connection broke.
pub(crate) fn write_piece(
    writing: &mut VecDeque<u8>,
    pipe: &mut Pipe,
    dice: &mut Dice,
    now: Instant,
) -> Option<usize> {
    let piece = dice.between(1, 24) as usize;
    let bytes: Vec<u8> = writing.iter().take(piece).copied().collect();
    let taken = pipe.write(now.as_micros(), &bytes)?;
    writing.drain(..taken);
    Some(taken)
}
