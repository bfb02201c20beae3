//! Seeded campaigns: the same test over many generated cases. Each case has
//! its own seed, and a failure names it, so that one case can be run again.
//!
//! `WIGWAG_CAMPAIGN_PERCENT` sets how much of a campaign runs (10 unless set;
//! `cargo xtask soak` sets 100) and `WIGWAG_SEED` where its seeds begin.
//! Tests that run one have `campaign` in their name: that is how `soak` finds
//! them.

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

/// The seeds to run now, of a campaign whose full size is `cases`. Prints them.
#[must_use]
pub fn seeds(name: &str, cases: u64) -> Range<u64> {
    let seeds = choose(
        cases,
        variable("WIGWAG_CAMPAIGN_PERCENT"),
        variable("WIGWAG_SEED"),
    );
    say(name, cases, &seeds);
    seeds
}

/// As [`seeds`], for a campaign so short that all of it runs every time.
#[must_use]
pub fn all_seeds(name: &str, cases: u64) -> Range<u64> {
    let seeds = choose(cases, Some(100), variable("WIGWAG_SEED"));
    say(name, cases, &seeds);
    seeds
}

fn say(name: &str, cases: u64, seeds: &Range<u64>) {
    println!(
        "campaign {name}: {} of {cases} cases, seeds {}..{}",
        seeds.end - seeds.start,
        seeds.start,
        seeds.end
    );
}

/// The generator of one case.
#[must_use]
pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn choose(cases: u64, percent: Option<u64>, first: Option<u64>) -> Range<u64> {
    let count = cases
        .saturating_mul(percent.unwrap_or(10))
        .div_ceil(100)
        .max(1);
    let first = first.unwrap_or(1).min(u64::MAX - count);
    first..first + count
}

/// A number from the environment.
///
/// # Panics
///
/// The variable is set to something else: running another campaign than the
/// one asked for would be worse.
fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a whole number, not {text:?}")),
    )
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn a_tenth_runs_unless_more_is_asked_for() {
        assert_eq!(choose(10_000, None, None), 1..1_001);
        assert_eq!(choose(10_000, Some(100), Some(7)), 7..10_007);
        assert_eq!(choose(3, Some(1), None), 1..2);
        assert_eq!(
            choose(10, Some(100), Some(u64::MAX)),
            u64::MAX - 10..u64::MAX
        );
    }
}
