//! Exports: rows of a table, in forms that other tools read, and this one again.
//!
//! | Function | What comes out | Read back |
//! |---|---|---|
//! | [`capture`] | [`wigwag_codec::capture`] | the same rows |
//! | [`json_lines`] | a JSON object a line: what is known of each frame, and its bytes | the same rows |
//! | [`csv`] | a table for spreadsheets (RFC 4180) | not |
//! | [`pcapng`](pcapng()) | packets with made-up headers, for Wireshark | the same rows |
//! | [`raw`] | the frames' bytes, nothing else | as one direction |
//!
//! Rows are written in the order in which they are given. What comes out is handed
//! over in pieces of some 64 KiB (large frames as they are): the whole of it is
//! nowhere. [`Export`] does the same in steps, for who has other things to do besides.

mod csv;
mod gaps;
mod json_lines;
mod out;
mod pcapng;
mod steps;
mod talk;
mod walk;

pub use csv::csv;
pub use json_lines::json_lines;
pub use pcapng::pcapng;
pub use steps::{Export, Format, RowsChanged};

use wigwag_codec::capture::{MAX_BYTES_HEAD, Record, bytes_head};

use crate::{Protocol, Table};
use out::Out;
use steps::whole;
use walk::Step;

/// Records of more bytes are written as several: readers refuse larger ones.
const MAX_RECORD: usize = 16 << 20;

/// Writes a capture: the rows' frames, their connections opened and closed.
///
/// Where bytes are missing before a row, or a row's bytes were not kept, the capture
/// has a gap.
///
/// ```
/// use wigwag_inspect::input::{Input, Options};
/// use wigwag_inspect::{Table, export};
///
/// let ping = [0, 0, 0, 0, 0, 7, 0, 0];
/// let mut table = Table::default();
/// let mut input = Input::new(Options::default());
/// input.push(&ping.repeat(3), &mut table);
/// input.finish(&mut table);
/// table.finish();
///
/// let mut capture = Vec::new();
/// export::capture(&table, [0, 2], &mut |bytes| capture.extend_from_slice(bytes));
///
/// let mut again = Table::default();
/// let mut input = Input::new(Options::default());
/// input.push(&capture, &mut again);
/// input.finish(&mut again);
/// again.finish();
/// assert_eq!(again.columns().len(), 2);
/// assert_eq!(again.frame(1), table.frame(2));
/// ```
pub fn capture(table: &Table, rows: impl IntoIterator<Item = u32>, out: &mut dyn FnMut(&[u8])) {
    whole(Format::Capture, table, rows, out);
}

/// Writes the record of a step.
fn write_record(step: &Step<'_>, out: &mut Out<'_>) {
    let record = match *step {
        Step::Open(connection) => Record::Open {
            connection: connection.id.0,
            time: connection.opened,
            protocol: match connection.protocol {
                Protocol::Unknown => None,
                known => Some(known as u32),
            },
            device: &connection.device,
            server: &connection.server,
        },
        Step::Gap {
            connection,
            time,
            direction,
            missing,
            aligned,
        } => Record::Gap {
            connection,
            time,
            direction,
            missing,
            aligned,
        },
        Step::Frame {
            connection,
            time,
            frame,
            ..
        } => {
            for bytes in frame.bytes.chunks(MAX_RECORD) {
                let mut head = [0; MAX_BYTES_HEAD];
                out.write(bytes_head(
                    connection,
                    time,
                    frame.direction,
                    bytes.len(),
                    &mut head,
                ));
                out.write(bytes);
            }
            return;
        }
        Step::End {
            connection,
            time,
            reason,
        } => Record::End {
            connection,
            time,
            reason,
        },
    };
    let mut place = vec![0; record.encoded_len()];
    // The place is as long as it has to be.
    if record.write(&mut place).is_ok() {
        out.write(&place);
    }
}

/// Writes the bytes of the rows' frames, one behind the other.
pub fn raw(table: &Table, rows: impl IntoIterator<Item = u32>, out: &mut dyn FnMut(&[u8])) {
    whole(Format::Raw, table, rows, out);
}
