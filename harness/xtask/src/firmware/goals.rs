//! Where the firmware should get to: beyond the gate it is too large for the
//! chips it is meant for; the aim is what is worth working for.

use super::budget::Table;

/// What is wanted of one figure.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// The table of the figure.
    pub table: Table,
    /// Its row.
    pub row: &'static str,
    /// What it should not exceed.
    pub gate: u64,
    /// What it should come to.
    pub aim: u64,
}

/// All goals.
pub const GOALS: [Goal; 5] = [
    goal(Table::Size, "flash", 133_000, 110_000),
    goal(Table::Size, "static_ram", 44_000, 38_000),
    goal(Table::Stack, "peak", 19_000, 14_000),
    goal(Table::Instructions, "handshake", 41_000_000, 37_000_000),
    goal(Table::Instructions, "reconnect", 32_000_000, 30_000_000),
];

const fn goal(table: Table, row: &'static str, gate: u64, aim: u64) -> Goal {
    Goal {
        table,
        row,
        gate,
        aim,
    }
}

/// The goal of a figure, if it has one.
#[must_use]
pub fn of(table: Table, row: &str) -> Option<Goal> {
    GOALS
        .into_iter()
        .find(|goal| goal.table == table && goal.row == row)
}
