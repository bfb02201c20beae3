//! Whose turn it is among the connections of a group, and how fast they may
//! send together (RFC 9622 sections 7.4, 8.1.5, 8.1.8 and 9.2.6).
//!
//! Each connection of a group has a socket of its own, so the stack below
//! knows nothing of groups: what is shared is the turn to hand something down.
//! A connection that cannot (its peer takes nothing) gives its turn away.

use core::time::Duration;

use wigwag_codec::Instant;

use super::property::Scheduler;

/// How much later than it might something may be sent and still count as sent
/// in time: timers ring late, and that must not cost rate.
const SLACK: Duration = Duration::from_millis(50);

/// How much a member of a group has had, in the scheduler's units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    served: u64,
}

impl Share {
    /// Nothing yet.
    pub const NONE: Self = Self { served: 0 };
}

/// A member of a group that has something to hand down, and room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which member it is.
    pub member: usize,
    /// Its `connPriority`: the lower number goes first, whatever the scheduler
    /// (RFC 9622 section 9.2.6: it is ordered before `msgPriority`).
    pub conn_priority: u32,
    /// `msgPriority` of its next message, and when that was taken
    /// ([`Head::rank`](super::Head::rank)).
    pub rank: (u32, Instant),
    /// Some of that message was handed down before.
    pub begun: bool,
    /// What it has had.
    pub share: Share,
}

/// What the connections of a group share besides their properties.
///
/// Between connections of the same priority the schedulers of RFC 8260 section
/// 3 do this:
///
/// | `connScheduler` | who is next |
/// |---|---|
/// | First-Come, First-Served | whose message was taken first |
/// | Round-Robin | who has sent fewest messages |
/// | Round-Robin per Packet | who has handed down fewest pieces |
/// | Priority-Based | by `msgPriority`, then as First-Come |
/// | Fair Capacity | who has sent fewest bytes |
/// | Weighted Fair Queueing | the same: where weights would differ, `connPriority` has decided before |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What the one who was served last had before: who comes back after a
    /// while starts there, and has no arrears to claim.
    floor: u64,
    /// When what was sent so far is paid for at the highest rate.
    paid_at: Instant,
}

impl Group {
    /// Nothing sent yet.
    pub const NEW: Self = Self {
        floor: 0,
        paid_at: Instant::ZERO,
    };

    /// The member whose turn it is.
    pub fn choose(
        &self,
        scheduler: Scheduler,
        candidates: impl Iterator<Item = Candidate>,
    ) -> Option<usize> {
        candidates
            .min_by_key(|candidate| {
                let had = candidate.share.served.max(self.floor);
                let (message_priority, taken_at) = candidate.rank;
                // (1) in the middle of a message, (2) share, (3) priority, (4) age
                let key = match scheduler {
                    Scheduler::FirstComeFirstServed => (false, 0, 0, taken_at),
                    Scheduler::PriorityBased => (false, 0, message_priority, taken_at),
                    Scheduler::RoundRobin => (!candidate.begun, had, 0, taken_at),
                    Scheduler::RoundRobinPerPacket
                    | Scheduler::FairCapacity
                    | Scheduler::WeightedFairQueueing => (false, had, 0, taken_at),
                };
                (candidate.conn_priority, key, candidate.member)
            })
            .map(|candidate| candidate.member)
    }

