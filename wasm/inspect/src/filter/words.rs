//! The words of the language: columns, flags, operators and units.

use std::fmt;

use crate::table::flags;

/// A column that terms can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Time,
    Connection,
    Direction,
    Protocol,
    Type,
    Id,
    Length,
    Latency,
    Offset,
}

/// A word with what it means for people.
pub(super) struct Word<T: 'static> {
    pub(super) name: &'static str,
    pub(super) meaning: T,
    pub(super) help: &'static str,
}

const fn word<T>(name: &'static str, meaning: T, help: &'static str) -> Word<T> {
    Word {
        name,
        meaning,
        help,
    }
}

/// Every column; the first name of one is the canonical one.
pub(super) const COLUMNS: &[Word<Column>] = &[
    word("type", Column::Type, "frame or packet type: ORDER, DSPC, 7"),
    word("id", Column::Id, "transaction or packet id"),
    word("tid", Column::Id, "the same as id"),
    word(
        "connection",
        Column::Connection,
        "the connection, by its number",
    ),
    word("direction", Column::Direction, "to_server or to_device"),
    word(
        "protocol",
        Column::Protocol,
        "ngtt, ncp, prefix or minijson",
    ),
    word("length", Column::Length, "bytes of the whole frame"),
    word(
        "latency",
        Column::Latency,
        "from the request to its answer, in both rows: > 200 ms",
    ),
    word(
        "time",
        Column::Time,
        "when it was seen: > 12 s since the first row, or RFC 3339",
    ),
    word(
        "offset",
        Column::Offset,
        "where in its stream the frame begins, in bytes",
    ),
];

/// Every flag.
pub(super) const FLAGS: &[Word<u16>] = &[
    word(
        "malformed",
        flags::MALFORMED,
        "not what its protocol allows",
    ),
    word("unanswered", flags::UNANSWERED, "no answer has come"),
    word("late", flags::LATE, "a pong that came late or to no ping"),
    word("resync", flags::RESYNC, "bytes were passed over before it"),
    word("gap", flags::GAP, "bytes are missing before it"),
    word("error", flags::ERROR, "it tells an error or a rejection"),
    word("warning", flags::WARNING, "it tells a warning"),
    word("repeated", flags::REPEATED, "it was sent before"),
];

/// What the paths of fields begin with.
pub(super) const ROOTS: &[Word<()>] = &[
    word("payload", (), "what the frame carries"),
    word("fields", (), "fields of an NCP packet: fields.STAT.LEVL"),
    word("head", (), "the frame's head: head.tid, head.length"),
    word("message", (), "the bytes behind a length prefix"),
    word("foot", (), "the end of an NCP packet"),
];

/// Names of directions with their numbers in the column.
pub(super) const DIRECTIONS: &[Word<u32>] = &[
    word("to_server", 0, "from the device to the server"),
    word("to_device", 1, "from the server to the device"),
];

/// Names of protocols with their numbers in the column.
pub(super) const PROTOCOLS: &[Word<u32>] = &[
    word("unknown", 0, "not known (yet)"),
    word("ngtt", 1, "NGTT frames"),
    word("ncp", 2, "NCP packets"),
    word("prefix", 3, "messages behind a u32 length"),
    word("minijson", 4, "minijson values one after another"),
];

/// Durations in microseconds.
pub(super) const DURATIONS: &[Word<f64>] = &[
    word("us", 1.0, "microseconds"),
    word("\u{b5}s", 1.0, "microseconds"),
    word("\u{3bc}s", 1.0, "microseconds"),
    word("ms", 1e3, "milliseconds"),
    word("s", 1e6, "seconds"),
    word("min", 60e6, "minutes"),
    word("h", 3600e6, "hours"),
    word("d", 86_400e6, "days"),
];

/// Sizes in bytes.
pub(super) const SIZES: &[Word<f64>] = &[
    word("B", 1.0, "bytes"),
    word("kB", 1e3, "1000 bytes"),
    word("KiB", 1024.0, "1024 bytes"),
    word("MB", 1e6, "1,000,000 bytes"),
    word("MiB", 1_048_576.0, "1,048,576 bytes"),
];

/// The meaning of a word, whatever its case.
pub(super) fn find<T: Copy>(words: &[Word<T>], name: &str) -> Option<T> {
    let found = words
        .iter()
        .find(|word| word.name.eq_ignore_ascii_case(name));
    found.map(|word| word.meaning)
}

/// The word of a list that is nearest to one that is in none, if it is near.
pub(super) fn nearest<'w>(words: impl Iterator<Item = &'w str>, wrong: &str) -> Option<&'w str> {
    let wrong = wrong.to_ascii_lowercase();
    let most = 1 + wrong.len().min(20) / 5;
    words
        .map(|word| (distance(&word.to_ascii_lowercase(), &wrong), word))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The words of a list that have a part in common with one that is in none: parts are
/// what stands between underscores, of more than two letters.
pub(super) fn akin<'w>(words: impl Iterator<Item = &'w str>, wrong: &str) -> Vec<&'w str> {
    let wrong = wrong.to_ascii_uppercase();
    let parts: Vec<&str> = wrong.split('_').filter(|part| part.len() > 2).collect();
    let is_akin = |word: &&str| {
        let word = word.to_ascii_uppercase();
        let mut of_word = word.split('_');
        of_word.any(|part| {
            (parts.iter()).any(|wrong| part.starts_with(wrong) || wrong.starts_with(part))
        })
    };
    words.filter(is_akin).collect()
}

/// How many characters have to be put in, taken out, replaced or exchanged with
/// their neighbour (Damerau and Levenshtein, restricted), for short words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().take(64).collect());
    let mut before = vec![0; b.len() + 1];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (row[j] + usize::from(x != y))
                .min(row[j + 1] + 1)
                .min(next[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Op {
    /// Whether it holds of an order of two values.
    pub(super) const fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterEqual => order.is_ge(),
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_only_if_it_is_near() {
        let names = || COLUMNS.iter().map(|word| word.name);
        assert_eq!(nearest(names(), "tpye"), Some("type"));
        assert_eq!(nearest(names(), "latncy"), Some("latency"));
        assert_eq!(nearest(names(), "CONECTION"), Some("connection"));
        assert_eq!(nearest(names(), "colour"), None);
        assert_eq!(nearest(names(), &"x".repeat(10_000)), None);
    }
}
