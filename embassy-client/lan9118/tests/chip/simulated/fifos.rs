//! The simulated FIFOs, with the sizes of TX_FIF_SZ = 5.

use std::collections::VecDeque;

/// Statuses of received frames that fit.
pub(crate) const RECEIVE_STATUSES: usize = 704 / 4;
const RECEIVE_WORDS: usize = 10_560 / 4;
const TRANSMIT_WORDS: usize = 4608 / 4;
const TRANSMIT_STATUSES: usize = 512 / 4;

const RXE_INT: u32 = 1 << 14;
const TXE_INT: u32 = 1 << 13;
const TXSTOP_INT: u32 = 1 << 25;
const TDFO_INT: u32 = 1 << 10;
const TDFA_INT: u32 = 1 << 9;
const RXDF_INT: u32 = 1 << 6;
const RSFL_INT: u32 = 1 << 3;

pub(crate) struct Fifos {
    /// FIFO_INT's level for sending, in units of 64 bytes.
    pub(crate) level: u32,
    /// RX_DROP.
    pub(crate) dropped: u32,
    /// Frames are not sent until the test says so.
    pub(crate) held: bool,
    /// The transmitter does not stop when asked to.
    pub(crate) unstoppable: bool,
    /// Frames that were sent.
    pub(crate) sent: Vec<Vec<u8>>,
    receive_status: VecDeque<u32>,
    receive_data: VecDeque<u32>,
    transmit_status: VecDeque<u32>,
    /// Frames waiting to be sent, and the words each takes.
    queue: VecDeque<(Vec<u8>, usize)>,
    /// The frame that is being written: its command words, then its data.
    writing: Vec<u32>,
    running: bool,
}

impl Fifos {
    pub(crate) fn new() -> Self {
        Self {
            level: 0x48,
            dropped: 0,
            held: false,
            unstoppable: false,
            sent: Vec::new(),
            receive_status: VecDeque::new(),
            receive_data: VecDeque::new(),
            transmit_status: VecDeque::new(),
            queue: VecDeque::new(),
            writing: Vec::new(),
            running: false,
        }
    }

    /// Whether nothing received is left.
    pub(crate) fn is_drained(&self) -> bool {
        self.receive_status.is_empty() && self.receive_data.is_empty()
    }

    /// Whether no status of a sent frame is left.
    pub(crate) fn is_told(&self) -> bool {
        self.transmit_status.is_empty()
    }

    /// A status that belongs to no data, or to other data.
    pub(crate) fn push_status(&mut self, status: u32) {
        self.receive_status.push_back(status);
    }

    /// Stores a frame and its check sum; returns the events.
    pub(crate) fn arrive(&mut self, frame: &[u8], status: u32) -> u32 {
        let length = frame.len() + 4;
        let words = length.div_ceil(4);
        if self.receive_status.len() == RECEIVE_STATUSES
            || self.receive_data.len() + words > RECEIVE_WORDS
        {
            self.dropped += 1;
            return RXDF_INT;
        }
        let mut bytes = frame.to_vec();
        bytes.extend([0xC1, 0xC2, 0xC3, 0xC4]);
        bytes.resize(words * 4, 0xEE);
        for word in bytes.chunks(4) {
            let word = word.try_into().unwrap();
            self.receive_data.push_back(u32::from_le_bytes(word));
        }
        // Frame Type: what is not a length.
        self.receive_status
            .push_back((length as u32) << 16 | 1 << 5 | status);
        RSFL_INT
    }

    pub(crate) fn receive_info(&self) -> u32 {
        (self.receive_status.len() as u32) << 16 | (self.receive_data.len() * 4) as u32
    }

    pub(crate) fn receive_word(&mut self) -> (u32, u32) {
        pop(&mut self.receive_data)
    }

    pub(crate) fn receive_status(&mut self) -> (u32, u32) {
        pop(&mut self.receive_status)
    }

    pub(crate) fn transmit_status(&mut self) -> u32 {
        self.transmit_status
            .pop_front()
            .expect("a status of a sent frame is read while there is none")
    }

