//! A filter in the form in which rows are tested: terms about columns are tested
//! for a block of rows at once, terms about fields for the rows that are left.

use super::expr::{Expr, Field, Literal, Test};
use super::field::FieldTest;
use super::kind::KindTest;
use super::range::{Ranges, of, sorted, whole, within};
use super::words::{Column, Op};
use crate::table::{Columns, Frame};

/// What is known of a row. The values are such that "and" is the smaller,
/// "or" the larger and "not" 2 minus it (Kleene's logic of three values).
pub(super) mod verdict {
    pub(in super::super) const FALSE: u8 = 0;
    pub(in super::super) const UNKNOWN: u8 = 1;
    pub(in super::super) const TRUE: u8 = 2;
}

use verdict::{FALSE, TRUE, UNKNOWN};

/// A filter, ready to run.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    All(Box<[Plan]>),
    Any(Box<[Plan]>),
    Not(Box<Plan>),
    Flag(u16),
    /// A column of whole numbers.
    Whole(Column, Ranges<u32>),
    /// A column of real numbers; times count from the first row if `relative`.
    Real {
        column: Column,
        relative: bool,
        ranges: Ranges<f64>,
    },
    Kind(KindTest),
    Field(FieldTest),
}

impl Plan {
    pub(super) fn new(expr: &Expr) -> Self {
        match expr {
            Expr::All(parts) => Self::All(ordered(parts)),
            Expr::Any(parts) => Self::Any(ordered(parts)),
            Expr::Not(part) => Self::Not(Box::new(Self::new(part))),
            Expr::Flag(bit) => Self::Flag(*bit),
            Expr::Test(Field::Path(path), test) => Self::Field(FieldTest::new(path, test)),
            Expr::Test(Field::Column(Column::Type), test) => Self::Kind(KindTest::new(test)),
            Expr::Test(Field::Column(Column::Time), test) => time(test),
            Expr::Test(Field::Column(column @ (Column::Latency | Column::Offset)), test) => {
                Self::Real {
                    column: *column,
                    relative: false,
                    ranges: sorted(&ranges(*column, test)),
                }
            }
            Expr::Test(Field::Column(column), test) => {
                Self::Whole(*column, whole(&ranges(*column, test)))
            }
        }
    }

    /// Whether the bytes of frames are needed.
    pub(super) fn needs_frames(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::needs_frames),
            Self::Not(part) => part.needs_frames(),
            Self::Field(_) => true,
            _ => false,
        }
    }

    /// Whether a row that was tested may be found otherwise later, because what is
    /// said of it has changed: flags, and the latency of a request.
    pub(super) fn may_change(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::may_change),
            Self::Not(part) => part.may_change(),
            Self::Flag(_)
            | Self::Real {
                column: Column::Latency,
                ..
            } => true,
            _ => false,
        }
    }

    /// What the columns say of the rows from `start` on, as many as there are in
    /// `out`.
    pub(super) fn block(&self, columns: &Columns, start: usize, out: &mut [u8]) {
        let end = start + out.len();
        match self {
            Self::All(parts) => {
                out.fill(TRUE);
                join(parts, columns, start, out, |a, b| a.min(b));
            }
            Self::Any(parts) => {
                out.fill(FALSE);
                join(parts, columns, start, out, |a, b| a.max(b));
            }
            Self::Not(part) => {
                part.block(columns, start, out);
                for verdict in out {
                    *verdict = TRUE - *verdict;
                }
            }
            Self::Flag(bit) => mark(out, &columns.flags[start..end], |flags| flags & bit != 0),
            Self::Whole(column, ranges) => match column {
                Column::Connection => within_all(out, &columns.connection[start..end], ranges),
                Column::Id => within_all(out, &columns.id[start..end], ranges),
                Column::Length => within_all(out, &columns.length[start..end], ranges),
                Column::Direction => {
                    let values = &columns.direction[start..end];
                    mark(out, values, |value| within(ranges, u32::from(value)));
                }
                _ => {
                    let values = &columns.protocol[start..end];
                    mark(out, values, |value| within(ranges, u32::from(value)));
                }
            },
            Self::Real {
                column: Column::Latency,
                ranges,
                ..
            } => mark(out, &columns.latency[start..end], |value| {
                within(ranges, f64::from(value))
            }),
            Self::Real {
                column: Column::Offset,
                ranges,
                ..
            } => within_all(out, &columns.offset[start..end], ranges),
            Self::Real {
                relative, ranges, ..
            } => {
                let base = base(*relative, columns);
                let values = &columns.time[start..end];
                mark(out, values, |value| within(ranges, value - base));
            }
            Self::Kind(test) => {
                // The same few types come again and again.
                let mut last = None;
                let kinds = &columns.kind[start..end];
                let protocols = &columns.protocol[start..end];
                for ((verdict, kind), protocol) in out.iter_mut().zip(kinds).zip(protocols) {
                    let this = (*protocol, *kind);
                    let holds = match last {
                        Some((before, holds)) if before == this => holds,
                        _ => test.holds(this.0, this.1),
                    };
                    last = Some((this, holds));
                    *verdict = if holds { TRUE } else { FALSE };
                }
            }
            Self::Field(_) => out.fill(UNKNOWN),
        }
    }

    /// Whether one row passes; without its bytes no term about a field holds.
    pub(super) fn row(&self, columns: &Columns, row: usize, frame: Option<Frame<'_>>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.row(columns, row, frame)),
            Self::Any(parts) => parts.iter().any(|part| part.row(columns, row, frame)),
            Self::Not(part) => !part.row(columns, row, frame),
            Self::Field(test) => frame.is_some_and(|frame| test.holds(frame)),
            column => {
                let mut verdict = [FALSE];
                column.block(columns, row, &mut verdict);
                verdict == [TRUE]
            }
        }
    }
}

