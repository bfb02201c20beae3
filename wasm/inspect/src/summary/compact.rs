//! A minijson value in a line, as far as it fits.

use wigwag_codec::minijson::{Decoder, Item};

use super::line::Line;
use crate::detail::{LIMITS, show};

/// Most bytes of a text that are shown.
const TEXT: usize = 40;
/// Most bytes that are shown as digits.
const BYTES: usize = 12;

/// A container that is open.
struct Open {
    /// Values, keys included, that are still to come.
    left: u64,
    is_list: bool,
}

/// Writes the value that `bytes`, which stand at `base` in the frame, begin with, until
/// the line is full. Nothing is skipped: what was not reached has not been looked at.
pub(super) fn write(bytes: &[u8], base: usize, line: &mut Line) {
    let mut decoder = Decoder::with_limits(bytes, LIMITS);
    let mut open: Vec<Open> = Vec::new();
    loop {
        while let Some(done) = open.pop_if(|open| open.left == 0) {
            line.push(if done.is_list { "]" } else { "}" });
            after(&mut open, line);
        }
        if line.is_full() {
            return;
        }
        let item = match decoder.next() {
            Ok(Some(item)) => item,
            Ok(None) => return,
            Err(error) => {
                let (kind, at) = (error.kind, base + error.offset);
                line.show(format_args!("malformed: {kind} (at byte {at})"));
                return;
            }
        };
        let (left, is_list) = match item {
            Item::List(count) => (u64::from(count), true),
            Item::Map(count) | Item::Sdict(count) => (u64::from(count) * 2, false),
            _ => {
                scalar(&item, line);
                after(&mut open, line);
                continue;
            }
        };
        line.push(if is_list { "[" } else { "{" });
        open.push(Open { left, is_list });
        if open.len() == 1 && left == 0 {
            line.push(if is_list { "]" } else { "}" });
            return;
        }
    }
}

/// What stands behind an element.
fn after(open: &mut [Open], line: &mut Line) {
    if let Some(open) = open.last_mut() {
        open.left = open.left.saturating_sub(1);
        let is_key = !open.is_list && open.left % 2 == 1;
        line.push(match open.left {
            0 => "",
            _ if is_key => ": ",
            _ => ", ",
        });
    }
}

/// A scalar, or how much a container holds.
pub(super) fn scalar(item: &Item<'_>, line: &mut Line) {
    match item {
        Item::Text(text) => {
            line.push("\"");
            words(text.as_bytes(), line);
            line.push("\"");
        }
        Item::Key(key) => words(key.as_bytes(), line),
        Item::Bytes(bytes) => {
            line.push("0x");
            line.hex(bytes.get(..BYTES).unwrap_or(bytes));
            line.push(if bytes.len() > BYTES { "…" } else { "" });
        }
        Item::List(count) => line.show(format_args!("[{count}]")),
        Item::Map(count) | Item::Sdict(count) => line.show(format_args!("{{{count}}}")),
        number => line.push(&show::item(number)),
    }
}

/// Text, cut where it is long.
fn words(bytes: &[u8], line: &mut Line) {
    let first = bytes.get(..TEXT).unwrap_or(bytes);
    for chunk in first.utf8_chunks() {
        line.push(chunk.valid());
        let is_cut_char = bytes.len() > TEXT && chunk.invalid().len() < 4;
        if !chunk.invalid().is_empty() && !is_cut_char {
            line.push("\u{fffd}");
        }
    }
    line.push(if bytes.len() > TEXT { "…" } else { "" });
}
