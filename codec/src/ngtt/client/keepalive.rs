//! Is the other end alive? PINGs, PONGs and echoes of one connection.

use crate::Instant;
use crate::ngtt::LinkFault;

use super::Config;

/// How many answered PINGs are remembered, so that a late second PONG is
/// recognised.
const REMEMBERED: usize = 4;
/// How many PINGs of the server may wait to be sent back.
const ECHOES: usize = 4;
/// How many sent-back PINGs are remembered, so that none goes round for ever:
/// more than the default rate lets through in the default time of quiet.
const ECHOED: usize = 16;

/// The clocks of one connection.
pub(super) struct KeepAlive {
    last_read: Instant,
    last_write: Instant,
    /// When a part of a frame was last written that is longer than what can be
    /// written at once.
    progress: Instant,
    ping: Ping,
    /// When a PING is wanted whose PONG proves that something arrived.
    settle_at: Option<Instant>,
    answered: heapless::Deque<u16, REMEMBERED>,
    echoes: heapless::Deque<u16, ECHOES>,
    echoed: heapless::Deque<(u16, Instant), ECHOED>,
    /// When the echo allowance will be full again.
    echo_full_at: Instant,
}

#[derive(Clone, Copy)]
enum Ping {
    Quiet,
    /// To be written, since then.
    Due(Instant),
    Outstanding {
        tid: u16,
        at: Instant,
        /// Its place in the sequence of written frames.
        sequence: u64,
    },
}

/// What a received PING is.
pub(super) enum Pinged {
    /// The answer to ours, which had this place in the sequence of writes.
    Pong(u64),
    /// The answer to an earlier one.
    Late,
    /// The server's own, to be sent back.
    Echo,
    /// The server's own, but one too many.
    Suppressed,
}

/// Keeps, in their order, those for which it is so. (heapless's own has an assertion.)
fn retain<T, const N: usize>(queue: &mut heapless::Deque<T, N>, keep: impl Fn(&T) -> bool) {
    for _ in 0..queue.len() {
        if let Some(item) = queue.pop_front()
            && keep(&item)
        {
            // There is room: it was there before.
            let _ = queue.push_back(item);
        }
    }
}

