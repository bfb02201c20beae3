//! An export in steps.

use core::fmt;

use wigwag_codec::capture::LABEL;

use super::out::Out;
use super::pcapng::Talks;
use super::walk::Walk;
use super::{csv, json_lines, pcapng, write_record};
use crate::Table;

/// Rows of a step, at most.
const MAX_ROWS: usize = 1024;

/// A step ends when it has written so many bytes: some milliseconds of work in a
/// browser.
const MAX_WRITTEN: usize = 1 << 20;

/// What rows are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// [`capture`](super::capture)
    Capture,
    /// [`json_lines`](super::json_lines())
    JsonLines,
    /// [`csv`](super::csv())
    Csv,
    /// [`pcapng`](super::pcapng())
    Pcapng,
    /// [`raw`](super::raw)
    Raw,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [
        Self::JsonLines,
        Self::Csv,
        Self::Capture,
        Self::Pcapng,
        Self::Raw,
    ];

    /// Its name in options and files' endings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Pcapng => "pcapng",
            Self::Raw => "raw",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Rows have got other numbers while they were exported: what was written is to be
/// thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowsChanged;

impl fmt::Display for RowsChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rows have other numbers now: export them again")
    }
}

impl core::error::Error for RowsChanged {}

/// An export in steps of some milliseconds, between which the table may get more rows.
///
/// ```
/// use wigwag_inspect::export::{Export, Format};
/// use wigwag_inspect::input::{Input, Options};
/// use wigwag_inspect::{Table, export};
///
/// let mut table = Table::default();
/// let mut input = Input::new(Options::default());
/// input.push(&[0, 0, 0, 0, 0, 7, 0, 0].repeat(5000), &mut table);
///
/// let (mut steps, mut bytes) = (1, Vec::new());
/// let mut export = Export::new(Format::Raw, &table, (0..5000).collect());
/// while export.step(&table, &mut |more| bytes.extend_from_slice(more))? {
///     steps += 1;
/// }
/// assert!(steps > 4);
/// assert_eq!(bytes.len(), 40_000);
/// # Ok::<(), export::RowsChanged>(())
/// ```
#[derive(Debug)]
pub struct Export {
    /// Whose rows the numbers are.
    generation: u32,
    has_begun: bool,
    kind: Kind,
}

/// What is remembered of a format.
#[derive(Debug)]
enum Kind {
    Capture(Walk),
    JsonLines(Walk),
    Pcapng(Walk, Talks),
    Csv(std::vec::IntoIter<u32>),
    Raw(std::vec::IntoIter<u32>),
}

impl Export {
    /// Will write these rows.
    #[must_use]
    pub fn new(format: Format, table: &Table, rows: Vec<u32>) -> Self {
        let kind = match format {
            Format::Capture => Kind::Capture(Walk::new(table, rows)),
            Format::JsonLines => Kind::JsonLines(Walk::new(table, rows)),
            Format::Pcapng => Kind::Pcapng(Walk::new(table, rows), Talks::new()),
            Format::Csv => Kind::Csv(rows.into_iter()),
            Format::Raw => Kind::Raw(rows.into_iter()),
        };
        Self {
            generation: table.generation(),
            has_begun: false,
            kind,
        }
    }

    /// Writes some rows more: at most 1024, and fewer where they are long. Whether
    /// there are more.
    ///
    /// # Errors
    /// [`RowsChanged`].
    pub fn step(&mut self, table: &Table, out: &mut dyn FnMut(&[u8])) -> Result<bool, RowsChanged> {
        let mut out = Out::new(out);
        let more = self.advance(table, &mut out);
        out.finish();
        more
    }

    fn advance(&mut self, table: &Table, out: &mut Out<'_>) -> Result<bool, RowsChanged> {
        if table.generation() != self.generation {
            return Err(RowsChanged);
        }
        let before = out.written();
        if !std::mem::replace(&mut self.has_begun, true) {
            self.begin(out);
        }
        let mut more = true;
        let mut rows = 0;
        while more && rows < MAX_ROWS && out.written() - before < MAX_WRITTEN {
            more = self.row(table, out);
            rows += 1;
        }
        Ok(more)
    }

    fn begin(&self, out: &mut Out<'_>) {
        match &self.kind {
            Kind::Capture(_) => out.write(&LABEL),
            Kind::Pcapng(..) => pcapng::begin(out),
            Kind::Csv(_) => csv::begin(out),
            Kind::JsonLines(_) | Kind::Raw(_) => {}
        }
    }

    fn row(&mut self, table: &Table, out: &mut Out<'_>) -> bool {
        match &mut self.kind {
            Kind::Capture(walk) => walk.next(table, &mut |step| write_record(&step, out)),
            Kind::JsonLines(walk) => {
                walk.next(table, &mut |step| json_lines::write(table, &step, out))
            }
            Kind::Pcapng(walk, talks) => {
                walk.next(table, &mut |step| pcapng::write(talks, &step, out))
            }
            Kind::Csv(rows) => rows.next().map(|row| csv::row(table, row, out)).is_some(),
            Kind::Raw(rows) => {
                let row = rows.next();
                if let Some(frame) = row.and_then(|row| table.frame(row)) {
                    out.write(frame.bytes);
                }
                row.is_some()
            }
        }
    }
}

/// All rows in one go.
pub(super) fn whole(
    format: Format,
    table: &Table,
    rows: impl IntoIterator<Item = u32>,
    out: &mut dyn FnMut(&[u8]),
) {
    let mut export = Export::new(format, table, rows.into_iter().collect());
    let mut out = Out::new(out);
    // Nobody changes the table meanwhile.
    while export.advance(table, &mut out) == Ok(true) {}
    out.finish();
}
