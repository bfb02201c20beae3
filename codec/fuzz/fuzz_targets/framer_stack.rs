#![no_main]
//! Stacks of framers with handshakes and clocks, and a peer who says anything at
//! any time: what they say is bounded, they always have room for what they wait
//! for, and their clocks never keep a driver busy.

#[allow(dead_code, unreachable_pub)]
#[path = "../../tests/framers/line.rs"]
mod line;

use libfuzzer_sys::fuzz_target;
use line::{LineFramer, Role};
use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameError, FrameReader, Framer, Out, Over, Received, Start, tick};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_codec_fuzz::Script;

/// Bytes of the buffer.
const ROOM: usize = 64;

struct End<F: Framer> {
    reader: FrameReader<F, [u8; ROOM]>,
    ready: bool,
    now: Instant,
}

impl<F: Framer> End<F> {
    /// Lets the framer speak; whether it said anything.
    fn speak<T>(
        &mut self,
        f: impl FnOnce(&mut FrameReader<F, [u8; ROOM]>, &mut Out<'_>) -> Result<T, FrameError>,
    ) -> Result<(T, bool), FrameError> {
        let mut place = vec![0; F::OUT];
        let mut out = Out::new(&mut place);
        let value = f(&mut self.reader, &mut out)?;
        assert_eq!(out.messages().map(<[u8]>::len).sum::<usize>(), out.len());
        Ok((value, !out.is_empty()))
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

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), FrameError> {
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
}

fn run<F: Framer>(framer: F, script: &mut Script<'_>) -> Result<(), FrameError> {
    let mut end = End {
        reader: FrameReader::new(framer, [0; ROOM]),
        ready: false,
        now: Instant::ZERO,
    };
    let (start, _) = end.speak(|reader, out| reader.start(out))?;
    end.ready = start == Start::Ready;
    end.clock()?;
    while !script.is_empty() {
        match script.below(4) {
            0 => {
                end.now = Instant::from_secs(end.now.as_millis() / 1000 + script.below(256) as u64);
                end.clock()?;
            }
            _ => {
                let length = script.below(100);
                end.take(script.take(length))?;
            }
        }
    }
    end.speak(|reader, out| {
        reader.framer().stop(out);
        Ok(())
    })?;
    Ok(())
}

fuzz_target!(|input: &[u8]| {
    let mut script = Script::new(input);
    let role = [Role::Client, Role::Server][script.below(2)];
    let line = |max| LineFramer::new(role, max, 200);
    let prefix = PrefixFramer::for_buffer(ROOM);
    // An error ends the connection, which is all that may come of it.
    let _ = match script.below(6) {
        0 => run(line(60), &mut script),
        1 => run(Over::new(line(50), prefix), &mut script),
        2 => run(Over::new(prefix, line(60)), &mut script),
        3 => run(Over::new(line(50), line(60)), &mut script),
        4 => run(
            Over::new(line(30), Over::new(line(40), line(60))),
            &mut script,
        ),
        _ => run(Over::new(line(50), MarkFramer::new(*b"!")), &mut script),
    };
});