impl KeepAlive {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            last_read: now,
            last_write: now,
            progress: now,
            ping: Ping::Quiet,
            settle_at: None,
            answered: heapless::Deque::new(),
            echoes: heapless::Deque::new(),
            echoed: heapless::Deque::new(),
            echo_full_at: Instant::ZERO,
        }
    }

    /// Something arrived, be it part of a frame.
    pub(super) fn heard(&mut self, now: Instant) {
        self.last_read = self.last_read.max(now);
    }

    /// A frame was written.
    pub(super) fn wrote(&mut self, now: Instant) {
        self.last_write = self.last_write.max(now);
    }

    /// A part of a frame was written: the server takes bytes. No PING can be
    /// written before the rest, so this is all that can be known of it.
    pub(super) fn progressed(&mut self, now: Instant) {
        self.progress = self.progress.max(now);
    }

    /// A PING was written.
    pub(super) fn wrote_ping(&mut self, tid: u16, sequence: u64, now: Instant) {
        self.ping = Ping::Outstanding {
            tid,
            at: now,
            sequence,
        };
        self.settle_at = None;
    }

    /// A PING is wanted at `at` or earlier.
    pub(super) fn settle(&mut self, at: Instant) {
        self.settle_at = Some(self.settle_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Whether `tid` belongs to a PING whose answer may still come.
    pub(super) fn uses_tid(&self, tid: u16) -> bool {
        let outstanding = matches!(self.ping, Ping::Outstanding { tid: ours, .. } if ours == tid);
        outstanding || self.answered.iter().any(|answered| *answered == tid)
    }

    /// When the next PING is to be written, if none is open.
    fn ping_at(&self, config: &Config) -> Option<Instant> {
        match self.ping {
            Ping::Outstanding { .. } => None,
            Ping::Due(since) => Some(since),
            Ping::Quiet => {
                let quiet = self.last_write.saturating_add(config.ping_after).min(
                    self.last_read
                        .saturating_add(config.read_dead.checked_div(2).unwrap_or_default()),
                );
                Some(self.settle_at.map_or(quiet, |at| at.min(quiet)))
            }
        }
    }

    /// Whether a PING is to be written now.
    pub(super) fn ping_due(&mut self, now: Instant, config: &Config) -> bool {
        let due = self.ping_at(config).is_some_and(|at| at <= now);
        if due && matches!(self.ping, Ping::Quiet) {
            self.ping = Ping::Due(now);
        }
        due
    }

    /// A PING arrived.
    pub(super) fn pinged(&mut self, tid: u16, now: Instant, config: &Config) -> Pinged {
        if let Ping::Outstanding {
            tid: ours,
            sequence,
            ..
        } = self.ping
            && ours == tid
        {
            self.ping = Ping::Quiet;
            if self.answered.is_full() {
                self.answered.pop_front();
            }
            let _ = self.answered.push_back(tid);
            return Pinged::Pong(sequence);
        }
        if self.answered.iter().any(|answered| *answered == tid) {
            // Only once: after that the server may mean it as its own.
            retain(&mut self.answered, |answered| *answered != tid);
            return Pinged::Late;
        }
        self.echo(tid, now, config)
    }

    fn echo(&mut self, tid: u16, now: Instant, config: &Config) -> Pinged {
        retain(&mut self.echoed, |(_, at)| {
            now.saturating_duration_since(*at) < config.echo_quiet
        });
        let burst = config.echo_interval.saturating_mul(ECHOES as u32);
        let full_at = self
            .echo_full_at
            .max(now)
            .saturating_add(config.echo_interval);
        if self.echoed.iter().any(|(echoed, _)| *echoed == tid)
            || full_at > now.saturating_add(burst)
            || self.echoed.is_full()
            || self.echoes.push_back(tid).is_err()
        {
            return Pinged::Suppressed;
        }
        self.echo_full_at = full_at;
        // There is room: that was looked at above.
        let _ = self.echoed.push_back((tid, now));
        Pinged::Echo
    }

    /// The next PING to send back.
    pub(super) fn next_echo(&self) -> Option<u16> {
        self.echoes.front().copied()
    }

    /// It was sent back.
    pub(super) fn echo_written(&mut self) {
        self.echoes.pop_front();
    }

    /// Whether the connection is dead. `writing_since` is when the frame that
    /// is being written last made progress.
    pub(super) fn fault(
        &self,
        now: Instant,
        writing_since: Option<Instant>,
        config: &Config,
    ) -> Option<LinkFault> {
        let passed = |since: Instant, limit| since.saturating_add(limit) <= now;
        match self.ping {
            Ping::Outstanding { at, .. } if passed(at, config.ping_dead) => {
                return Some(LinkFault::PingUnanswered);
            }
            Ping::Due(since) if passed(since.max(self.progress), config.ping_dead) => {
                return Some(LinkFault::WriteStalled);
            }
            _ => {}
        }
        if passed(self.last_read.max(self.progress), config.read_dead) {
            return Some(LinkFault::NothingRead);
        }
        writing_since
            .is_some_and(|since| passed(since, config.ping_dead))
            .then_some(LinkFault::WriteStalled)
    }

    /// When something here changes by time alone. `may_ping`: whether a PING that
    /// is due may become one to be written.
    pub(super) fn next_timeout(
        &self,
        writing_since: Option<Instant>,
        may_ping: bool,
        config: &Config,
    ) -> Instant {
        let alive = self.last_read.max(self.progress);
        let dead = alive.saturating_add(config.read_dead);
        let dead = match writing_since {
            Some(since) => dead.min(since.saturating_add(config.ping_dead)),
            None => dead,
        };
        match self.ping {
            Ping::Outstanding { at, .. } => dead.min(at.saturating_add(config.ping_dead)),
            Ping::Due(since) => dead.min(since.max(self.progress).saturating_add(config.ping_dead)),
            Ping::Quiet if !may_ping => dead,
            Ping::Quiet => self.ping_at(config).map_or(dead, |at| at.min(dead)),
        }
    }
}
