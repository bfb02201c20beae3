//! A filter, and running it over a table in slices.

use std::fmt;

use super::FilterError;
use super::expr::Expr;
use super::parse::parse;
use super::plan::{Plan, verdict};
use crate::table::{Columns, Frame, Table};

/// Rows whose columns are tested at once: what is written for them stays in the
/// first cache.
const BLOCK: usize = 4096;

/// Bytes of frames that one call looks into: some ten milliseconds of work in a
/// browser, so that a page answers its user in between.
const MAX_BYTES: usize = 4 << 20;

/// A filter: what its text says, ready to run. It prints itself in a canonical
/// form that means the same.
#[derive(Clone, Debug)]
pub struct Filter {
    pub(super) expr: Expr,
    pub(super) plan: Plan,
}

impl Filter {
    /// Reads the text of a filter; an empty one lets every row pass.
    ///
    /// At most 16 KiB of text, 1000 tests and values, 64 levels of parentheses.
    ///
    /// # Errors
    /// What is wrong, where, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let expr = parse(text)?;
        let plan = Plan::new(&expr);
        Ok(Self { expr, plan })
    }

    /// Whether every row passes.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.expr == Expr::All(Vec::new())
    }

    /// Whether columns alone decide, without a look at the bytes of frames.
    #[must_use]
    pub fn only_columns(&self) -> bool {
        !self.plan.needs_frames()
    }

    /// Whether it asks for what may change in rows that are there already: flags, and
    /// the latency, which a request has as soon as it is answered. Then it has to be
    /// run again when the table has changed.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.plan.may_change()
    }

    /// Tests rows of a table from `from` on and appends those that pass to `out`, in
    /// ascending order. Returns the first row that was not tested.
    ///
    /// At most `max_rows` rows are tested, and fewer where frames are long and have
    /// to be looked into; at least one, if there is one. So a caller that comes back
    /// with what was returned gets through a table of any size without ever waiting
    /// long, and rows that are added meanwhile are tested like all others.
    pub fn run(&self, table: &Table, from: u32, max_rows: u32, out: &mut Vec<u32>) -> u32 {
        self.run_over(table.columns(), |row| table.frame(row), from, max_rows, out)
    }

    /// Whether one row passes.
    #[must_use]
    pub fn holds(&self, table: &Table, row: u32) -> bool {
        let (columns, index) = (table.columns(), row as usize);
        index < columns.len() && self.plan.row(columns, index, table.frame(row))
    }

    /// The same over columns, with frames from wherever they come.
    pub(super) fn run_over<'f>(
        &self,
        columns: &Columns,
        frame: impl Fn(u32) -> Option<Frame<'f>>,
        from: u32,
        max_rows: u32,
        out: &mut Vec<u32>,
    ) -> u32 {
        let first = from as usize;
        let end = columns.len().min(first.saturating_add(max_rows as usize));
        let mut budget = MAX_BYTES;
        let mut verdicts = [0; BLOCK];
        let mut start = first;
        while start < end {
            let verdicts = &mut verdicts[..BLOCK.min(end - start)];
            self.plan.block(columns, start, verdicts);
            for (row, seen) in (start..).zip(&*verdicts) {
                // Rows are counted in 32 bits.
                let number = row as u32;
                match *seen {
                    verdict::FALSE => {}
                    verdict::TRUE => out.push(number),
                    _ => {
                        let frame = frame(number);
                        let length = frame.map_or(0, |frame| frame.bytes.len());
                        if length > budget && row > first {
                            return number;
                        }
                        // A small frame costs something too.
                        budget = budget.saturating_sub(length.max(64));
                        if self.plan.row(columns, row, frame) {
                            out.push(number);
                        }
                    }
                }
            }
            start += verdicts.len();
        }
        start as u32
    }
}

impl PartialEq for Filter {
    /// Whether both say the same in the same words.
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}
