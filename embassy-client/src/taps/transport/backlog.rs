//! What a listener has that nobody has accepted, and which of it gives way.
//!
//! Sockets that wait are what a peer needs to come in, and there are few. So a
//! connection that is not ready yet holds its slot only as long as nobody else
//! needs it: when no socket waits any more, one of them is cut off, after a time
//! in which an honest peer is ready. Who floods a listener with half-open or slow
//! connections competes with itself that way: where one address has more of them
//! than another, one of its own goes first.

use core::net::IpAddr;
use core::time::Duration;

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameError, FrameErrorKind, Framer};

use super::config::TransportConfig;
use super::error::EstablishmentError;
use super::memory::{Hub, Seat};
use super::state::{Duty, Stage, State, Step};

/// How long a socket that was cut off counts as one that waits: it will, as soon
/// as the peer was told.
const SETTLING: Duration = Duration::from_secs(1);

/// Who has come to a socket that waited, or to a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) since: Instant,
    /// `None` as long as the way back is not proved: any address can be written
    /// on a first packet.
    pub(super) from: Option<IpAddr>,
}

/// How many slots a listener has that hold no connection of the application's,
/// its gate not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backlog {
    /// Sockets that wait, or will in a moment.
    pub(super) waiting: usize,
    /// Connections that are not ready yet.
    pub(super) open: usize,
    /// Connections that wait to be accepted.
    pub(super) ready: usize,
}

impl Backlog {
    pub(super) const fn slots(&self) -> usize {
        self.waiting + self.open + self.ready
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Waiting,
    Open(Caller),
    Ready,
}

/// What a slot is to `listener`.
fn kind<F: Framer, S>(state: &State<'_, F, S>, listener: u32, now: Instant) -> Option<Kind> {
    let duty = state.order.as_ref()?.duty;
    if state.listener != Some(listener) || duty == Duty::Gate {
        return None;
    }
    match (state.stage, state.cut) {
        (Stage::Established | Stage::Closing, _) => Some(Kind::Ready),
        (Stage::Establishing, _) if state.failed.is_some() => None,
        (Stage::Establishing, Some(at)) => {
            let will_wait = duty == Duty::Accept && now < at.saturating_add(SETTLING);
            will_wait.then_some(Kind::Waiting)
        }
        (Stage::Establishing, None) => Some(state.caller.map_or(Kind::Waiting, Kind::Open)),
        (Stage::Free | Stage::Closed, _) => None,
    }
}

/// Counts the slots of a listener.
pub(super) fn count<F: Framer, S>(hub: &dyn Hub<'_, F, S>, listener: u32, now: Instant) -> Backlog {
    let mut backlog = Backlog::default();
    for seat in hub.seats() {
        match seat.with(|state| kind(state, listener, now)) {
            Some(Kind::Waiting) => backlog.waiting += 1,
            Some(Kind::Open(_)) => backlog.open += 1,
            Some(Kind::Ready) => backlog.ready += 1,
            None => {}
        }
    }
    backlog
}

/// Keeps a socket of every listener over a stream waiting, as far as their
/// limits go. Whether something was cut off; and when to look again.
pub(super) fn keep_waiting<F: Framer, S>(
    hub: &dyn Hub<'_, F, S>,
    config: &TransportConfig<'_>,
    now: Instant,
) -> (bool, Option<Instant>) {
    let (mut has_changed, mut next) = (false, None);
    let mut due = |at: Instant| next = Some(next.map_or(at, |next: Instant| next.min(at)));
    for seat in hub.seats() {
        let (listener, duty, caller, cut, step) = seat.with(|state| {
            let duty = state.order.as_ref().map(|order| order.duty);
            (state.listener, duty, state.caller, state.cut, state.step)
        });
        let (Some(listener), Some(Duty::Accept)) = (listener, duty) else {
            continue;
        };
        if let Some(at) = cut
            .map(|at| at.saturating_add(SETTLING))
            .filter(|at| *at > now)
        {
            due(at);
        }
        // What is connected has its end from the framer's own timeout.
        if let (Some(caller), Step::Idle, None) = (caller, step, cut) {
            let late = caller.since.saturating_add(config.framer_timeout);
            if late <= now {
                cut_off(&seat, now);
                has_changed = true;
                continue;
            }
            due(late);
        }
        let backlog = count(hub, listener, now);
        if backlog.waiting > 0 || backlog.ready >= config.backlog {
            continue;
        }
        match give_way(hub, config, listener, now) {
            Ok(()) => has_changed = true,
            Err(Some(at)) => due(at),
            Err(None) => {}
        }
    }
    (has_changed, next)
}

/// Cuts off the connection of a listener that is to make room: if nobody has
/// held on long enough, the error is when somebody will have.
pub(super) fn give_way<F: Framer, S>(
    hub: &dyn Hub<'_, F, S>,
    config: &TransportConfig<'_>,
    listener: u32,
    now: Instant,
) -> Result<(), Option<Instant>> {
    let open = || {
        hub.seats()
            .filter_map(|seat| match seat.with(|state| kind(state, listener, now)) {
                Some(Kind::Open(caller)) => Some((seat, caller)),
                _ => None,
            })
    };
    let crowd = |from: Option<IpAddr>| open().filter(|(_, other)| other.from == from).count();
    let first = open()
        .map(|(seat, caller)| (crowd(caller.from), caller.since, seat))
        .max_by_key(|(crowd, since, _)| (*crowd, core::cmp::Reverse(*since)));
    let (crowd, since, seat) = first.ok_or(None)?;
    // Those of one address share what is given to each.
    let sharing = u32::try_from(crowd).unwrap_or(u32::MAX).max(1);
    let from = since.saturating_add(config.handshake_grace / sharing);
    if from > now {
        return Err(Some(from));
    }
    cut_off(&seat, now);
    Ok(())
}

/// Gives up who has come to a slot, so that it waits for somebody else.
fn cut_off<F: Framer, S>(seat: &Seat<'_, '_, F, S>, now: Instant) {
    let is_connected = seat.with(|state| {
        let silent = FrameError::new(FrameErrorKind::Silent, 0);
        state.cut = Some(now);
        state.rejected = Some(EstablishmentError::Framing(silent));
        let is_connected = state.step != Step::Idle;
        if is_connected {
            state.step = Step::Stopped;
        }
        is_connected
    });
    if is_connected {
        seat.link.abort();
    }
}
