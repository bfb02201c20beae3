//! When which server is asked, without I/O: the rules of RFC 4330 section 10.

use core::time::Duration;

use wigwag_codec::Instant;

use super::MAX_SERVERS;
use super::packet::Kiss;
use crate::time::{micros, part};

/// No two rounds follow each other sooner: RFC 4330 section 10, rule 1.
pub(super) const LEAST_INTERVAL: Duration = Duration::from_secs(15);

/// After failures the time between rounds doubles up to this.
const SLOWEST_RETRY: Duration = Duration::from_secs(3600);

/// Rounds out of turn that follow each other are further and further apart, up to
/// this.
const SLOWEST_AGAIN: Duration = Duration::from_secs(16 * 60);

/// How long a server that refuses this device is left alone. RFC 4330 section 8
/// has it for good; but anybody on the path can say so, once, and the device would
/// be without that server until it is switched off, years later perhaps.
const DENIED: Duration = Duration::from_secs(24 * 3600);

/// When rounds are due, and who is left out.
pub(super) struct Schedule {
    /// Between rounds that went well.
    interval: Duration,
    due: Instant,
    last: Option<Instant>,
    /// Failures in a row.
    failures: u32,
    /// Rounds in a row that were asked for out of turn.
    again: u32,
    /// The round that is due was asked for out of turn.
    is_again: bool,
    servers: [Rest; MAX_SERVERS],
}

/// A server that wants to be left alone.
#[derive(Clone, Copy)]
struct Rest {
    until: Instant,
    /// How often in a row it has said that it is asked too often.
    rates: u32,
}

impl Schedule {
    /// The first round is due at `due`.
    pub(super) const fn new(interval: Duration, due: Instant) -> Self {
        const AWAKE: Rest = Rest {
            until: Instant::ZERO,
            rates: 0,
        };
        Self {
            interval,
            due,
            last: None,
            failures: 0,
            again: 0,
            is_again: false,
            servers: [AWAKE; MAX_SERVERS],
        }
    }

    /// When the next round is due.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Whether a server may be asked in a round at `now`.
    pub(super) fn may_ask(&self, index: usize, now: Instant) -> bool {
        self.servers
            .get(index)
            .is_some_and(|rest| rest.until <= now)
    }

    /// A round starts.
    pub(super) fn started(&mut self, now: Instant) {
        self.last = Some(now);
        self.again = if self.is_again {
            self.again.saturating_add(1)
        } else {
            0
        };
        self.is_again = false;
    }

    /// A round went well. `random` is uniform over all of u32.
    pub(super) fn succeeded(&mut self, now: Instant, random: u32) {
        self.failures = 0;
        self.next(now, self.interval.max(LEAST_INTERVAL), 8, random);
    }

    /// A round brought no time.
    pub(super) fn failed(&mut self, now: Instant, random: u32) {
        let wait = doubled(LEAST_INTERVAL, self.failures, SLOWEST_RETRY);
        self.failures = self.failures.saturating_add(1);
        self.next(now, wait, 2, random);
    }

    /// `wait` from now on, and up to a part more, so that a fleet that was
    /// switched on at once does not stay in step.
    fn next(&mut self, now: Instant, wait: Duration, part_more: u64, random: u32) {
        let more = part(micros(wait) / part_more, random);
        self.due = now
            .saturating_add(wait)
            .saturating_add(Duration::from_micros(more));
    }

    /// A server sent a kiss. One that is asked too often rests for twice the
    /// interval, and twice as long each further time.
    pub(super) fn kissed(&mut self, index: usize, kiss: Kiss, now: Instant) {
        let longest = self.interval.max(DENIED);
        let Some(rest) = self.servers.get_mut(index) else {
            return;
        };
        let wait = match kiss {
            Kiss::Deny => DENIED,
            Kiss::Rate => {
                rest.rates = rest.rates.saturating_add(1);
                doubled(self.interval.max(LEAST_INTERVAL), rest.rates, longest)
            }
            // It means nothing to a client.
            Kiss::Other(_) => return,
        };
        rest.until = now.saturating_add(wait);
    }

    /// A server told the time.
    pub(super) fn told(&mut self, index: usize) {
        if let Some(rest) = self.servers.get_mut(index) {
            rest.rates = 0;
        }
    }

    /// A round is wanted before its turn: as soon as the rules allow.
    pub(super) fn ask_again(&mut self, now: Instant) {
        let wait = doubled(LEAST_INTERVAL, self.again, SLOWEST_AGAIN);
        let soonest = self.last.map_or(now, |last| last.saturating_add(wait));
        let due = soonest.max(now);
        if due < self.due {
            self.due = due;
            self.is_again = true;
        }
    }
}

