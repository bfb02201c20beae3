//! How many frames and bytes there are in a second.

use crate::table::Columns;

/// Frames and bytes in parts of equal duration.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    from: f64,
    width: f64,
    frames: Vec<f64>,
    bytes: Vec<f64>,
}

impl Rate {
    /// Nothing yet, for what is seen from `from` to `to` (both included, in
    /// microseconds since 1970), in `buckets` parts, at least one. If there is no
    /// time between the two it is one part of a second; limits that are not finite
    /// or the wrong way round make one in which nothing is counted.
    #[must_use]
    pub fn new(from: f64, to: f64, buckets: usize) -> Self {
        let span = to - from;
        let sound = span.is_finite() && span >= 0.0;
        let buckets = if sound && span > 0.0 {
            buckets.max(1)
        } else {
            1
        };
        let width = if sound && span > 0.0 {
            span / buckets as f64
        } else {
            1e6
        };
        Self {
            from: if sound { from } else { f64::INFINITY },
            width,
            frames: vec![0.0; buckets],
            bytes: vec![0.0; buckets],
        }
    }

    /// For all that a table holds; times may go backwards in it.
    #[must_use]
    pub fn of_all(columns: &Columns, buckets: usize) -> Self {
        let times = columns.time.iter().filter(|time| time.is_finite());
        let (from, to) = times.fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), time| {
            (from.min(*time), to.max(*time))
        });
        Self::new(from, to, buckets)
    }

    /// Counts rows; those of other times are left out.
    pub fn add(&mut self, columns: &Columns, rows: impl IntoIterator<Item = u32>) {
        let last = self.frames.len() - 1;
        let end = self.from + self.width * self.frames.len() as f64;
        for row in rows {
            let row = row as usize;
            let (Some(time), Some(length)) = (columns.time.get(row), columns.length.get(row))
            else {
                continue;
            };
            if *time >= self.from && *time <= end {
                let index = (((*time - self.from) / self.width) as usize).min(last);
                self.frames[index] += 1.0;
                self.bytes[index] += f64::from(*length);
            }
        }
    }

    /// The middle of each part: microseconds since 1970-01-01T00:00:00Z, ascending.
    #[must_use]
    pub fn times(&self) -> Vec<f64> {
        let from = if self.from.is_finite() {
            self.from
        } else {
            0.0
        };
        let parts = (0..self.frames.len()).map(|index| index as f64 + 0.5);
        parts.map(|part| from + part * self.width).collect()
    }

    /// Frames in a second, in each part.
    #[must_use]
    pub fn frames(&self) -> Vec<f64> {
        self.per_second(&self.frames)
    }

    /// Bytes in a second, in each part.
    #[must_use]
    pub fn bytes(&self) -> Vec<f64> {
        self.per_second(&self.bytes)
    }

    fn per_second(&self, counts: &[f64]) -> Vec<f64> {
        let seconds = self.width / 1e6;
        counts.iter().map(|count| count / seconds).collect()
    }
}
