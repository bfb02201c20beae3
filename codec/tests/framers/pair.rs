//! Two ends of a connection in memory, with a clock that the test turns.

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameError, FrameReader, Framer, Out, Received, Start, tick, write};

/// Bytes of an end's buffer, unless it has others.
const ROOM: usize = 128;

/// One end: a framer, what it wants to send, what it received.
pub(crate) struct End<F: Framer> {
    pub(crate) reader: FrameReader<F, Vec<u8>>,
    pub(crate) ready: bool,
    pub(crate) failed: Option<FrameError>,
    pub(crate) received: Vec<Vec<u8>>,
    next: Option<Instant>,
    pub(crate) outbox: Vec<u8>,
}

impl<F: Framer> End<F> {
    pub(crate) fn new(framer: F) -> Self {
        Self::with_room(framer, ROOM)
    }

    /// With a buffer of so many bytes.
    pub(crate) fn with_room(framer: F, room: usize) -> Self {
        Self {
            reader: FrameReader::new(framer, vec![0; room]),
            ready: false,
            failed: None,
            received: Vec::new(),
            next: None,
            outbox: Vec::new(),
        }
    }

    pub(crate) fn framer(&mut self) -> &mut F {
        self.reader.framer()
    }

    /// Lets the framer speak; what it says is sent even if it fails then.
    fn speak<T>(
        &mut self,
        f: impl FnOnce(&mut FrameReader<F, Vec<u8>>, &mut Out<'_>) -> Result<T, FrameError>,
    ) -> Option<T> {
        let mut place = vec![0; F::OUT];
        let mut out = Out::new(&mut place);
        let result = f(&mut self.reader, &mut out);
        self.outbox.extend(out.bytes());
        result.map_err(|error| self.failed = Some(error)).ok()
    }

    pub(crate) fn start(&mut self, now: Instant) {
        if let Some(start) = self.speak(|reader, out| reader.start(out)) {
            self.ready = start == Start::Ready;
            self.clock(now);
        }
    }

    fn clock(&mut self, now: Instant) {
        // As often as it has something to say, which is bounded in a test.
        for _ in 0..10 {
            let next = self.speak(|reader, out| tick(reader.framer(), now, out));
            self.next = next.flatten();
            if self.failed.is_some() || self.next.is_none_or(|at| at > now) {
                return;
            }
        }
        panic!("a framer that does not stop talking");
    }

    /// Time has come to `now`.
    pub(crate) fn time(&mut self, now: Instant) {
        if self.failed.is_none() && self.next.is_some_and(|at| at <= now) {
            self.clock(now);
        }
    }

    pub(crate) fn send(&mut self, meta: &F::Meta, message: &[u8], now: Instant) {
        assert!(self.ready, "nothing is sent before Ready");
        let mut wire = vec![0; F::HEAD + message.len() + F::TAIL];
        let length = write(self.reader.framer(), meta, message, &mut wire).unwrap();
        self.outbox.extend(&wire[..length]);
        self.clock(now);
    }

    pub(crate) fn stop(&mut self) {
        let stopped = self.speak(|reader, out| {
            reader.framer().stop(out);
            Ok(())
        });
        assert!(stopped.is_some());
    }

    /// Takes `bytes` as they come.
    pub(crate) fn take(&mut self, mut bytes: &[u8], now: Instant) {
        while self.failed.is_none() {
            let pushed = self.reader.push(bytes);
            bytes = &bytes[pushed..];
            if !self.ready {
                let spoken = self.outbox.len();
                match self.speak(|reader, out| reader.handshake(out)) {
                    Some(true) => self.ready = true,
                    Some(false) if self.outbox.len() > spoken || !bytes.is_empty() => {}
                    _ => break,
                }
                continue;
            }
            match self.reader.next() {
                Ok(Some(Received::Message { body, .. })) => self.received.push(body.to_vec()),
                Ok(Some(_)) => panic!("neither over the limit nor without an end"),
                Ok(None) if bytes.is_empty() => break,
                Ok(None) => {}
                Err(error) => self.failed = Some(error),
            }
        }
        if self.failed.is_none() {
            self.clock(now);
        }
    }
}

/// Carries what both ends have to say, in pieces of `chunk` bytes, until they
/// have nothing more to say.
pub(crate) fn exchange<A: Framer, B: Framer>(
    one: &mut End<A>,
    other: &mut End<B>,
    chunk: usize,
    now: Instant,
) {
    for _ in 0..100 {
        if one.outbox.is_empty() && other.outbox.is_empty() {
            return;
        }
        for piece in core::mem::take(&mut one.outbox).chunks(chunk) {
            other.take(piece, now);
        }
        for piece in core::mem::take(&mut other.outbox).chunks(chunk) {
            one.take(piece, now);
        }
    }
    panic!("two ends that do not stop talking");
}
