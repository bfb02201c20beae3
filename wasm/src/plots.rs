//! Numbers over time.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wigwag_inspect::detail::{Path, PathError};
use wigwag_inspect::plot::{self, Series};

use crate::inspector::Inspector;
use crate::json::Json;
use crate::{fault, window};

/// The values of a field, collected in steps: `add` until it returns false, then
/// `reduced` as often as needed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Plot {
    series: Series,
    /// The next position of the view.
    next: usize,
}

#[wasm_bindgen]
impl Plot {
    /// Of `latency` (in milliseconds), `length`, or the path of a field. An error has
    /// `start` and `end`.
    #[wasm_bindgen(constructor)]
    pub fn new(field: &str) -> Result<Self, JsValue> {
        let quantity = field.parse().map_err(|error| at(&error))?;
        Ok(Self {
            series: Series::new(quantity),
            next: 0,
        })
    }

    /// Looks at up to so many further rows of the view. Whether there are more.
    pub fn add(&mut self, inspector: &Inspector, rows: usize) -> bool {
        let (table, view) = (&inspector.table, &inspector.view);
        let end = view.len(table).min(self.next.saturating_add(rows));
        let rows: Vec<u32> = (self.next..end)
            .filter_map(|position| view.row(table, position))
            .collect();
        self.next += self.series.add(table, &rows);
        self.next < view.len(table)
    }

    /// The values from one time to another (microseconds since 1970), in at most
    /// `buckets` parts.
    pub fn reduced(&self, from: f64, to: f64, buckets: usize) -> PlotPoints {
        let reduced = self.series.reduced(from, to, buckets);
        PlotPoints {
            time: reduced.time,
            min: reduced.min,
            max: reduced.max,
            mean: reduced.mean,
        }
    }
}

/// Points of a plot: of each part of the time the smallest, largest and mean value.
#[wasm_bindgen(getter_with_clone)]
#[derive(Debug, Default)]
pub struct PlotPoints {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub time: Vec<f64>,
    /// The smallest values.
    pub min: Vec<f64>,
    /// The largest values.
    pub max: Vec<f64>,
    /// The mean values.
    pub mean: Vec<f64>,
}

/// How many frames and bytes there are in a second.
#[wasm_bindgen(getter_with_clone)]
#[derive(Debug, Default)]
pub struct Rate {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub time: Vec<f64>,
    /// Frames in a second.
    pub frames: Vec<f64>,
    /// Bytes in a second.
    pub bytes: Vec<f64>,
}

#[wasm_bindgen]
impl Inspector {
    /// Frames and bytes in a second, of the rows that are shown, in so many parts of
    /// the whole time.
    pub fn rate(&self, buckets: usize) -> Rate {
        let mut rate = plot::Rate::of_all(self.table.columns(), buckets);
        rate.add(self.table.columns(), self.view.rows(&self.table));
        Rate {
            time: rate.times(),
            frames: rate.frames(),
            bytes: rate.bytes(),
        }
    }

    /// The numbers that a path finds in a row: an array as a line.
    pub fn array(&self, row: f64, path: &str) -> Result<Vec<f64>, JsValue> {
        let row = fault::row(row)?;
        let path = Path::parse(path).map_err(|error| at(&error))?;
        let frame = self.table.frame(row);
        Ok(frame.map_or_else(Vec::new, |frame| plot::array(frame, &path)))
    }

    /// The fields that frames have and that can be plotted, as JSON text.
    #[wasm_bindgen(unchecked_return_type = "JsonText<{ path: string; count: number }[]>")]
    pub fn fields(&self) -> String {
        let mut json = Json::default();
        json.array(|json| {
            for seen in plot::fields(&self.table) {
                if seen.numeric {
                    json.object(|json| {
                        json.key("path").string(&seen.path);
                        json.key("count").integer(seen.count);
                    });
                }
            }
        });
        json.finish()
    }

    /// What could stand at a place of a filter's text (in bytes of UTF-8), as JSON text.
    #[wasm_bindgen(unchecked_return_type = "JsonText<Completions>")]
    pub fn complete(&self, text: &str, cursor: usize) -> String {
        let found = wigwag_inspect::filter::complete(&self.table, text, cursor);
        let mut json = Json::default();
        json.object(|json| {
            json.key("start").integer(window::small(found.start));
            json.key("end").integer(window::small(found.end));
            json.key("items").array(|json| {
                for item in &found.items {
                    json.object(|json| {
                        json.key("text").string(&item.text);
                        json.key("help").string(&item.help);
                    });
                }
            });
        });
        json.finish()
    }
}

fn at(error: &PathError) -> JsValue {
    fault::between(&error.message, error.position, error.position + 1)
}

#[cfg(test)]
mod tests {
    use super::Inspector;

    #[test]
    fn the_rate_counts_the_rows_that_are_shown() {
        let words = (Some("raw".to_owned()), Some("ngtt".to_owned()));
        let mut inspector = Inspector::new(words.0, words.1, None).unwrap();
        // Ten confirmations of orders, and a ping.
        for tid in 0..10 {
            inspector.push(&[0, 0, 0, 0, 0, tid, 0, 2]);
        }
        inspector.push(&[0, 0, 0, 0, 0, 1, 0, 0]);
        inspector.finish();
        let rate = inspector.rate(5);
        assert_eq!(rate.time.len(), rate.frames.len());
        assert_eq!(rate.frames.iter().sum::<f64>(), 11.0);
        assert_eq!(rate.bytes.iter().sum::<f64>(), 88.0);
        inspector.filter("type == PING").unwrap();
        while inspector.filter_on(1000) {}
        assert_eq!(inspector.rate(5).frames.iter().sum::<f64>(), 1.0);
    }
}