    /// A member had its turn: it handed down `bytes`, and with
    /// `end_of_message` the end of a message. `rate` is `maxSendRate` in bit/s.
    pub fn served(
        &mut self,
        scheduler: Scheduler,
        share: &mut Share,
        bytes: usize,
        end_of_message: bool,
        rate: Option<u64>,
        now: Instant,
    ) {
        let had = share.served.max(self.floor);
        self.floor = had;
        let units = match scheduler {
            Scheduler::FirstComeFirstServed | Scheduler::PriorityBased => 0,
            Scheduler::RoundRobin => u64::from(end_of_message),
            Scheduler::RoundRobinPerPacket => 1,
            Scheduler::FairCapacity | Scheduler::WeightedFairQueueing => bytes.max(1) as u64,
        };
        share.served = had.saturating_add(units);
        if let Some(rate) = rate {
            let bits = (bytes as u64).saturating_mul(8);
            let cost = bits.saturating_mul(1_000_000) / rate.max(1);
            let earliest = now
                .as_micros()
                .saturating_sub(SLACK.as_micros() as u64)
                .max(self.paid_at.as_micros());
            self.paid_at = Instant::from_micros(earliest.saturating_add(cost));
        }
    }

    /// Since when, or from when on, the group may send at `rate` bit/s
    /// (`maxSendRate`; the members share it, as they share the value). In any
    /// time _t_ it sends up to rate × (_t_ + 50 ms) and one piece more.
    #[must_use]
    pub const fn may_send_at(&self, rate: Option<u64>) -> Instant {
        match rate {
            Some(_) => self.paid_at,
            None => Instant::ZERO,
        }
    }

