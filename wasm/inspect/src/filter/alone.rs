//! Testing a frame that stands in no table.

use super::Filter;
use super::expr::{Expr, Field, name};
use super::words::{Column, FLAGS};
use crate::Protocol;
use crate::table::{Columns, Frame};

impl Filter {
    /// Whether a frame passes that stands in no table, `offset` bytes from the begin
    /// of its stream. Terms that only a table can answer do not hold of it; see
    /// [`needs_table`](Self::needs_table).
    ///
    /// ```
    /// use wigwag_inspect::filter::Filter;
    /// use wigwag_inspect::{Direction, Frame, Protocol};
    ///
    /// let ping = [0, 0, 0, 0, 0, 7, 0, 0];
    /// let (protocol, direction) = (Protocol::Ngtt, Direction::ToServer);
    /// let frame = Frame { protocol, direction, bytes: &ping };
    /// assert!(Filter::parse("type == PING && tid == 7")?.holds_alone(frame, 0));
    /// # Ok::<(), wigwag_inspect::filter::FilterError>(())
    /// ```
    #[must_use]
    pub fn holds_alone(&self, frame: Frame<'_>, offset: u64) -> bool {
        let number = |at: usize| {
            let bytes = frame.bytes.get(at..).and_then(<[u8]>::first_chunk);
            bytes.copied().unwrap_or_default()
        };
        let (kind, id) = match frame.protocol {
            Protocol::Ngtt => {
                let both = u32::from_be_bytes(number(4));
                (both & 0xFFFF, both >> 16)
            }
            Protocol::Ncp => (
                u32::from_be_bytes(number(4)),
                u32::from_le_bytes(number(12)),
            ),
            _ => (0, 0),
        };
        let mut columns = Columns::default();
        columns.time.push(f64::NAN);
        columns.connection.push(0);
        columns.direction.push(frame.direction as u8);
        columns.protocol.push(frame.protocol as u8);
        columns.kind.push(kind);
        columns.id.push(id);
        columns
            .length
            .push(u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX));
        columns.flags.push(0);
        columns.latency.push(f32::NAN);
        columns.offset.push(offset as f64);
        self.plan.row(&columns, 0, Some(frame))
    }

    /// The first word of it that only a table can answer, if there is one: a time, a
    /// direction, a connection, a latency, a flag.
    #[must_use]
    pub fn needs_table(&self) -> Option<&'static str> {
        fn of(expr: &Expr) -> Option<&'static str> {
            match expr {
                Expr::All(parts) | Expr::Any(parts) => parts.iter().find_map(of),
                Expr::Not(part) => of(part),
                Expr::Flag(bit) => FLAGS
                    .iter()
                    .find(|word| word.meaning == *bit)
                    .map(|word| word.name),
                Expr::Test(Field::Column(column), _) => matches!(
                    column,
                    Column::Time | Column::Direction | Column::Connection | Column::Latency
                )
                .then(|| name(*column)),
                Expr::Test(Field::Path(_), _) => None,
            }
        }
        of(&self.expr)
    }
}
