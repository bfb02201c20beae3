//! The section `firmware` of BENCHMARKS.md: the committed budgets as tables.

use std::fmt::Write as _;

use super::budget::{Budgets, Rows, Table, grouped};
use super::build::Image;
use super::goals;
use crate::benchmarks;
use crate::run::Result;

/// Writes the section from the budgets of all images.
///
/// # Errors
///
/// Budgets cannot be read, or BENCHMARKS.md cannot be written.
pub fn update() -> Result {
    benchmarks::replace("firmware", &text()?)
}

/// The section's text.
///
/// # Errors
///
/// Budgets cannot be read.
pub fn text() -> Result<String> {
    let all = Image::ALL.map(Budgets::load);
    let [ngtt, ncp] = all;
    let (ngtt, ncp) = (ngtt?, ncp?);
    let mut text = "\
## A whole device's firmware

`cargo xtask firmware size`, `stack` and `instructions` measure it, each with `ncp` for
the other image and with `--update` to commit what is measured; more than 2 % above a
budget (for one crate, also 512 bytes) fails a test. The images are built for the board that QEMU emulates
(`embassy-client/boards/qemu-mps2-an386`), at \"z\", logs off. **ngtt** has mutual TLS
with webpki, transport services, the NGTT client, store, journal, outbox, settings,
renewal of certificates, SNTP and the health watch; **ncp** is client and server of NCP
over the same network. Instructions are counted on the chip, by QEMU's `-icount`.
Gates and aims were set for a prototype that had TLS and a client alone: flash and RAM
of what is beyond it stand in between, by crate in the second table.

| | ngtt | ncp | gate, aim |
|---|---:|---:|---:|
"
    .to_owned();
    for table in [Table::Size, Table::Stack, Table::Instructions] {
        let (left, right) = (ngtt.rows(table), ncp.rows(table));
        let names = left
            .keys()
            .chain(right.keys().filter(|name| !left.contains_key(*name)));
        for name in names {
            let cell = |rows: &Rows| {
                rows.get(name)
                    .map_or_else(String::new, |n| grouped(*n, ','))
            };
            let goal = goals::of(table, name).map_or_else(String::new, |goal| {
                format!("{}, {}", grouped(goal.gate, ','), grouped(goal.aim, ','))
            });
            let (left, right) = (cell(&left), cell(&right));
            let what = described(table, name);
            let _ = writeln!(text, "| {what} | {left} | {right} | {goal} |");
        }
    }
    text += "\nFlash by crate, of ngtt, the largest first:\n\n| crate | bytes |\n|---|---:|\n";
    let crates = ngtt.rows(Table::Crates);
    let mut crates: Vec<_> = crates.iter().collect();
    crates.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (name, bytes) in crates {
        let _ = writeln!(text, "| {name} | {} |", grouped(*bytes, ','));
    }
    Ok(text)
}

/// A row's name for people, with its unit.
fn described(table: Table, row: &str) -> String {
    let what = match row {
        "flash" => "flash",
        "static_ram" => "static RAM",
        "peak" => "stack at its deepest",
        "key" => "reading the private key, at boot",
        "handshake" => "the first connection, handshake included",
        "reconnect" => "a reconnection to the same server",
        "order" => "an order, to the proof that its confirmation was read",
        "data_frame" => "a data frame of 1 KiB",
        "command" => "a command and its answer",
        "sweep" => "a command answered with 4 KiB of samples",
        other => other,
    };
    format!("{what}, {}", table.unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever commits budgets commits the tables that show them.
    #[test]
    fn the_committed_section_shows_the_committed_budgets() {
        let shown = benchmarks::section("firmware").unwrap();
        assert_eq!(
            shown,
            text().unwrap().trim(),
            "to write it anew: cargo xtask firmware size --update"
        );
    }
}
