//! What a framer does besides messages: the way to Ready, and time.

use core::time::Duration;

use super::receiver::wait_for;
use super::{FrameError, Framer, Handshake, Out, Receiver, Start, Turn};
use crate::Instant;

/// The least time between two calls of [`Framer::on_time`] that put nothing
/// into their [`Out`].
const TICK: Duration = Duration::from_millis(1);

impl<M: Copy> Receiver<M> {
    /// Begins a connection: forgets everything and starts the framer.
    ///
    /// # Errors
    /// Those of [`Framer::start`].
    pub fn start<F: Framer<Meta = M>>(
        &mut self,
        framer: &mut F,
        out: &mut Out<'_>,
    ) -> Result<Start, FrameError> {
        *self = Self::new();
        framer.start(out)
    }

    /// One step of the framer's handshake over the received `prefix`, after
    /// [`Start::Handshake`]. [`Turn::Take`] says that it is complete. What is in
    /// `out` has to be sent whatever the answer is, before the next step.
    ///
    /// # Errors
    /// Those of [`Framer::on_handshake`];
    /// [`FrameErrorKind::BufferTooSmall`](super::FrameErrorKind::BufferTooSmall)
    /// if the framer has to see more than `capacity` bytes at once.
    pub fn handshake<F: Framer<Meta = M>>(
        &mut self,
        framer: &mut F,
        prefix: &[u8],
        capacity: usize,
        out: &mut Out<'_>,
    ) -> Result<Turn<()>, FrameError> {
        let arrived = prefix.len();
        if let Some(turn) = self.dropped(arrived) {
            return Ok(turn);
        }
        if arrived == 0 {
            return Ok(Turn::Need(1));
        }
        match framer.on_handshake(prefix, out)? {
            Handshake::Need(needed) => wait_for(needed, arrived, capacity),
            // Nothing was taken, so nothing changes before more has come.
            Handshake::Used(0) => wait_for(0, arrived, capacity),
            Handshake::Used(count) => Ok(Turn::Drop(self.drop_now(count, arrived))),
            Handshake::Ready(count) => Ok(Turn::Take {
                found: (),
                consumed: self.drop_now(count, arrived),
            }),
        }
    }
}

/// Lets a framer's clock run ([`Framer::on_time`]) and returns when to do so
/// next. A framer that asks for a time that has passed, though it had nothing to
/// say, is called again in a millisecond: it cannot keep its driver busy.
///
/// # Errors
/// Those of [`Framer::on_time`].
pub fn tick<F: Framer>(
    framer: &mut F,
    now: Instant,
    out: &mut Out<'_>,
) -> Result<Option<Instant>, FrameError> {
    let before = out.len();
    let next = framer.on_time(now, out)?;
    Ok(match next {
        Some(at) if at <= now && out.len() == before => Some(now.saturating_add(TICK)),
        next => next,
    })
}
