//! The rows that a page shows: all of them, or those that a filter lets through.

use wigwag_inspect::Table;
use wigwag_inspect::filter::Filter;

/// Rows that pass a filter, found in steps.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// `None` lets all pass: then `rows` is empty and not used.
    filter: Option<Filter>,
    rows: Vec<u32>,
    /// The first row that was not tested.
    next: u32,
    /// The same anew, because rows have changed since they were tested. What is
    /// shown stays until this is whole.
    again: Option<(Vec<u32>, u32)>,
    /// Rows have changed since `again` was begun: then once more. (To begin anew at
    /// once would never come to an end where rows change faster than they are tested.)
    stale: bool,
    /// Counts how often `again` has taken the place of `rows`, and was different.
    version: u32,
}

impl View {
    /// Filters anew; all rows pass where there is no filter.
    pub(crate) fn set(&mut self, filter: Option<Filter>) {
        *self = Self {
            filter: filter.filter(|filter| !filter.is_everything()),
            version: self.version,
            ..Self::default()
        };
    }

    /// The same filter, for rows that have other numbers now.
    pub(crate) fn begin_anew(&mut self) {
        let filter = self.filter.take();
        *self = Self {
            filter,
            version: self.version,
            ..Self::default()
        };
    }

    /// How many rows are shown of a table.
    pub(crate) fn len(&self, table: &Table) -> usize {
        match self.filter {
            None => table.columns().len(),
            Some(_) => self.rows.len(),
        }
    }

    /// The row at a position.
    pub(crate) fn row(&self, table: &Table, position: usize) -> Option<u32> {
        match self.filter {
            None => u32::try_from(position)
                .ok()
                .filter(|_| position < table.columns().len()),
            Some(_) => self.rows.get(position).copied(),
        }
    }

