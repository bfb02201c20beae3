//! Which fields the frames of a table have, as far as a glance shows.

use crate::detail::{Kind, tree};
use crate::table::Table;

/// Rows that are looked at for kinds of frames.
const MAX_ROWS: usize = 50_000;
/// Frames of each kind whose fields are looked at, and kinds.
const MAX_FRAMES: usize = 12;
const MAX_KINDS: usize = 64;
/// A longer frame is not looked at, and of others no more parts than this.
const MAX_BYTES: usize = 256 << 10;
const MAX_PARTS: usize = 300;
/// Fields that are told.
const MAX_FIELDS: usize = 500;
/// Different values of a field that are told.
const MAX_VALUES: usize = 8;

/// A field that frames of a table have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its path, with `[*]` for the places in lists.
    pub path: String,
    /// How many values it had in the frames that were looked at.
    pub count: u32,
    /// Whether some were numbers, or arrays of numbers.
    pub numeric: bool,
    /// Some of its values, as a filter writes them; none of containers and arrays.
    pub values: Vec<String>,
}

/// The fields of payloads and packets that the first frames of each kind have, in the
/// order of their paths. A glance, not a census: a dozen frames of each type, the
/// first 300 parts of each, at most 500 fields.
#[must_use]
pub fn fields(table: &Table) -> Vec<Seen> {
    let columns = table.columns();
    // Few enough for lists: maps are large as code that a browser loads.
    let mut kinds: Vec<((u8, u32), usize)> = Vec::new();
    let mut seen = Vec::new();
    let rows = columns
        .protocol
        .iter()
        .zip(&columns.kind)
        .zip(&columns.length);
    for (row, ((protocol, kind), length)) in (0..).zip(rows.take(MAX_ROWS)) {
        // Empty frames have no fields.
        if *length as usize > MAX_BYTES || *length <= 8 || *protocol == 0 {
            continue;
        }
        let this = (*protocol, *kind);
        match kinds.iter().position(|(kind, _)| *kind == this) {
            Some(at) if kinds[at].1 < MAX_FRAMES => kinds[at].1 += 1,
            None if kinds.len() < MAX_KINDS => kinds.push((this, 1)),
            _ => continue,
        }
        if let Some(frame) = table.frame(row) {
            look(&mut seen, &tree(frame, MAX_PARTS));
        }
    }
    seen
}

/// Adds the fields of a frame to those that were seen, which stay in order.
fn look(seen: &mut Vec<Seen>, tree: &crate::detail::Tree) {
    for (index, node) in tree.nodes.iter().enumerate() {
        let (numeric, scalar) = match node.kind {
            Kind::Integer | Kind::Float => (true, true),
            Kind::Numbers => (true, false),
            Kind::Text | Kind::Bool | Kind::Null => (false, true),
            Kind::Bytes | Kind::List | Kind::Map | Kind::Sdict => (false, false),
            _ => continue,
        };
        let path = general(&tree.path(index));
        // Not what is all of a frame.
        if !path.contains(['.', '[', '{']) {
            continue;
        }
        let at = seen.partition_point(|field| field.path < path);
        if seen.get(at).is_none_or(|field| field.path != path) {
            if seen.len() == MAX_FIELDS {
                continue;
            }
            let field = Seen {
                path,
                ..Seen::default()
            };
            seen.insert(at, field);
        }
        let field = &mut seen[at];
        field.count += 1;
        field.numeric |= numeric;
        if scalar
            && node.value.len() <= 60
            && field.values.len() < MAX_VALUES
            && !field.values.contains(&node.value)
        {
            field.values.push(node.value.clone());
        }
    }
}

/// A path with `[*]` for places in lists: `payload[0].a` is `payload[*].a`.
pub(crate) fn general(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find(['[', '"']) {
        let (before, from) = rest.split_at(at);
        out += before;
        // What stands between quotes stays.
        let end = if from.starts_with('"') {
            let mut escaped = false;
            let close = from.bytes().skip(1).position(|byte| {
                let close = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                close
            });
            let end = close.map_or(from.len(), |close| close + 2);
            out += &from[..end];
            end
        } else {
            let digits = from[1..].bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 && from[1 + digits..].starts_with(']') {
                out += "[*]";
                digits + 2
            } else {
                out.push('[');
                1
            }
        };
        rest = &from[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::general;

    #[test]
    fn places_in_lists_become_any_place() {
        for (path, all) in [
            ("payload", "payload"),
            ("payload[0].orders[12].path", "payload[*].orders[*].path"),
            ("payload[\"[3]\"][4]", "payload[\"[3]\"][*]"),
            ("payload[\"\\\"[3]\"][*]", "payload[\"\\\"[3]\"][*]"),
            ("payload{5}[7]", "payload{5}[*]"),
            ("payload[", "payload["),
            ("payload[12", "payload[12"),
            ("payload[\"x", "payload[\"x"),
        ] {
            assert_eq!(general(path), all);
        }
    }
}