    pub(crate) fn write_receive_configuration(&mut self, value: u32, receiving: bool) {
        // RX_DUMP
        if value & 1 << 15 != 0 {
            assert!(!receiving, "RX_DUMP while the receiver runs");
            self.receive_status.clear();
            self.receive_data.clear();
        }
        assert_eq!(value & !(1 << 15), 0, "no offset, no filling");
    }

    /// Returns the events.
    pub(crate) fn write_transmit_configuration(&mut self, value: u32) -> u32 {
        assert_ne!(value & 4, 0, "TXSAO");
        // STOP_TX
        let mut events = 0;
        if value & 1 != 0 && !self.unstoppable {
            self.running = false;
            events = TXSTOP_INT;
        } else {
            self.running = value & 2 != 0;
        }
        // TXS_DUMP, TXD_DUMP
        if value & 1 << 15 != 0 {
            self.transmit_status.clear();
        }
        if value & 1 << 14 != 0 {
            self.queue.clear();
            self.writing.clear();
        }
        events
    }

    fn free_words(&self) -> usize {
        let queued: usize = self.queue.iter().map(|(_, words)| words).sum();
        TRANSMIT_WORDS - queued - self.writing.len()
    }

    pub(crate) fn transmit_info(&self) -> u32 {
        (self.transmit_status.len() as u32) << 16 | (self.free_words() * 4) as u32
    }

    /// Takes a word of a command or of data; returns the events.
    pub(crate) fn write_word(&mut self, word: u32) -> u32 {
        if self.free_words() == 0 {
            return TDFO_INT | TXE_INT;
        }
        self.writing.push(word);
        let &[a, b, ref data @ ..] = &self.writing[..] else {
            return 0;
        };
        // First and last segment, no offset, no alignment.
        assert_eq!(a & !0x7FF, 0x3000, "TX command A");
        let length = (a & 0x7FF) as usize;
        if data.len() < length.div_ceil(4) {
            return 0;
        }
        if (b & 0x7FF) as usize != length {
            self.writing.clear();
            return TXE_INT;
        }
        let mut frame: Vec<u8> = data.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert!(
            frame[length..].iter().all(|byte| *byte == 0),
            "the last word's rest"
        );
        frame.truncate(length);
        self.queue.push_back((frame, self.writing.len()));
        self.writing.clear();
        if self.held { 0 } else { self.transmit(1, 0) }
    }

    /// Sends up to `frames` frames; returns the events.
    pub(crate) fn transmit(&mut self, frames: usize, error: u32) -> u32 {
        let mut events = 0;
        for _ in 0..frames {
            let Some((frame, _)) = self.queue.pop_front().filter(|_| self.running) else {
                break;
            };
            if self.transmit_status.len() < TRANSMIT_STATUSES {
                self.transmit_status
                    .push_back((frame.len() as u32) << 16 | error);
            }
            if error == 0 {
                self.sent.push(frame);
            }
            if self.has_level() {
                events |= TDFA_INT;
            }
        }
        events
    }

    fn has_level(&self) -> bool {
        self.free_words() * 4 > (self.level * 64) as usize
    }

    /// The events that last as long as their cause.
    pub(crate) fn levels(&self) -> u32 {
        let mut events = 0;
        if !self.receive_status.is_empty() {
            events |= RSFL_INT;
        }
        if self.has_level() {
            events |= TDFA_INT;
        }
        events
    }
}

fn pop(fifo: &mut VecDeque<u32>) -> (u32, u32) {
    match fifo.pop_front() {
        Some(word) => (word, 0),
        None => (0, RXE_INT),
    }
}

/// A frame of `length` bytes that no other `number` gives.
pub(crate) fn frame(number: usize, length: usize) -> Vec<u8> {
    let byte = |at: usize| (at * 7 + number * 13 + number / 256) as u8;
    let mut frame: Vec<u8> = (0..length).map(byte).collect();
    let [low, high, ..] = number.to_le_bytes();
    frame
        .iter_mut()
        .zip([low, high])
        .for_each(|(to, byte)| *to = byte);
    frame
}
