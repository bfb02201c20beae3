//! What is asked of all rows together.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wigwag_inspect::table::NO_ROW;
use wigwag_inspect::{Expert, Table};

use crate::fault;
use crate::inspector::Inspector;
use crate::json::Json;
use crate::window::{summary, type_name};

#[wasm_bindgen]
impl Inspector {
    /// What is to be said of rows, as JSON text: counts of each kind,
    /// the first `limit` one by one, and what of the input could not be read.
    #[wasm_bindgen(unchecked_return_type = "JsonText<Experts>")]
    pub fn experts(&self, limit: usize) -> String {
        let mut json = Json::default();
        json.object(|json| {
            json.key("kinds").array(|json| {
                for (expert, count) in Expert::ALL.iter().zip(self.table.expert_counts()) {
                    if count > 0 {
                        json.object(|json| {
                            json.key("kind").string(expert.word());
                            json.key("severity").string(severity(*expert));
                            json.key("count").integer(count);
                        });
                    }
                }
            });
            json.key("items").array(|json| {
                for (row, expert) in self.table.experts().take(limit) {
                    json.object(|json| {
                        json.key("row").integer(row);
                        json.key("kind").string(expert.word());
                        json.key("text")
                            .string(&self.table.expert_text(row, expert));
                    });
                }
            });
            json.key("problems").array(|json| {
                for problem in self.table.problems() {
                    json.object(|json| {
                        json.key("offset").number(problem.offset as f64);
                        json.key("message").string(&problem.message);
                    });
                }
            });
        });
        json.finish()
    }

    /// The next row behind `from` (or from the start, if it is negative) of which
    /// something is to be said, or the one before it.
    #[wasm_bindgen(js_name = findExpert)]
    pub fn find_expert(&self, from: f64, forward: bool) -> Option<u32> {
        let from = (from >= 0.0).then_some(from as u32);
        if forward {
            self.table.next_expert(from, u16::MAX)
        } else {
            self.table.previous_expert(from, u16::MAX)
        }
    }

    /// The connections, as JSON text.
    #[wasm_bindgen(unchecked_return_type = "JsonText<Connection[]>")]
    pub fn connections(&self) -> String {
        let mut json = Json::default();
        json.array(|json| {
            for connection in self.table.connections() {
                json.object(|json| {
                    json.key("id").integer(connection.id.0);
                    json.key("protocol").string(connection.protocol.name());
                    json.key("why").string(connection.why);
                    json.key("device").string(&connection.device);
                    json.key("server").string(&connection.server);
                    json.key("frames").integer(connection.rows);
                    let bytes: u64 = connection.bytes.iter().sum();
                    json.key("bytes").number(bytes as f64);
                    json.key("began").number(connection.opened as f64);
                    let (ended, reason) = match &connection.ended {
                        Some((time, reason)) => (*time as f64, reason.as_str()),
                        None => (0.0, ""),
                    };
                    json.key("ended").number(ended);
                    json.key("reason").string(reason);
                });
            }
        });
        json.finish()
    }

    /// The answers that took longest, the slowest first, at most a thousand, as JSON
    /// text.
    #[wasm_bindgen(unchecked_return_type = "JsonText<SlowAnswer[]>")]
    pub fn slowest(&self, count: usize) -> String {
        let columns = self.table.columns();
        let mut json = Json::default();
        json.array(|json| {
            for row in slowest(&self.table, count) {
                json.object(|json| {
                    json.key("row").integer(row);
                    json.key("latency")
                        .number(columns.latency[row as usize].into());
                    let mut text = name(&self.table, row);
                    if let Some(asked) = self.table.pair(row) {
                        text.push_str(" to ");
                        text.push_str(&name(&self.table, asked));
                        text.push_str(": ");
                        text.push_str(&summary(&self.table, asked));
                    }
                    json.key("text").string(&text);
                });
            }
        });
        json.finish()
    }

    /// The text of a filter for what belongs to a row: its connection, or the frames
    /// with its id in it.
    pub fn follow(&self, row: f64, connection: bool) -> Result<Option<String>, JsValue> {
        let row = fault::row(row)? as usize;
        let columns = self.table.columns();
        let ids = columns.connection.get(row).zip(columns.id.get(row));
        Ok(ids.map(|(of, id)| match connection {
            true => format!("connection == {of}"),
            false => format!("connection == {of} && id == {id}"),
        }))
    }
}

const fn severity(expert: Expert) -> &'static str {
    match expert {
        Expert::Malformed | Expert::Error | Expert::Gap => "error",
        Expert::Resync | Expert::Unanswered | Expert::Late | Expert::Warning => "warning",
        Expert::Repeated | Expert::NotKept => "note",
    }
}

/// A row's type and id.
fn name(table: &Table, row: u32) -> String {
    let id = table.columns().id.get(row as usize).copied();
    let kind = type_name(table, row);
    format!("{kind} {}", id.unwrap_or_default())
}

/// Kept in order while the rows are walked: a sort of them all is slower, and more
/// code.
fn slowest(table: &Table, count: usize) -> Vec<u32> {
    let count = count.min(MAX_SLOWEST);
    let mut found: Vec<(f32, u32)> = Vec::new();
    for (row, latency) in (0..NO_ROW).zip(&table.columns().latency) {
        // Not for NaN, which no answer has.
        let at = found.partition_point(|(slower, _)| slower >= latency);
        if !latency.is_nan() && at < count && table.columns().is_answer(row) {
            found.truncate(count - 1);
            found.insert(at, (*latency, row));
        }
    }
    found.into_iter().map(|(_, row)| row).collect()
}

/// The most answers that [`Inspector::slowest`] tells.
const MAX_SLOWEST: usize = 1000;

#[cfg(test)]
mod tests {
    use wigwag_inspect::{ConnectionId, Direction, Piece, Sink};

    use super::*;

    #[test]
    fn the_slowest_answers_come_first_and_no_more_than_asked_for() {
        let mut table = Table::default();
        for (tid, took) in (0_u8..).zip([30, 5, 90, 60, 5]) {
            let time = u64::from(tid) * 1000;
            for (time, direction, kind) in [
                (time, Direction::ToDevice, 1),
                (time + took, Direction::ToServer, 2),
            ] {
                table.take(Piece::Bytes {
                    connection: ConnectionId(0),
                    direction,
                    time,
                    bytes: &[0, 0, 0, 0, 0, tid, 0, kind],
                });
            }
        }
        assert_eq!(slowest(&table, 3), [5, 7, 1]);
        assert_eq!(slowest(&table, 99), [5, 7, 1, 3, 9]);
        assert_eq!(slowest(&table, 0), []);
    }
}
