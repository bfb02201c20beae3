//! One direction of a connection: bytes with a delay, that can be cut anywhere.

use std::collections::VecDeque;

use crate::dice::Dice;

pub(crate) struct Pipe {
    /// How many bytes are on the way at most: more cannot be written.
    capacity: usize,
    latency: u64,
    on_the_way: VecDeque<(u64, u8)>,
    /// How many bytes may still be written before the connection breaks.
    pub(crate) cut_after: Option<u64>,
    /// Nothing arrives any more, and nobody notices.
    pub(crate) silent: bool,
}

impl Pipe {
    pub(crate) fn new(capacity: usize, latency: u64) -> Self {
        Self {
            capacity,
            latency,
            on_the_way: VecDeque::new(),
            cut_after: None,
            silent: false,
        }
    }

    /// Takes what there is room for. `None` if the connection broke at this.
    pub(crate) fn write(&mut self, now: u64, bytes: &[u8]) -> Option<usize> {
        let room = self.capacity - self.on_the_way.len();
        let mut taken = bytes.len().min(room);
        if let Some(left) = &mut self.cut_after {
            taken = taken.min(usize::try_from(*left).unwrap());
            *left -= taken as u64;
        }
        let at = now + self.latency;
        self.on_the_way
            .extend(bytes[..taken].iter().map(|byte| (at, *byte)));
        (self.cut_after != Some(0)).then_some(taken)
    }

    /// When the next byte arrives.
    pub(crate) fn next_arrival(&self) -> Option<u64> {
        self.on_the_way
            .front()
            .map(|(at, _)| *at)
            .filter(|_| !self.silent)
    }

    /// The bytes that have arrived, at most `most` of them.
    pub(crate) fn read(&mut self, now: u64, most: usize) -> Vec<u8> {
        let arrived = self
            .on_the_way
            .iter()
            .take_while(|(at, _)| *at <= now && !self.silent);
        let count = arrived.count().min(most);
        self.on_the_way
            .drain(..count)
            .map(|(_, byte)| byte)
            .collect()
    }

    /// The connection broke: some of what is on the way still arrives.
    pub(crate) fn remains(&mut self, dice: &mut Dice) -> Vec<u8> {
        if self.silent {
            return Vec::new();
        }
        let kept = dice.below(self.on_the_way.len() as u64 + 1) as usize;
        self.on_the_way
            .drain(..)
            .take(kept)
            .map(|(_, byte)| byte)
            .collect()
    }
}