    /// The scheduler is another one: nobody has had anything of its units.
    pub fn restart<'s>(&mut self, shares: impl Iterator<Item = &'s mut Share>) {
        self.floor = 0;
        for share in shares {
            *share = Share::NONE;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;

    /// Two or more members that always have messages of these sizes to send.
    fn turns(scheduler: Scheduler, sizes: &[usize], count: usize) -> Vec<usize> {
        let mut group = Group::NEW;
        let mut shares = vec![Share::NONE; sizes.len()];
        (0..count)
            .map(|_| {
                let candidates = (0..sizes.len()).map(|member| Candidate {
                    member,
                    conn_priority: 100,
                    rank: (100, Instant::from_micros(member as u64)),
                    begun: false,
                    share: shares[member],
                });
                let next = group.choose(scheduler, candidates).unwrap();
                let share = &mut shares[next];
                group.served(scheduler, share, sizes[next], true, None, Instant::ZERO);
                next
            })
            .collect()
    }

    fn count(turns: &[usize], member: usize) -> usize {
        turns.iter().filter(|turn| **turn == member).count()
    }

    #[test]
    fn round_robin_counts_messages_and_fair_queueing_bytes() {
        let sizes = [100, 300];
        let turns_of = |scheduler| turns(scheduler, &sizes, 400);
        for scheduler in [Scheduler::RoundRobin, Scheduler::RoundRobinPerPacket] {
            assert_eq!(count(&turns_of(scheduler), 0), 200, "{scheduler}");
        }
        for scheduler in [Scheduler::FairCapacity, Scheduler::WeightedFairQueueing] {
            assert_eq!(count(&turns_of(scheduler), 0), 300, "{scheduler}");
        }
        for scheduler in [Scheduler::FirstComeFirstServed, Scheduler::PriorityBased] {
            // The first one always has the older message here.
            assert_eq!(count(&turns_of(scheduler), 0), 400, "{scheduler}");
        }
    }

    #[test]
    fn a_more_important_connection_goes_first_whatever_the_scheduler() {
        for scheduler in Scheduler::ALL {
            let candidate = |member, conn_priority, message_priority| Candidate {
                member,
                conn_priority,
                rank: (message_priority, Instant::from_micros(9 - member as u64)),
                begun: member == 1,
                share: Share {
                    served: if member == 0 { 1_000_000 } else { 0 },
                },
            };
            // The RFC's own example, section 9.2.6.
            let both = [candidate(0, 0, 1), candidate(1, 1, 0)];
            assert_eq!(Group::NEW.choose(*scheduler, both.into_iter()), Some(0));
        }
        assert_eq!(
            Group::NEW.choose(Scheduler::RoundRobin, [].into_iter()),
            None
        );
    }

    #[test]
    fn who_was_silent_has_no_arrears_to_claim() {
        let scheduler = Scheduler::FairCapacity;
        let mut group = Group::NEW;
        let (mut busy, mut back) = (Share::NONE, Share::NONE);
        for _ in 0..1000 {
            group.served(scheduler, &mut busy, 100, true, None, Instant::ZERO);
        }
        let mut in_a_row = 0;
        for _ in 0..100 {
            let candidate = |member, share| Candidate {
                member,
                conn_priority: 100,
                rank: (100, Instant::ZERO),
                begun: false,
                share,
            };
            let both = [candidate(0, busy), candidate(1, back)];
            match group.choose(scheduler, both.into_iter()) {
                Some(0) => {
                    group.served(scheduler, &mut busy, 100, true, None, Instant::ZERO);
                    in_a_row = 0;
                }
                _ => {
                    group.served(scheduler, &mut back, 100, true, None, Instant::ZERO);
                    in_a_row += 1;
                }
            }
            assert!(in_a_row <= 2);
        }
    }

    #[test]
    fn round_robin_lets_a_message_end_before_the_next_connection() {
        let candidate = |member, begun, served| Candidate {
            member,
            conn_priority: 100,
            rank: (100, Instant::ZERO),
            begun,
            share: Share { served },
        };
        let both = [candidate(0, false, 0), candidate(1, true, 7)];
        let chosen = |scheduler| Group::NEW.choose(scheduler, both.into_iter());
        assert_eq!(chosen(Scheduler::RoundRobin), Some(1));
        assert_eq!(chosen(Scheduler::RoundRobinPerPacket), Some(0));
    }

    #[test]
    fn the_rate_is_kept_and_late_timers_cost_nothing() {
        let rate = Some(80_000); // 10 bytes a millisecond
        for late in [0, 3_000] {
            let mut group = Group::NEW;
            let mut share = Share::NONE;
            let (mut now, mut sent) = (Instant::from_secs(1), 0);
            let start = now;
            while now < Instant::from_secs(11) {
                let from = group.may_send_at(rate);
                if from <= now {
                    group.served(Scheduler::RoundRobin, &mut share, 100, true, rate, now);
                    sent += 100;
                } else {
                    now = from.saturating_add(Duration::from_micros(late));
                }
            }
            let seconds = now.saturating_duration_since(start) + SLACK;
            let most = 10_000.0 * seconds.as_secs_f64() + 100.0;
            assert!(f64::from(sent) <= most, "{sent} bytes, {most} allowed");
            assert!(sent >= 99_000, "{sent} of 100,000 bytes in ten seconds");
        }
        assert_eq!(Group::NEW.may_send_at(None), Instant::ZERO);
    }

    #[test]
    fn priority_based_goes_by_the_priority_of_the_message() {
        let candidate = |member, message_priority, taken_at| Candidate {
            member,
            conn_priority: 100,
            rank: (message_priority, Instant::from_micros(taken_at)),
            begun: false,
            share: Share::NONE,
        };
        let chosen = |scheduler, of: [Candidate; 2]| Group::NEW.choose(scheduler, of.into_iter());
        let urgent = [candidate(0, 100, 1), candidate(1, 99, 2)];
        assert_eq!(chosen(Scheduler::PriorityBased, urgent), Some(1));
        assert_eq!(chosen(Scheduler::FirstComeFirstServed, urgent), Some(0));
        // Between equals the older one goes first.
        let older = [candidate(0, 100, 2), candidate(1, 100, 1)];
        assert_eq!(chosen(Scheduler::PriorityBased, older), Some(1));
    }

    #[test]
    fn another_scheduler_begins_at_nothing() {
        let mut group = Group::NEW;
        let mut shares = [Share::NONE; 2];
        let bytes = Scheduler::FairCapacity;
        group.served(bytes, &mut shares[0], 5000, true, None, Instant::ZERO);
        group.restart(shares.iter_mut());
        assert_eq!((group, shares), (Group::NEW, [Share::NONE; 2]));
    }
}
