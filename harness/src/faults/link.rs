//! What happens to a frame on the link.

use super::{Direction, Faults};
use rand_core::RngCore;
use std::time::Duration;

/// What happens to the frames of one direction. Chances are from 0 (never) to
/// 1 (always) and independent of each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkFaults {
    /// The chance that a frame is lost.
    pub loss: f64,
    /// The chance that a frame is delivered twice.
    pub double: f64,
    /// The chance that one bit of a frame is turned.
    pub corrupt: f64,
    /// The chance that a frame loses its tail, at a random place.
    pub truncate: f64,
    /// How long every frame is under way.
    pub delay: Duration,
    /// The longest additional time under way, chosen anew for each frame:
    /// frames overtake each other within it.
    pub jitter: Duration,
}

impl LinkFaults {
    /// A perfect link.
    pub const NONE: Self = Self {
        loss: 0.0,
        double: 0.0,
        corrupt: 0.0,
        truncate: 0.0,
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
    };

    pub(super) fn check(&self) {
        for (name, chance) in [
            ("loss", self.loss),
            ("double", self.double),
            ("corrupt", self.corrupt),
            ("truncate", self.truncate),
        ] {
            assert!(
                (0.0..=1.0).contains(&chance),
                "the chance of {name} is {chance}, but must be from 0 to 1"
            );
        }
    }
}

impl Default for LinkFaults {
    fn default() -> Self {
        Self::NONE
    }
}

/// What becomes of a frame: how long until it arrives, and its double.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Lost,
    After(Duration),
    Twice(Duration, Duration),
}

/// Decides what becomes of a frame, and damages it if that is what becomes of
/// it.
pub(crate) fn decide(faults: &Faults, direction: Direction, frame: &mut Vec<u8>) -> Fate {
    let mut inner = faults.lock();
    let inner = &mut *inner;
    let way = direction as usize;
    let drop_next = &mut inner.drop_next[way];
    if inner.link_down || *drop_next > 0 {
        *drop_next = drop_next.saturating_sub(u32::from(!inner.link_down));
        inner.counts.lost += 1;
        return Fate::Lost;
    }
    let link = inner.link[way];
    if link == LinkFaults::NONE {
        inner.counts.frames += 1;
        return Fate::After(Duration::ZERO);
    }
    let rng = &mut inner.rng;
    if happens(rng, link.loss) {
        inner.counts.lost += 1;
        return Fate::Lost;
    }
    inner.counts.frames += 1;
    if happens(rng, link.truncate) {
        frame.truncate(below(rng, frame.len() as u64) as usize);
        inner.counts.truncated += 1;
    }
    if happens(rng, link.corrupt) && !frame.is_empty() {
        let bit = below(rng, frame.len() as u64 * 8);
        frame[(bit / 8) as usize] ^= 1 << (bit % 8);
        inner.counts.corrupted += 1;
    }
    let first = link.delay + jitter(rng, link.jitter);
    if !first.is_zero() {
        inner.counts.delayed += 1;
    }
    if happens(rng, link.double) {
        inner.counts.doubled += 1;
        Fate::Twice(first, link.delay + jitter(rng, link.jitter))
    } else {
        Fate::After(first)
    }
}

fn happens(rng: &mut impl RngCore, chance: f64) -> bool {
    // 53 random bits are every double from 0 up to, not including, 1.
    chance > 0.0 && ((rng.next_u64() >> 11) as f64) < chance * (1u64 << 53) as f64
}

fn jitter(rng: &mut impl RngCore, most: Duration) -> Duration {
    Duration::from_micros(below(rng, most.as_micros() as u64 + 1))
}

/// A number below `limit`; 0 when the limit is 0. The bias of the remainder is
/// far below anything a test could see.
fn below(rng: &mut impl RngCore, limit: u64) -> u64 {
    rng.next_u64().checked_rem(limit).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(seed: u64, link: LinkFaults) -> Vec<(Fate, Vec<u8>)> {
        let faults = Faults::seeded(seed);
        faults.set_link(Direction::ToDevice, link);
        let mut fates = Vec::new();
        for _ in 0..1000 {
            let mut frame = vec![0; 100];
            let fate = decide(&faults, Direction::ToDevice, &mut frame);
            fates.push((fate, frame));
        }
        fates
    }

    #[test]
    fn the_same_seed_is_the_same_weather() {
        let link = LinkFaults {
            loss: 0.2,
            double: 0.2,
            corrupt: 0.2,
            truncate: 0.2,
            delay: Duration::from_millis(3),
            jitter: Duration::from_millis(5),
        };
        assert_eq!(fates(1, link), fates(1, link));
        assert_ne!(fates(1, link), fates(2, link));
    }

    #[test]
    fn chances_are_what_they_say() {
        let half = LinkFaults {
            loss: 0.5,
            ..LinkFaults::NONE
        };
        let lost = fates(3, half)
            .iter()
            .filter(|(fate, _)| *fate == Fate::Lost)
            .count();
        assert!(
            (400..600).contains(&lost),
            "{lost} of 1000 lost at one half"
        );
        let always = LinkFaults {
            loss: 1.0,
            ..LinkFaults::NONE
        };
        assert!(fates(3, always).iter().all(|(fate, _)| *fate == Fate::Lost));
    }

    #[test]
    fn damage_is_one_bit_and_truncation_shortens() {
        let corrupt = LinkFaults {
            corrupt: 1.0,
            ..LinkFaults::NONE
        };
        for (_, frame) in fates(4, corrupt) {
            let turned: u32 = frame.iter().map(|byte| byte.count_ones()).sum();
            assert_eq!((turned, frame.len()), (1, 100));
        }
        let truncate = LinkFaults {
            truncate: 1.0,
            ..LinkFaults::NONE
        };
        assert!(
            fates(4, truncate)
                .iter()
                .all(|(_, frame)| frame.len() < 100)
        );
    }

    #[test]
    fn a_script_acts_from_the_next_frame_on() {
        let faults = Faults::default();
        let fate = |direction| decide(&faults, direction, &mut vec![1, 2, 3]);
        let through = Fate::After(Duration::ZERO);
        assert_eq!(fate(Direction::ToServer), through);
        faults.drop_next(Direction::ToServer, 2);
        assert_eq!(fate(Direction::ToDevice), through);
        assert_eq!(fate(Direction::ToServer), Fate::Lost);
        assert_eq!(fate(Direction::ToServer), Fate::Lost);
        assert_eq!(fate(Direction::ToServer), through);
        faults.set_link_up(false);
        assert_eq!(fate(Direction::ToDevice), Fate::Lost);
        faults.set_link_up(true);
        assert_eq!(fate(Direction::ToDevice), through);
        let counts = faults.counts();
        assert_eq!((counts.frames, counts.lost), (4, 3));
    }

    #[test]
    #[should_panic(expected = "the chance of loss is 1.5")]
    fn a_chance_above_one_is_refused() {
        Faults::default().set_link(
            Direction::ToServer,
            LinkFaults {
                loss: 1.5,
                ..LinkFaults::NONE
            },
        );
    }
}