/// `first`, doubled so often, but not beyond `ceiling`.
fn doubled(first: Duration, times: u32, ceiling: Duration) -> Duration {
    first.saturating_mul(1 << times.min(16)).min(ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS_4: Duration = Duration::from_secs(4 * 3600);

    fn at(seconds: u64) -> Instant {
        Instant::from_secs(seconds)
    }

    fn schedule() -> Schedule {
        let mut schedule = Schedule::new(HOURS_4, at(3));
        assert_eq!(schedule.due(), at(3));
        schedule.started(at(3));
        schedule
    }

    #[test]
    fn after_a_time_the_next_question_is_hours_away() {
        let mut schedule = schedule();
        schedule.succeeded(at(4), 0);
        assert_eq!(schedule.due(), at(4 + 14_400));
        schedule.succeeded(at(4), u32::MAX);
        assert_eq!(schedule.due(), at(4 + 14_400 + 1800));
        // An interval that no server would stand is not taken.
        let mut schedule = Schedule::new(Duration::ZERO, at(0));
        schedule.succeeded(at(0), 0);
        assert_eq!(schedule.due(), at(15));
    }

    #[test]
    fn failures_double_the_wait_from_15_seconds_to_an_hour() {
        for (random, more) in [(0, 0), (u32::MAX, 1)] {
            let mut schedule = schedule();
            for wait in [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
                schedule.failed(at(100), random);
                let expected = at(100 + wait).as_micros() + more * wait * 500_000;
                assert_eq!(schedule.due().as_micros(), expected);
            }
            for _ in 0..100 {
                schedule.failed(at(100), random);
            }
            schedule.succeeded(at(100), 0);
            schedule.failed(at(100), 0);
            assert_eq!(schedule.due(), at(115));
        }
    }

    #[test]
    fn who_refuses_the_device_is_left_alone_for_a_day() {
        let mut schedule = schedule();
        schedule.kissed(1, Kiss::Deny, at(10));
        assert!(schedule.may_ask(0, at(10)) && !schedule.may_ask(1, at(10)));
        assert!(!schedule.may_ask(1, at(10 + 24 * 3600 - 1)));
        assert!(schedule.may_ask(1, at(10 + 24 * 3600)));
        schedule.kissed(0, Kiss::Other(*b"INIT"), at(10));
        assert!(schedule.may_ask(0, at(10)));
        // There is no such server.
        schedule.kissed(4, Kiss::Deny, at(10));
        assert!(!schedule.may_ask(4, at(10)));
    }

    #[test]
    fn who_is_asked_too_often_is_asked_less_and_less_until_it_answers() {
        let mut schedule = schedule();
        for hours in [8, 16, 24, 24] {
            schedule.kissed(2, Kiss::Rate, at(0));
            assert!(!schedule.may_ask(2, at(hours * 3600 - 1)), "{hours}");
            assert!(schedule.may_ask(2, at(hours * 3600)), "{hours}");
        }
        schedule.told(2);
        schedule.kissed(2, Kiss::Rate, at(0));
        assert!(schedule.may_ask(2, at(8 * 3600)));
    }

    #[test]
    fn asking_again_is_soon_but_never_sooner_than_the_rule() {
        let mut schedule = schedule();
        schedule.succeeded(at(4), 0);
        schedule.ask_again(at(5));
        assert_eq!(schedule.due(), at(3 + 15));
        let mut schedule = self::schedule();
        schedule.succeeded(at(4), 0);
        schedule.ask_again(at(500));
        assert_eq!(schedule.due(), at(500));
        // It is never put off.
        schedule.ask_again(at(600));
        assert_eq!(schedule.due(), at(500));
    }

    #[test]
    fn asking_again_and_again_becomes_slow_until_there_is_a_round_in_turn() {
        let mut schedule = schedule();
        let mut now = 3;
        for wait in [15, 30, 60, 120, 240, 480, 960, 960] {
            schedule.succeeded(at(now), 0);
            schedule.ask_again(at(now));
            now += wait;
            assert_eq!(schedule.due(), at(now));
            schedule.started(at(now));
        }
        // Nor does a failure make it faster than failures are.
        schedule.failed(at(now), 0);
        schedule.ask_again(at(now));
        assert_eq!(schedule.due(), at(now + 15));
        schedule.started(at(now + 15));
        schedule.succeeded(at(now + 15), 0);
        schedule.ask_again(at(now + 15));
        assert_eq!(schedule.due(), at(now + 30));
    }

    #[test]
    fn time_at_its_end_does_not_overflow() {
        let end = Instant::from_micros(u64::MAX);
        let mut schedule = Schedule::new(Duration::MAX, end);
        schedule.started(end);
        schedule.succeeded(end, u32::MAX);
        assert_eq!(schedule.due(), end);
        schedule.kissed(0, Kiss::Rate, end);
        schedule.ask_again(end);
        schedule.failed(end, u32::MAX);
        assert_eq!(schedule.due(), end);
    }
}
