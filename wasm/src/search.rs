//! Looking for the next row that passes a filter, in steps.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wigwag_inspect::Table;
use wigwag_inspect::filter::Filter;

use crate::fault;
use crate::inspector::Inspector;

/// Rows that a step looks at, at most.
const STEP: u32 = 4096;

/// A search in steps: call `step` until it returns false, then see `row`. Rows that
/// come meanwhile are looked at, too.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Search {
    filter: Filter,
    /// Whose rows the numbers are.
    generation: u32,
    /// The next row to test; with `back`, the rows before `end` were not tested.
    next: u32,
    back: Option<Back>,
    row: Option<u32>,
}

/// Backwards, a block of rows is tested from its begin to its end.
#[derive(Clone, Copy, Debug)]
struct Back {
    /// The begin of the block that is being tested, and the row behind its last.
    begin: u32,
    end: u32,
}

#[wasm_bindgen]
impl Search {
    /// Tests some rows more. Whether there are more to test; fails when rows have got
    /// other numbers since the search began.
    pub fn step(&mut self, inspector: &Inspector) -> Result<bool, JsValue> {
        if inspector.table.generation() != self.generation {
            return Err(fault::plain(
                "the rows have other numbers now: search again",
            ));
        }
        Ok(self.test(&inspector.table))
    }

    /// The row that was found; undefined if there is none (yet).
    #[wasm_bindgen(getter)]
    pub fn row(&self) -> Option<u32> {
        self.row
    }
}

#[wasm_bindgen]
impl Inspector {
    /// Begins to look for the next row behind `from` that passes a filter, or the last
    /// one before it, whatever the view shows; from an end of the table, if `from` is
    /// negative. Errors as for `filter`.
    pub fn search(&self, text: &str, from: f64, forward: bool) -> Result<Search, JsValue> {
        let filter = Filter::parse(text)
            .map_err(|error| fault::between(&error.message, error.start, error.end))?;
        let from = (from >= 0.0).then_some(from as u32);
        Ok(Search::new(&self.table, filter, from, forward))
    }

    /// What a `search` finds, in one go: the next row behind `from` that passes a
    /// filter, or the last one before it.
    pub fn find(&self, text: &str, from: f64, forward: bool) -> Result<Option<u32>, JsValue> {
        let mut search = self.search(text, from, forward)?;
        while search.test(&self.table) {}
        Ok(search.row)
    }
}

impl Search {
    fn new(table: &Table, filter: Filter, from: Option<u32>, forward: bool) -> Self {
        // Rows are counted in 32 bits.
        let rows = table.columns().len() as u32;
        let end = from.unwrap_or(rows).min(rows);
        let begin = end.saturating_sub(STEP);
        Self {
            filter,
            generation: table.generation(),
            next: match forward {
                true => from.map_or(0, |row| row.saturating_add(1)),
                false => begin,
            },
            back: (!forward).then_some(Back { begin, end }),
            row: None,
        }
    }

    fn test(&mut self, table: &Table) -> bool {
        let rows = table.columns().len() as u32;
        let mut found = Vec::new();
        let Some(back) = &mut self.back else {
            if self.row.is_none() && self.next < rows {
                self.next = self.filter.run(table, self.next, STEP, &mut found);
                self.row = found.first().copied();
            }
            return self.row.is_none() && self.next < rows;
        };
        if self.next < back.end {
            self.next = (self.filter).run(table, self.next, back.end - self.next, &mut found);
            // The last one of the block is what is looked for.
            self.row = found.last().copied().or(self.row);
        }
        if self.next < back.end {
            return true;
        }
        if self.row.is_some() || back.begin == 0 {
            return false;
        }
        back.end = back.begin;
        back.begin = back.end.saturating_sub(STEP);
        self.next = back.begin;
        true
    }
}

#[cfg(test)]
mod tests {
    use wigwag_inspect::{ConnectionId, Direction, Piece, Sink};

    use super::*;

    /// Frames of NGTT of these types, with payloads of so many bytes (a text).
    fn table(frames: impl IntoIterator<Item = (u8, usize)>) -> Table {
        let mut table = Table::default();
        for (kind, length) in frames {
            let mut bytes = ((length + 5) as u32).to_be_bytes().to_vec();
            bytes.extend([0, 1, 0, kind, 0x0e]);
            bytes.extend((length as u32).to_be_bytes());
            bytes.resize(13 + length, b'x');
            table.take(Piece::Bytes {
                connection: ConnectionId(0),
                direction: Direction::ToDevice,
                time: 0,
                bytes: &bytes,
            });
        }
        table
    }

    fn search(table: &Table, text: &str, from: Option<u32>, forward: bool) -> (Option<u32>, u32) {
        let filter = Filter::parse(text).expect("a filter");
        let mut search = Search::new(table, filter, from, forward);
        let mut steps = 1;
        while search.test(table) {
            steps += 1;
            assert!(steps < 100_000, "it comes to an end");
        }
        (search.row, steps)
    }

    #[test]
    fn it_goes_both_ways() {
        let table = table((0..9).map(|row| (if row % 2 == 0 { 1 } else { 3 }, 1)));
        let find = |from, forward| search(&table, "type == LOGS", from, forward).0;
        assert_eq!((find(None, true), find(Some(1), true)), (Some(1), Some(3)));
        assert_eq!((find(Some(7), true), find(Some(99), true)), (None, None));
        assert_eq!(
            (find(None, false), find(Some(7), false)),
            (Some(7), Some(5))
        );
        assert_eq!((find(Some(1), false), find(Some(0), false)), (None, None));
        assert_eq!(find(Some(u32::MAX), true), None);
        assert_eq!(
            search(&Table::default(), "type == LOGS", None, false).0,
            None
        );
    }

    #[test]
    fn a_step_looks_at_a_few_rows_and_at_a_few_megabytes() {
        let rows = 3 * STEP + 10;
        let table = table((0..rows).map(|row| (if row == 5 { 3 } else { 1 }, 1)));
        assert_eq!(search(&table, "type == LOGS", None, true), (Some(5), 1));
        assert_eq!(search(&table, "type == LOGS", None, false), (Some(5), 4));
        assert_eq!(search(&table, "type == PING", None, true), (None, 4));
        assert_eq!(search(&table, "type == PING", None, false), (None, 4));
        // Frames that are looked into; of a block the last is the one, though the
        // block took several steps.
        let table = self::table((0..20).map(|_| (1, 1 << 20)));
        let (row, steps) = search(&table, "payload contains \"y\"", None, true);
        assert!(row.is_none() && steps >= 5, "{row:?} {steps}");
        let (row, steps) = search(&table, "payload contains \"x\"", None, false);
        assert!(row == Some(19) && steps >= 5, "{row:?} {steps}");
    }

    #[test]
    fn rows_that_come_meanwhile_are_found() {
        let mut frames = table([(1, 1)]);
        let filter = Filter::parse("type == LOGS").expect("a filter");
        let mut search = Search::new(&frames, filter, None, true);
        assert!(!search.test(&frames));
        frames.take(Piece::Bytes {
            connection: ConnectionId(0),
            direction: Direction::ToDevice,
            time: 1,
            bytes: &[0, 0, 0, 1, 0, 1, 0, 3, 0x40],
        });
        assert!(!search.test(&frames));
        assert_eq!(search.row, Some(1));
    }
}