    /// All of them, in ascending order.
    pub(crate) fn rows<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = u32> + 'a {
        (0..self.len(table)).filter_map(|position| self.row(table, position))
    }

    /// Where a row is; `None` if it is not shown.
    pub(crate) fn position(&self, table: &Table, row: u32) -> Option<usize> {
        match self.filter {
            None => Some(row as usize).filter(|row| *row < table.columns().len()),
            Some(_) => self.rows.binary_search(&row).ok(),
        }
    }

    /// The filter, if it leaves anything out.
    pub(crate) const fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// How many of them are before a row of the table.
    pub(crate) fn rows_before(&self, table: &Table, row: u32) -> usize {
        match self.filter {
            None => table.columns().len().min(row as usize),
            Some(_) => self.rows.partition_point(|shown| *shown < row),
        }
    }

    /// Tests at most `max_rows` rows. Whether there is more to test.
    pub(crate) fn step(&mut self, table: &Table, max_rows: u32) -> bool {
        let Some(filter) = &self.filter else {
            return false;
        };
        let end = table.columns().len();
        if (self.next as usize) < end {
            self.next = filter.run(table, self.next, max_rows, &mut self.rows);
            return (self.next as usize) < end || self.again.is_some();
        }
        let Some((rows, next)) = &mut self.again else {
            return false;
        };
        if (*next as usize) < end {
            *next = filter.run(table, *next, max_rows, rows);
        }
        if (*next as usize) < end {
            return true;
        }
        if *rows != self.rows {
            self.version = self.version.wrapping_add(1);
            self.rows = std::mem::take(rows);
        }
        self.again = self.stale.then(|| (Vec::new(), 0));
        std::mem::take(&mut self.stale)
    }

    /// Flags or latencies of rows have changed: where the filter asks for them, the rows are
    /// tested again, in later steps.
    pub(crate) fn refresh(&mut self) {
        if self.filter.as_ref().is_some_and(Filter::may_change) {
            self.stale = self.again.is_some();
            self.again.get_or_insert_default();
        }
    }

    /// Changes when rows of the view have changed their positions without another
    /// filter.
    pub(crate) const fn version(&self) -> u32 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use wigwag_inspect::{ConnectionId, Direction, Piece, Sink};

    use super::*;

    /// ORDERs and LOGS in turn.
    fn table(frames: u8) -> Table {
        let mut table = Table::default();
        more(&mut table, 0..frames);
        table
    }

    fn more(table: &mut Table, frames: std::ops::Range<u8>) {
        for tid in frames {
            let kind = if tid % 2 == 0 { 1 } else { 3 };
            table.take(Piece::Bytes {
                connection: ConnectionId(0),
                direction: Direction::ToDevice,
                time: u64::from(tid),
                bytes: &[0, 0, 0, 1, 0, tid, 0, kind, 0x40],
            });
        }
    }

    fn filter(text: &str) -> Filter {
        Filter::parse(text).expect("a filter")
    }

    fn shown(view: &View, table: &Table) -> Vec<u32> {
        view.rows(table).collect()
    }

    #[test]
    fn rows_are_found_in_steps_and_those_that_come_later_too() {
        let mut table = table(10);
        let mut view = View::default();
        assert_eq!(shown(&view, &table), (0..10).collect::<Vec<_>>());
        view.set(Some(filter("type == LOGS")));
        assert_eq!(view.len(&table), 0);
        assert!(view.step(&table, 4));
        assert_eq!(shown(&view, &table), [1, 3]);
        while view.step(&table, 4) {}
        assert_eq!(shown(&view, &table), [1, 3, 5, 7, 9]);
        assert_eq!(view.position(&table, 7), Some(3));
        assert_eq!(view.position(&table, 8), None);
        more(&mut table, 10..14);
        assert!(!view.step(&table, 100));
        assert_eq!(shown(&view, &table), [1, 3, 5, 7, 9, 11, 13]);
        view.set(Some(filter("")));
        assert_eq!(view.len(&table), 14);
        assert_eq!(view.position(&table, 14), None);
    }

    #[test]
    fn what_is_shown_stays_until_it_was_found_anew() {
        let mut table = table(10);
        let mut view = View::default();
        view.set(Some(filter("unanswered")));
        while view.step(&table, 4) {}
        assert_eq!(view.len(&table), 0);
        table.finish();
        let version = view.version();
        view.refresh();
        assert!(view.step(&table, 4));
        assert_eq!((view.len(&table), view.version()), (0, version));
        while view.step(&table, 4) {}
        assert_eq!(shown(&view, &table), [0, 2, 4, 6, 8]);
        assert_ne!(view.version(), version);
        // Changes that come faster than rows are tested do not hold it up for ever.
        let version = view.version();
        view.set(Some(filter("!unanswered")));
        while view.step(&table, 4) {}
        more(&mut table, 10..11);
        for _ in 0..20 {
            view.refresh();
            view.step(&table, 4);
        }
        table.finish();
        for _ in 0..8 {
            view.refresh();
            view.step(&table, 4);
        }
        assert_eq!(shown(&view, &table), [1, 3, 5, 7, 9]);
        assert_ne!(view.version(), version);
        // The last change counts, too.
        let mut steps = 0;
        while view.step(&table, 4) {
            steps += 1;
            assert!(steps < 10);
        }
        // A filter that asks for no flags is not run again.
        view.set(Some(filter("type == ORDER")));
        while view.step(&table, 100) {}
        view.refresh();
        assert!(!view.step(&table, 100));
    }

    #[test]
    fn rows_of_the_view_before_a_row_of_the_table_are_counted() {
        let table = table(10);
        let mut view = View::default();
        assert_eq!(
            (view.rows_before(&table, 4), view.rows_before(&table, 99)),
            (4, 10)
        );
        view.set(Some(filter("type == LOGS")));
        assert_eq!(view.rows_before(&table, 4), 0);
        while view.step(&table, 4) {}
        for (row, before) in [(0, 0), (1, 0), (2, 1), (4, 2), (5, 2), (99, 5)] {
            assert_eq!(view.rows_before(&table, row), before, "{row}");
        }
    }
}
