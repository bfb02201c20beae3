//! The send queue of a connection under random schedules, beside a model that
//! keeps every message in a list: each message ends exactly once, leaves in
//! its order and unchanged, and none leaves late.

use std::collections::HashMap;

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use wigwag_codec::Instant;
use wigwag_embassy::taps::{MessageId, Queue, SendError, SendFailure, SendQueue, Sent, Terms};
use wigwag_tests::campaign;

const MESSAGES: usize = 6;
const BYTES: usize = 96;
const STEPS: u64 = 400;

/// A message as the model knows it.
struct Message {
    id: MessageId,
    number: u64,
    terms: Terms,
    body: Vec<u8>,
    total: Option<usize>,
    ended: bool,
    held: bool,
    /// What has left.
    left: Vec<u8>,
    begun: bool,
}

struct World<'q> {
    rng: ChaCha8Rng,
    queue: Queue<'q, u64>,
    streaming: bool,
    now: u64,
    batch: bool,
    next: u64,
    waiting: Vec<Message>,
    /// How each message that ended did.
    ended: HashMap<u64, (MessageId, Result<Sent, SendFailure>)>,
    taken: u64,
    told: u64,
    final_passed: bool,
    closed: bool,
}

impl World<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }

    fn terms(&mut self) -> Terms {
        let deadline = match self.below(3) {
            0 => Instant::from_micros(self.now + self.below(50)),
            _ => Instant::MAX,
        };
        Terms {
            priority: self.below(3) as u32,
            ordered: self.below(3) > 0,
            deadline,
            final_message: self.below(300) == 0,
            scavenger: self.below(5) == 0,
        }
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let length = self.below(most);
        (0..length).map(|_| self.rng.next_u32() as u8).collect()
    }

    /// Takes a message, or learns why not.
    fn send(&mut self) {
        let terms = self.terms();
        let now = Instant::from_micros(self.now);
        let whole = self.below(3) > 0;
        let body = if whole {
            self.bytes(BYTES as u64 + 8)
        } else {
            vec![]
        };
        let total = (!whole && self.below(2) == 0).then(|| self.below(150) as usize);
        let number = self.next;
        self.expire();
        let result = if whole {
            let (one, two) = body.split_at(body.len() / 2);
            self.queue.push(now, &[one, two], terms, number)
        } else {
            self.queue.open(now, terms, number, total)
        };
        match result {
            Ok(id) => {
                assert!(!self.closed && !self.final_passed);
                self.next += 1;
                self.taken += 1;
                self.final_passed |= terms.final_message;
                self.waiting.push(Message {
                    id,
                    number,
                    terms,
                    body,
                    total,
                    ended: whole,
                    held: self.batch,
                    left: vec![],
                    begun: false,
                });
            }
            Err(SendError::ConnectionClosing) => assert!(self.closed),
            Err(SendError::FinalMessagePassed) => assert!(self.final_passed),
            Err(SendError::MessageTooLarge { length, limit }) => assert!(length > limit),
            Err(SendError::Full) => assert!(!self.waiting.is_empty() || !self.ended.is_empty()),
            Err(SendError::BatchTooLarge) => {
                assert!(self.batch && self.waiting.iter().all(|message| message.held));
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// Gives another part of a message that has not ended.
    fn append(&mut self) {
        let data = self.bytes(60);
        let end = self.below(3) == 0;
        let open: Vec<usize> = (0..self.waiting.len())
            .filter(|at| !self.waiting[*at].ended)
            .collect();
        if open.is_empty() {
            return;
        }
        let at = open[self.below(open.len() as u64) as usize];
        let message = &mut self.waiting[at];
        match self.queue.append(message.id, &data, end) {
            Ok(()) => {
                message.body.extend_from_slice(&data);
                message.ended = end;
            }
            Err(SendError::Full | SendError::BatchTooLarge) => {}
            Err(SendError::MessageTooLarge { length, limit }) => assert!(length > limit),
            Err(SendError::Incomplete) => {
                assert!(end && message.body.len() + data.len() < message.total.unwrap());
            }
            Err(other) => panic!("{other}"),
        }
        if self.below(10) == 0 {
            let whole = self.queue.cancel(self.waiting[at].id);
            let message = &self.waiting[at];
            if !message.ended {
                assert_eq!(whole, !message.begun);
                self.over(at, Err(SendError::Incomplete.into()));
            }
        }
    }

    /// Looks at what is to be handed down, and hands down some of it.
    fn hand_down(&mut self) {
        let idle = self.below(2) == 0;
        let few = self.below(40) as usize;
        let Some(head) = self.queue.head(idle) else {
            if idle {
                assert!(self.nothing_is_ready(), "something could have left");
            }
            return;
        };
        let (id, number, offset, length) = (head.id, head.extra, head.offset, head.length);
        let (data, end) = (head.data.to_vec(), head.end_of_message);
        let at = self
            .waiting
            .iter()
            .position(|message| message.number == number)
            .expect("it was taken and has not ended");
        self.is_the_right_one(at, idle);
        let message = &mut self.waiting[at];
        assert_eq!((id, offset), (message.id, message.left.len()));
        assert_eq!(data, message.body[offset..], "unchanged");
        assert_eq!(end, message.ended);
        assert!(!message.held);
        if message.ended {
            assert_eq!(length, message.body.len());
        } else {
            assert!(self.streaming);
            assert_eq!(Some(length), message.total);
        }
        if !head_can_be_cut(self.streaming) && few < data.len() {
            return;
        }
        let count = few.min(data.len());
        self.queue.begin(id);
        message.begun = true;
        message.left.extend_from_slice(&data[..count]);
        self.queue.advance(id, count);
        if message.ended && message.left.len() == message.body.len() {
            self.over(at, Ok(Sent));
        }
    }

    fn ready(&self, message: &Message) -> bool {
        let part =
            self.streaming && message.total.is_some() && message.body.len() > message.left.len();
        !message.held && (message.ended || part)
    }

    fn nothing_is_ready(&self) -> bool {
        let blocked = |message: &Message| {
            message.terms.ordered
                && self.waiting.iter().any(|other| {
                    other.terms.ordered
                        && other.number < message.number
                        && other.terms.priority <= message.terms.priority
                        && !self.ready(other)
                })
        };
        if self.waiting.iter().any(|message| message.begun) {
            let begun = self.waiting.iter().find(|message| message.begun).unwrap();
            return !self.ready(begun);
        }
        self.waiting.iter().all(|message| {
            !self.ready(message)
                || blocked(message)
                || (message.terms.final_message && self.waiting.len() > 1)
        })
    }

    /// Whether the model would have chosen the same.
    fn is_the_right_one(&self, at: usize, idle: bool) {
        let chosen = &self.waiting[at];
        for other in &self.waiting {
            if other.begun {
                assert!(chosen.begun, "what was begun comes first");
                return;
            }
        }
        assert!(!chosen.terms.final_message || self.waiting.len() == 1);
        assert!(!chosen.terms.scavenger || idle || chosen.terms.final_message);
        for other in self
            .waiting
            .iter()
            .filter(|other| other.number != chosen.number)
        {
            let more_important = other.terms.priority < chosen.terms.priority
                && other.terms.scavenger <= chosen.terms.scavenger
                || chosen.terms.scavenger && !other.terms.scavenger;
            if more_important && !other.terms.ordered && !other.terms.final_message {
                assert!(!self.ready(other), "a more important message was passed");
            }
            let earlier = other.number < chosen.number
                && other.terms.priority == chosen.terms.priority
                && other.terms.scavenger == chosen.terms.scavenger;
            if earlier && other.terms.ordered && chosen.terms.ordered {
                assert!(other.terms.final_message, "an ordered message was passed");
            }
        }
    }

    fn over(&mut self, at: usize, how: Result<Sent, SendFailure>) {
        let message = self.waiting.remove(at);
        let before = self.ended.insert(message.number, (message.id, how));
        assert!(before.is_none());
    }

    /// What the queue has to have let expire by now.
    fn expire(&mut self) {
        let now = Instant::from_micros(self.now);
        self.queue.handle_timeout(now);
        let mut at = 0;
        while at < self.waiting.len() {
            let message = &self.waiting[at];
            if message.terms.deadline <= now && !message.begun {
                self.over(at, Err(SendFailure::Expired));
            } else {
                at += 1;
            }
        }
        let next = self
            .waiting
            .iter()
            .filter(|message| !message.begun)
            .map(|message| message.terms.deadline)
            .filter(|deadline| *deadline < Instant::MAX)
            .min();
        assert_eq!(self.queue.next_timeout(), next);
    }

    /// Takes an outcome, or forgets a message, which then counts as told.
    fn ask(&mut self) {
        let mut over: Vec<u64> = self.ended.keys().copied().collect();
        over.sort_unstable();
        if over.is_empty() || self.below(3) == 0 {
            for message in &self.waiting {
                assert_eq!(self.queue.take_outcome(message.id), None);
            }
            return;
        }
        let number = over[self.below(over.len() as u64) as usize];
        let (id, how) = self.ended.remove(&number).unwrap();
        assert_eq!(self.queue.take_outcome(id), Some(how), "message {number}");
        assert_eq!(self.queue.take_outcome(id), None, "told once");
        self.told += 1;
    }

    fn close(&mut self) {
        self.closed = true;
        self.batch = false;
        let whole = self.queue.close();
        let begun_and_open = |message: &Message| message.begun && !message.ended;
        assert_eq!(whole, !self.waiting.iter().any(begun_and_open));
        while let Some(at) = self.waiting.iter().position(|message| !message.ended) {
            self.over(at, Err(SendError::ConnectionClosing.into()));
        }
        for message in &mut self.waiting {
            message.held = false;
        }
    }

    fn step(&mut self) {
        match self.below(20) {
            0..=4 => self.send(),
            5..=7 => self.append(),
            8..=13 => self.hand_down(),
            14..=16 => self.ask(),
            17 => {
                self.batch = true;
                self.queue.start_batch();
            }
            18 => {
                self.batch = false;
                self.queue.end_batch();
                for message in &mut self.waiting {
                    message.held = false;
                }
            }
            _ => {
                self.now += self.below(20);
                self.expire();
            }
        }
    }
}

/// Datagrams leave whole.
fn head_can_be_cut(streaming: bool) -> bool {
    streaming
}

#[test]
fn campaign_every_message_ends_once_in_its_order() {
    let (mut taken, mut told) = (0, 0);
    for seed in campaign::seeds("taps queue", 3_000) {
        let mut rng = campaign::rng(seed);
        let streaming = rng.next_u32().is_multiple_of(2);
        let mut queue: SendQueue<MESSAGES, BYTES, u64> = SendQueue::new();
        let mut queue = queue.queue();
        queue.reset(streaming);
        let mut world = World {
            rng,
            queue,
            streaming,
            now: 0,
            batch: false,
            next: 0,
            waiting: vec![],
            ended: HashMap::new(),
            taken: 0,
            told: 0,
            final_passed: false,
            closed: false,
        };
        // Shown when the case fails.
        eprintln!("seed {seed}");
        for _ in 0..STEPS {
            world.step();
        }
        world.close();
        for _ in 0..STEPS / 4 {
            world.hand_down();
        }
        world.queue.fail(SendError::UnderlyingStack);
        while !world.waiting.is_empty() {
            world.over(0, Err(SendError::UnderlyingStack.into()));
        }
        while !world.ended.is_empty() {
            world.ask();
        }
        assert_eq!(world.taken, world.told, "seed {seed}");
        (taken, told) = (taken + world.taken, told + world.told);
    }
    println!("{taken} messages taken, {told} ended");
    assert!(taken > 1_000);
}
