//! How long an operation takes.

use std::time::{Duration, Instant};

use crate::corpus::Corpus;
use crate::operation::Operation;

const ROUNDS: u32 = 25;
const ROUND: Duration = Duration::from_millis(20);

/// Nanoseconds of one operation, the least of many rounds.
pub(crate) fn nanoseconds(operation: Operation, corpus: &mut Corpus) -> f64 {
    let mut time = |count: u64| {
        let began = Instant::now();
        operation.run(corpus, count);
        began.elapsed()
    };
    let mut count = 1;
    while time(count) < ROUND {
        count *= 2;
    }
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        least = least.min(time(count).as_secs_f64() * 1e9 / count as f64);
    }
    least
}
