//! What the inner framer of a stack says by itself, in messages of the outer one.

use super::{Over, Stage, shifted};
use crate::framer::{FrameError, FrameErrorKind, Framer, Handshake, Out, Start, Step};

impl<Inner: Framer, Outer: Framer> Over<Inner, Outer> {
    /// Lets `f` speak for the inner framer, in messages of the outer one.
    pub(super) fn carried<T>(
        &mut self,
        out: &mut Out<'_>,
        f: impl FnOnce(&mut Inner, &mut Out<'_>) -> Result<T, FrameError>,
    ) -> Result<T, FrameError> {
        const {
            assert!(
                Inner::OUT == 0 || Outer::CARRIER.is_some(),
                "the outer framer has no messages (Framer::CARRIER) that can carry what the \
                 inner one says by itself (Framer::OUT)"
            );
        }
        let Self { inner, outer, .. } = self;
        match &Outer::CARRIER {
            Some(meta) => out.through(outer, meta, |out| f(inner, out)),
            None => f(inner, &mut Out::new(&mut [])),
        }
    }

    /// The outer framer is ready: it is the inner one's turn.
    pub(super) fn start_inner(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        self.stage = Stage::Inner;
        let start = self.carried(out, |inner, out| inner.start(out))?;
        if start == Start::Ready {
            self.stage = Stage::Neither;
        }
        Ok(start)
    }

    /// The inner framer's handshake, in messages of the outer one.
    pub(super) fn handshake_inside(
        &mut self,
        input: &[u8],
        out: &mut Out<'_>,
    ) -> Result<Handshake, FrameError> {
        match self.outer.decode(input)? {
            Step::Need(n) => Ok(Handshake::Need(n)),
            Step::Skip(n) => Ok(Handshake::Used(n)),
            Step::Frame { body, consumed, .. } => {
                let message = input.get(body.clone()).unwrap_or_default();
                let ready = self
                    .handshake_message(message, out)
                    .map_err(|error| shifted(error, body.start))?;
                Ok(if ready {
                    Handshake::Ready(consumed)
                } else {
                    Handshake::Used(consumed)
                })
            }
            Step::Head { skip, body_len, .. } => {
                let (length, limit) = (body_len, input.len());
                let kind = FrameErrorKind::TooLarge { length, limit };
                Err(FrameError::new(kind, skip))
            }
            Step::Passthrough { skip, .. } => {
                let Some(rest) = input.get(skip..) else {
                    return Ok(Handshake::Need(skip));
                };
                let result = self.carried(out, |inner, out| inner.on_handshake(rest, out));
                Ok(match result.map_err(|error| shifted(error, skip))? {
                    Handshake::Need(n) => Handshake::Need(n.saturating_add(skip)),
                    Handshake::Used(n) => Handshake::Used(n.saturating_add(skip)),
                    Handshake::Ready(n) => {
                        self.stage = Stage::Neither;
                        Handshake::Ready(n.saturating_add(skip))
                    }
                })
            }
        }
    }

    /// One whole message of the inner handshake, which must be used up; whether
    /// it was the last.
    fn handshake_message(&mut self, message: &[u8], out: &mut Out<'_>) -> Result<bool, FrameError> {
        let mut used = 0;
        loop {
            let rest = message.get(used..).unwrap_or_default();
            let misfit = Err(FrameError::new(FrameErrorKind::Misfit, used));
            match self.carried(out, |inner, out| inner.on_handshake(rest, out))? {
                Handshake::Ready(n) if n == rest.len() => {
                    self.stage = Stage::Neither;
                    return Ok(true);
                }
                Handshake::Used(n) if n == rest.len() => return Ok(false),
                Handshake::Used(n) if n > 0 && n < rest.len() => used = used.saturating_add(n),
                _ => return misfit,
            }
        }
    }
}
