//! A number of each frame, over time.

use std::fmt;
use std::str::FromStr;

use crate::detail::{Path, PathError, Scalar};
use crate::order::sorted;
use crate::table::Table;

/// The most points that a series keeps: 64 MiB of times and values.
const MAX_POINTS: usize = 4 << 20;

/// The most parts that a series is drawn together in: more than any screen shows.
const MAX_BUCKETS: usize = 16 << 10;

/// Bytes of frames that one call looks into; see [`Series::add`].
const MAX_BYTES: usize = 4 << 20;

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantity {
    /// The column `latency`, in milliseconds.
    Latency,
    /// The column `length`, in bytes.
    Length,
    /// Every number that a path finds, elements of arrays included.
    Field(Path),
}

impl FromStr for Quantity {
    type Err = PathError;

    /// `latency`, `length` or a path.
    fn from_str(text: &str) -> Result<Self, PathError> {
        Ok(match text.trim() {
            "latency" => Self::Latency,
            "length" => Self::Length,
            path => Self::Field(Path::parse(path)?),
        })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency => f.write_str("latency"),
            Self::Length => f.write_str("length"),
            Self::Field(path) => path.fmt(f),
        }
    }
}

/// Points of a quantity, in the order of their rows.
///
/// ```
/// use wigwag_inspect::plot::Series;
///
/// let mut lengths = Series::new("length".parse()?);
/// lengths.add_point(1e6, 5.0);
/// lengths.add_point(2e6, 7.0);
/// lengths.add_point(3e6, f64::NAN);
/// assert_eq!((lengths.times(), lengths.values()), (&[1e6, 2e6][..], &[5.0, 7.0][..]));
/// assert_eq!(lengths.skipped(), 1);
/// # Ok::<(), wigwag_inspect::detail::PathError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Series {
    quantity: Quantity,
    times: Vec<f64>,
    values: Vec<f64>,
    skipped: usize,
}

impl Series {
    /// Without points.
    #[must_use]
    pub const fn new(quantity: Quantity) -> Self {
        Self {
            quantity,
            times: Vec::new(),
            values: Vec::new(),
            skipped: 0,
        }
    }

    /// What it is of.
    #[must_use]
    pub const fn quantity(&self) -> &Quantity {
        &self.quantity
    }

    /// Times of the points: microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Their values, finite all of them.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many numbers are no points: not finite, or more than 4,194,304.
    #[must_use]
    pub const fn skipped(&self) -> usize {
        self.skipped
    }

    /// Adds the points of rows and returns how many of `rows` were looked at: fewer
    /// than all where frames are long, but at least one, if there is one. So a
    /// caller that comes back with the others never waits long.
    pub fn add(&mut self, table: &Table, rows: &[u32]) -> usize {
        let columns = table.columns();
        let mut budget = MAX_BYTES;
        // Out of the way, so that points can be added while it is read.
        let quantity = std::mem::replace(&mut self.quantity, Quantity::Length);
        let mut taken = 0;
        for &row in rows {
            let index = row as usize;
            let time = columns.time.get(index).copied().unwrap_or(f64::NAN);
            match &quantity {
                Quantity::Latency => {
                    // When the answer came; its request has the same.
                    if let Some(latency) = columns.latency.get(index)
                        && !latency.is_nan()
                        && columns.is_answer(row)
                    {
                        self.add_point(time, f64::from(*latency) / 1000.0);
                    }
                }
                Quantity::Length => {
                    if let Some(length) = columns.length.get(index) {
                        self.add_point(time, f64::from(*length));
                    }
                }
                Quantity::Field(path) => {
                    if let Some(frame) = table.frame(row) {
                        if frame.bytes.len() > budget && taken > 0 {
                            break;
                        }
                        budget = budget.saturating_sub(frame.bytes.len().max(64));
                        path.find(frame, &mut |scalar| {
                            each_number(scalar, &mut |value| self.add_point(time, value));
                        });
                    }
                }
            }
            taken += 1;
        }
        self.quantity = quantity;
        taken
    }

