//! How long cases take, beside each other.
//!
//! On a machine that others use too, what one crate takes now and another a
//! second later says little of the two. So they take turns in short rounds, and
//! the least of many rounds counts, which is the round that nobody disturbed.

use std::time::{Duration, Instant};

use crate::case::Case;

const ROUNDS: u32 = 60;
const ROUND: Duration = Duration::from_millis(4);

/// Nanoseconds of each case, once.
pub(crate) fn nanoseconds(cases: &mut [&mut Case]) -> Vec<f64> {
    let counts: Vec<u64> = cases.iter_mut().map(|case| enough(case)).collect();
    let mut least = vec![f64::INFINITY; cases.len()];
    for _ in 0..ROUNDS {
        for ((case, count), least) in cases.iter_mut().zip(&counts).zip(&mut least) {
            let took = time(case, *count).as_secs_f64() * 1e9;
            *least = least.min(took / *count as f64);
        }
    }
    least
}

/// How often a case is done in a round.
fn enough(case: &mut Case) -> u64 {
    let mut count = 1;
    while time(case, count) < ROUND {
        count *= 2;
    }
    count
}

fn time(case: &mut Case, count: u64) -> Duration {
    let began = Instant::now();
    case.run(count);
    began.elapsed()
}
