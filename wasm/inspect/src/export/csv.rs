//! CSV (RFC 4180).

use super::json_lines::{direction_name, words};
use super::out::Out;
use super::{Format, whole};
use crate::table::{NO_ROW, kind_name};
use crate::{ConnectionId, Protocol, Table, summary};

/// What stands in the first line.
const HEAD: &str = "row,time_us,connection,device,server,direction,protocol,type,id,length,\
                    offset,pair,latency_us,flags,summary\r\n";

/// Writes a line with the columns' names, then one for each row; the last column is
/// what a list shows of the frame ([`summary`](crate::summary())). Lines end with CR
/// LF. `row` and `pair` are counted from 1, as the page shows them to people; programs,
/// and [`json_lines`](super::json_lines()), count from 0. `connection` is the
/// recording's own number. A text that a spreadsheet would take for a formula (it begins with `=`, `+`,
/// `-`, `@`, a tab or a carriage return) has an apostrophe before it, so that nobody
/// who opens a recording runs what a device has sent.
pub fn csv(table: &Table, rows: impl IntoIterator<Item = u32>, out: &mut dyn FnMut(&[u8])) {
    whole(Format::Csv, table, rows, out);
}

pub(super) fn begin(out: &mut Out<'_>) {
    out.write(HEAD.as_bytes());
}

/// Writes the line of a row, if there is such a row.
pub(super) fn row(table: &Table, row: u32, out: &mut Out<'_>) {
    if (row as usize) < table.columns().len() {
        let mut line = String::new();
        write(table, row, &mut line);
        out.write(line.as_bytes());
    }
}

fn write(table: &Table, row: u32, line: &mut String) {
    let (columns, at) = (table.columns(), row as usize);
    let protocol = Protocol::from_number(u32::from(columns.protocol[at]));
    let connection = table.connection(ConnectionId(columns.connection[at]));
    number(u64::from(row) + 1, line);
    number(columns.micros(row), line);
    number(u64::from(columns.connection[at]), line);
    field(connection.map_or("", |known| &known.device), line);
    field(connection.map_or("", |known| &known.server), line);
    field(direction_name(columns.direction_of(row)), line);
    field(protocol.name(), line);
    field(&kind_name(protocol, columns.kind[at]), line);
    number(u64::from(columns.id[at]), line);
    number(u64::from(columns.length[at]), line);
    number(columns.offset[at] as u64, line);
    match columns.pair[at] {
        NO_ROW => line.push(','),
        pair => number(u64::from(pair) + 1, line),
    }
    match columns.latency[at] {
        latency if latency >= 0.0 => number(latency as u64, line),
        _ => line.push(','),
    }
    let words: Vec<&str> = words(table, row).collect();
    field(&words.join(" "), line);
    field(&table.frame(row).map(summary).unwrap_or_default(), line);
    line.pop();
    line.push_str("\r\n");
}

fn number(value: u64, line: &mut String) {
    line.push_str(&value.to_string());
    line.push(',');
}

/// A text and a comma.
fn field(text: &str, line: &mut String) {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_quoted = is_formula || text.contains(['"', ',', '\r', '\n']);
    if is_quoted {
        line.push('"');
    }
    if is_formula {
        line.push('\'');
    }
    for char in text.chars() {
        if char == '"' {
            line.push('"');
        }
        line.push(char);
    }
    if is_quoted {
        line.push('"');
    }
    line.push(',');
}
