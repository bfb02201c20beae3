//! One end of a connection that is driven as an application drives it.

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameError, FrameReader, Framer, Out, Received, Start, tick};

/// A framer with a buffer of `ROOM` bytes. What it promises to whoever drives it is
/// looked at in every step: its words are bounded, it has room for what it waits
/// for, and its clock never keeps a driver busy.
pub struct End<F: Framer, const ROOM: usize> {
    reader: FrameReader<F, [u8; ROOM]>,
    /// The handshake is over.
    pub ready: bool,
    /// What it said that nobody has taken yet.
    pub said: Vec<u8>,
    now: Instant,
}

impl<F: Framer, const ROOM: usize> End<F, ROOM> {
    /// Lets a connection begin.
    pub fn start(framer: F) -> Result<Self, FrameError> {
        let mut end = Self {
            reader: FrameReader::new(framer, [0; ROOM]),
            ready: false,
            said: Vec::new(),
            now: Instant::ZERO,
        };
        let (start, _) = end.speak(|reader, out| reader.start(out))?;
        end.ready = start == Start::Ready;
        end.clock()?;
        Ok(end)
    }

    /// Lets the framer speak; whether it said anything.
    fn speak<T>(
        &mut self,
        f: impl FnOnce(&mut FrameReader<F, [u8; ROOM]>, &mut Out<'_>) -> Result<T, FrameError>,
    ) -> Result<(T, bool), FrameError> {
        let mut place = vec![0; F::OUT];
        let mut out = Out::new(&mut place);
        let value = f(&mut self.reader, &mut out);
        assert_eq!(out.messages().map(<[u8]>::len).sum::<usize>(), out.len());
        self.said.extend(out.bytes());
        Ok((value?, !out.is_empty()))
    }

    fn clock(&mut self) -> Result<(), FrameError> {
        let now = self.now;
        let (next, spoke) = self.speak(|reader, out| tick(reader.framer(), now, out))?;
        assert!(
            spoke || next.is_none_or(|at| at > now),
            "it would be called for ever"
        );
        Ok(())
    }

    /// Time passes.
    pub fn wait(&mut self, seconds: usize) -> Result<(), FrameError> {
        self.now = Instant::from_secs(self.now.as_millis() / 1000 + seconds as u64);
        self.clock()
    }

    /// Bytes arrive.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<(), FrameError> {
        loop {
            bytes = &bytes[self.reader.push(bytes)..];
            let progress = if self.ready {
                match self.reader.next()? {
                    Some(Received::Message { body, .. }) => {
                        assert!(body.len() <= ROOM);
                        true
                    }
                    Some(_) => true,
                    None => false,
                }
            } else {
                let (ready, spoke) = self.speak(|reader, out| reader.handshake(out))?;
                self.ready = ready;
                ready || spoke
            };
            assert!(self.reader.buffered() <= ROOM);
            if !progress {
                if bytes.is_empty() {
                    return self.clock();
                }
                assert!(
                    !self.reader.space().is_empty(),
                    "no room for what it waits for"
                );
            }
        }
    }

    /// The connection ends.
    pub fn stop(&mut self) -> Result<(), FrameError> {
        self.speak(|reader, out| {
            reader.framer().stop(out);
            Ok(())
        })?;
        Ok(())
    }
}
