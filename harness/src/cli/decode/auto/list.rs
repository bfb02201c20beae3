//! A row as a line.

use wigwag_inspect::table::kind_name;
use wigwag_inspect::{ConnectionId, Expert, Protocol, summary, text};

use crate::cli::output::printable;
use crate::cli::recording::Recording;
use crate::cli::style::{Look, Style};

/// The lines of rows, one after another.
pub(super) struct List {
    pub(super) style: Style,
    /// Connections that were introduced.
    known: Vec<u32>,
    /// The time of the recording's first row.
    first: Option<f64>,
}

impl List {
    pub(super) fn new() -> Self {
        Self {
            style: Style::of_stdout(),
            known: Vec::new(),
            first: None,
        }
    }

    /// A row; before the first of a connection who talks in it.
    pub(super) fn row(&mut self, recording: &Recording, row: u32) -> Vec<String> {
        let table = &recording.table;
        let (columns, at) = (table.columns(), row as usize);
        let style = self.style;
        let mut lines = Vec::new();
        let connection = columns.connection[at];
        if let Err(place) = self.known.binary_search(&connection) {
            self.known.insert(place, connection);
            lines.extend(self.introduction(recording, connection));
        }
        let first = *self.first.get_or_insert(columns.time[0]);
        let time = if recording.has_times() {
            format!("{:>12.6}", (columns.time[at] - first) / 1e6)
        } else {
            format!("{:>12}", columns.offset[at])
        };
        let protocol = Protocol::from_number(u32::from(columns.protocol[at]));
        let kind = kind_name(protocol, columns.kind[at]);
        let kind = match kind.is_empty() {
            true if protocol == Protocol::Unknown => "?",
            true => protocol.name(),
            false => &*kind,
        };
        let (arrow, look) = match columns.direction[at] {
            0 => ("\u{2192}", Look::ToServer),
            _ => ("\u{2190}", Look::ToDevice),
        };
        let latency = match columns.latency[at] {
            latency if latency.is_nan() || !recording.has_times() => String::new(),
            latency => duration(f64::from(latency)),
        };
        let summary = table.frame(row).map(summary::summary).unwrap_or_default();
        let mut line = format!(
            "{} {} {} {:<19} {:>6} {} {:>9}  {}",
            style.paint(Look::Dim, time),
            style.paint(Look::Dim, format_args!("#{connection:<2}")),
            style.paint(look, arrow),
            style.paint(Look::Bold, printable(kind)),
            columns.id[at],
            style.paint(Look::Dim, format_args!("{:>8}", columns.length[at])),
            latency,
            printable(&summary),
        );
        for expert in Expert::ALL {
            if columns.has(row, expert.flag()) {
                let look = match expert {
                    Expert::Late | Expert::Warning | Expert::Repeated | Expert::NotKept => {
                        Look::Odd
                    }
                    _ => Look::Bad,
                };
                let text = printable(&table.expert_text(row, expert));
                line += &format!("  {}", style.paint(look, format_args!("[{text}]")));
            }
        }
        lines.push(line.trim_end().to_owned());
        lines
    }

    /// Who talks in a connection, and since when.
    fn introduction(&self, recording: &Recording, number: u32) -> Option<String> {
        let connection = recording.table.connection(ConnectionId(number))?;
        let mut line = format!("# connection {number}");
        let (device, server) = (&connection.device, &connection.server);
        if !device.is_empty() || !server.is_empty() {
            let or = |name: &String, other: &str| {
                let name = if name.is_empty() { other } else { name };
                printable(name)
            };
            line += &format!(
                ": {} \u{2192} {}",
                or(device, "device"),
                or(server, "server")
            );
        }
        if connection.is_guessed() {
            line += &format!(", {}: {}", connection.protocol.name(), connection.why);
        }
        if recording.has_times()
            && let Some(opened) = i64::try_from(connection.opened).ok()
            && let Some(opened) = text::time::of_micros(opened)
        {
            line += &format!(", from {opened}");
        }
        Some(self.style.paint(Look::Dim, line).to_string())
    }
}

/// Microseconds in a unit that suits them.
fn duration(micros: f64) -> String {
    match micros {
        ..1000.0 => format!("{micros:.0} \u{b5}s"),
        ..1e6 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.3} s", micros / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_have_the_unit_that_suits_them() {
        assert_eq!(duration(0.0), "0 \u{b5}s");
        assert_eq!(duration(999.0), "999 \u{b5}s");
        assert_eq!(duration(1500.0), "1.5 ms");
        assert_eq!(duration(3_000_400.0), "3.000 s");
    }
}