/// The parts, those about columns first.
fn ordered(parts: &[Expr]) -> Box<[Plan]> {
    let plans = parts.iter().map(Plan::new);
    let (frames, mut plans): (Vec<Plan>, Vec<Plan>) = plans.partition(Plan::needs_frames);
    plans.extend(frames);
    plans.into()
}

/// Joins the verdicts of all parts with those in `out`.
fn join(
    parts: &[Plan],
    columns: &Columns,
    start: usize,
    out: &mut [u8],
    join: impl Fn(u8, u8) -> u8,
) {
    let mut other = vec![FALSE; out.len()];
    for part in parts {
        part.block(columns, start, &mut other);
        for (verdict, other) in out.iter_mut().zip(&other) {
            *verdict = join(*verdict, *other);
        }
    }
}

/// Tests each value of a column.
#[inline]
fn mark<T: Copy>(out: &mut [u8], values: &[T], holds: impl Fn(T) -> bool) {
    for (verdict, value) in out.iter_mut().zip(values) {
        *verdict = TRUE * u8::from(holds(*value));
    }
}

/// Tests whether each value of a column is in one of the ranges.
#[inline]
fn within_all<T: PartialOrd + Copy>(out: &mut [u8], values: &[T], ranges: &[(T, T)]) {
    match *ranges {
        // The usual case, as a loop without branches.
        [(low, high)] => mark(out, values, |value| (low <= value) & (value <= high)),
        _ => mark(out, values, |value| within(ranges, value)),
    }
}

fn base(relative: bool, columns: &Columns) -> f64 {
    let first = columns.time.first().copied().unwrap_or_default();
    if relative { first } else { 0.0 }
}

/// A test of a column of numbers, as ranges.
fn ranges(column: Column, test: &Test) -> Vec<(f64, f64)> {
    let number = |value: &Literal| number(column, value);
    match test {
        Test::Exists => vec![(f64::NEG_INFINITY, f64::INFINITY)],
        Test::Compare(op, value) => of(*op, number(value)),
        Test::In(values) => values
            .iter()
            .flat_map(|value| of(Op::Equal, number(value)))
            .collect(),
        _ => Vec::new(),
    }
}

/// The number that stands in the column for a value.
fn number(column: Column, value: &Literal) -> f64 {
    use super::words::{DIRECTIONS, PROTOCOLS, find};

    match value {
        Literal::Number(number) => number.as_f64(),
        // As exact as the column has it.
        Literal::Duration(micros) if column == Column::Latency => f64::from(*micros as f32),
        Literal::Duration(micros) => *micros,
        Literal::Moment(micros) => *micros as f64,
        Literal::Name(name) => {
            let words = match column {
                Column::Direction => DIRECTIONS,
                _ => PROTOCOLS,
            };
            find(words, name).map_or(f64::NAN, f64::from)
        }
        _ => f64::NAN,
    }
}

/// A test of the column `time`: moments and times since the first row may stand
/// beside each other in one list.
fn time(test: &Test) -> Plan {
    let plan = |relative, test: &Test| Plan::Real {
        column: Column::Time,
        relative,
        ranges: sorted(&ranges(Column::Time, test)),
    };
    let is_relative = |value: &Literal| matches!(value, Literal::Duration(_));
    match test {
        Test::In(values) => {
            let (since, moments): (Vec<_>, Vec<_>) =
                values.iter().cloned().partition(|value| is_relative(value));
            Plan::Any(
                [
                    plan(true, &Test::In(since)),
                    plan(false, &Test::In(moments)),
                ]
                .into(),
            )
        }
        Test::Compare(_, value) => plan(is_relative(value), test),
        _ => plan(false, test),
    }
}
