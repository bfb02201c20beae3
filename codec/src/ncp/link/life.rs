//! What both ends of a link do once it is up, and what their clocks say.

use super::{LinkConfig, MAX_HANDSHAKE_PACKET, MAX_STRAYS, Timing, words};
use crate::Instant;
use crate::framer::{FrameError, FrameErrorKind, Framer, Out, Step};
use crate::ncp::{HEADER_LEN, Header, Ident, NcpFramer, Packet};

/// The part of a link that is the same at both ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) config: LinkConfig,
    /// What was agreed, once it was.
    pub(super) timing: Option<Timing>,
    /// Whether the handshake is complete.
    is_up: bool,
    /// When this connection began.
    since: Option<Instant>,
    /// When something was heard last.
    heard: Instant,
    /// When something was said last.
    said: Option<Instant>,
    /// Something was heard or said whose time is not known yet.
    has_heard: bool,
    has_said: bool,
    /// Packets that were passed over in the handshake.
    strays: u8,
}

/// What the next packet of a handshake is.
pub(super) enum Next<'p> {
    /// Not all of it is here.
    Need(usize),
    /// It is here, with so many bytes.
    Packet(Packet<'p>, usize),
}

impl Life {
    pub(super) const fn new(config: LinkConfig) -> Self {
        Self {
            config,
            timing: None,
            is_up: false,
            since: None,
            heard: Instant::ZERO,
            said: None,
            has_heard: false,
            has_said: false,
            strays: 0,
        }
    }

    /// A new connection.
    pub(super) const fn restart(&mut self) {
        *self = Self::new(self.config);
    }

    /// The handshake is complete.
    pub(super) const fn up(&mut self) {
        self.is_up = true;
        self.has_heard = true;
        // What was said in the handshake counts; without an agreed time an end
        // says something at once.
        self.has_said = matches!(self.timing, Some(Timing::Agreed(_)));
    }

    pub(super) const fn heard(&mut self) {
        self.has_heard = true;
    }

    /// The packet that the handshake's `input` begins with.
    pub(super) fn packet<'p>(&self, input: &'p [u8]) -> Result<Next<'p>, FrameError> {
        let limit = MAX_HANDSHAKE_PACKET;
        match NcpFramer::new(limit).decode(input)? {
            Step::Frame {
                meta,
                body,
                consumed,
            } => {
                let body = input.get(body).unwrap_or_default();
                let unsound = |offset| FrameError::new(FrameErrorKind::Unrecognized, offset);
                let packet =
                    Packet::from_parts(meta, body).map_err(|error| unsound(error.offset))?;
                Ok(Next::Packet(packet, consumed))
            }
            Step::Head { body_len, .. } => Err(too_large(body_len, limit)),
            Step::Need(needed) => Ok(Next::Need(needed)),
            // It does neither.
            Step::Skip(_) | Step::Passthrough { .. } => Ok(Next::Need(HEADER_LEN)),
        }
    }

    /// A packet was not the one that is due.
    pub(super) fn stray(&mut self) -> Result<(), FrameError> {
        self.strays = self.strays.saturating_add(1);
        if self.strays > MAX_STRAYS {
            return Err(FrameError::new(FrameErrorKind::Unrecognized, 0));
        }
        Ok(())
    }

    /// Cuts a packet out of the stream once the link is up. Those that only keep
    /// it alive are passed over.
    pub(super) fn decode(&mut self, prefix: &[u8]) -> Result<Step<Header>, FrameError> {
        let limit = self.config.max_packet;
        let step = NcpFramer::new(limit).decode(prefix)?;
        match step {
            Step::Frame {
                meta,
                ref body,
                consumed,
            } => {
                self.has_heard = true;
                if meta.kind == Ident::LINK && body.is_empty() {
                    return Ok(Step::Skip(consumed));
                }
                Ok(step)
            }
            Step::Head { body_len, .. } => Err(too_large(body_len, limit)),
            _ => Ok(step),
        }
    }

    pub(super) fn encode(
        &mut self,
        header: &Header,
        body_len: usize,
        head: &mut [u8],
        tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        let written = NcpFramer::new(usize::MAX).encode(header, body_len, head, tail)?;
        self.has_said = true;
        Ok(written)
    }

    /// Notes the time of what was heard and said; says that this end is alive
    /// when it is due, and returns when to look again. `handshake` is how long
    /// the handshake may take.
    pub(super) fn on_time(
        &mut self,
        now: Instant,
        handshake: core::time::Duration,
        out: &mut Out<'_>,
    ) -> Result<Option<Instant>, FrameError> {
        let silent = FrameError::new(FrameErrorKind::Silent, 0);
        let since = *self.since.get_or_insert(now);
        if core::mem::take(&mut self.has_heard) {
            self.heard = now;
        }
        if core::mem::take(&mut self.has_said) {
            self.said = Some(now);
        }
        let (true, Some(timing)) = (self.is_up, self.timing) else {
            let until = since.saturating_add(handshake);
            return if until <= now {
                Err(silent)
            } else {
                Ok(Some(until))
            };
        };
        let dead = self
            .heard
            .saturating_add(timing.patience(self.config.timeout));
        if dead <= now {
            return Err(silent);
        }
        let due = match self.said {
            Some(said) => said.saturating_add(timing.keep_alive()),
            None => now,
        };
        if due > now {
            return Ok(Some(due.min(dead)));
        }
        words::keep_alive(out, &self.config)?;
        self.said = Some(now);
        Ok(Some(now.saturating_add(timing.keep_alive()).min(dead)))
    }
}

fn too_large(body_len: usize, limit: usize) -> FrameError {
    let length = body_len.saturating_add(crate::ncp::HEADER_LEN + crate::ncp::FOOTER_LEN);
    FrameError::new(FrameErrorKind::TooLarge { length, limit }, 8)
}