    /// Adds one point; one that is not finite is counted and left out.
    pub fn add_point(&mut self, time: f64, value: f64) {
        if time.is_finite() && value.is_finite() && self.times.len() < MAX_POINTS {
            self.times.push(time);
            self.values.push(value);
        } else {
            self.skipped += 1;
        }
    }

    /// The points from `from` to `to` (both included, in microseconds since 1970),
    /// drawn together into at most `buckets` parts (16,384) of equal duration: of each part
    /// that has points the smallest, the largest and the mean value, so that no
    /// spike is lost. If there are no more points than buckets, the points
    /// themselves in the order of their times.
    ///
    /// Without a point, with limits that are not finite or the wrong way round, or
    /// without buckets there is nothing.
    #[must_use]
    pub fn reduced(&self, from: f64, to: f64, buckets: usize) -> Reduced {
        let mut reduced = Reduced::default();
        let buckets = buckets.min(MAX_BUCKETS);
        if buckets == 0 || !from.is_finite() || !to.is_finite() || from > to {
            return reduced;
        }
        let points = || {
            let all = self.times.iter().zip(&self.values);
            all.filter(|(time, _)| (from..=to).contains(*time))
        };
        let count = points().count();
        if count <= buckets {
            let points: Vec<(f64, f64)> = points().map(|(t, v)| (*t, *v)).collect();
            for (time, value) in sorted(points, &|a, b| a.0 < b.0) {
                reduced.push(time, value, value, value, 1);
            }
            return reduced;
        }
        let width = (to - from) / buckets as f64;
        let mut all = vec![Bucket::EMPTY; buckets];
        for (time, value) in points() {
            // All at one time are one bucket.
            let index = if width > 0.0 {
                (time - from) / width
            } else {
                0.0
            };
            all[(index as usize).min(buckets - 1)].add(*value);
        }
        for (index, bucket) in all
            .iter()
            .enumerate()
            .filter(|(_, bucket)| bucket.count > 0)
        {
            let time = from + (index as f64 + 0.5) * width;
            let count = bucket.count;
            // The mean of large values may round to beyond both.
            let mean = bucket.mean.clamp(bucket.min, bucket.max);
            reduced.push(time, bucket.min, bucket.max, mean, count);
        }
        reduced
    }
}

/// Calls `each` with every number of a value that a path has found.
pub(super) fn each_number(scalar: Scalar<'_>, each: &mut dyn FnMut(f64)) {
    match scalar {
        Scalar::Numbers(numbers) => numbers.iter().for_each(each),
        other => {
            if let Some(value) = other.as_f64() {
                each(value);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    min: f64,
    max: f64,
    mean: f64,
    count: u32,
}

impl Bucket {
    const EMPTY: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        mean: 0.0,
        count: 0,
    };

    fn add(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.count += 1;
        // A running mean, because a sum of large values overflows; both parts are
        // divided first for the same reason.
        let count = f64::from(self.count);
        self.mean += value / count - self.mean / count;
    }
}

/// A series in buckets: arrays of one length, without NaN or infinity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reduced {
    /// The middle of the bucket, or the time of its only point: microseconds since
    /// 1970-01-01T00:00:00Z, ascending.
    pub time: Vec<f64>,
    /// The smallest value.
    pub min: Vec<f64>,
    /// The largest value.
    pub max: Vec<f64>,
    /// The mean value.
    pub mean: Vec<f64>,
    /// How many points there are.
    pub count: Vec<u32>,
}

impl Reduced {
    fn push(&mut self, time: f64, min: f64, max: f64, mean: f64, count: u32) {
        self.time.push(time);
        self.min.push(min);
        self.max.push(max);
        self.mean.push(mean);
        self.count.push(count);
    }
}
