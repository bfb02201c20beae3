//! What is different in two frames, by the paths of their values.

mod align;
mod side;

use crate::Frame;
use align::{Pair, by_key, in_order};
use side::{Number, Side};

use crate::detail::Kind;

/// Most changes that are told.
pub const MAX_CHANGES: usize = 1000;

/// Most nodes of each frame that are looked at one by one. What is beyond is compared as
/// bytes.
const NODES: usize = 20_000;

/// How a value differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is another value.
    Changed,
    /// It is the same value, written in other bytes: a longer integer, a double instead
    /// of a single, a map of the other form.
    Encoding,
    /// Only the second frame has it.
    Added,
    /// Only the first frame has it.
    Removed,
}

impl How {
    /// Its name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Encoding => "encoding",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path: in the second frame if it was added, else in the first. Empty for what
    /// has none, such as bytes that are malformed.
    pub path: String,
    /// How it differs.
    pub how: How,
    /// What it was; empty if it was added.
    pub before: String,
    /// What it is; empty if it was removed.
    pub after: String,
}

/// The differences of two frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// In the order of the frames.
    pub changes: Vec<Change>,
    /// Whether there are more than [`MAX_CHANGES`].
    pub is_cut: bool,
}

/// Compares two frames. Elements of lists are aligned so that the fewest differ, unless
/// the lists are very long; entries of maps, fields and parameters by their names. The
/// lengths in headers are left out: they follow from the rest.
///
/// ```
/// use wigwag_inspect::{Direction, Frame, Protocol, diff};
///
/// // [1, {"a": 5}] and [1, 2, {"a": 6}]
/// let (protocol, direction) = (Protocol::Minijson, Direction::ToServer);
/// let before = Frame { protocol, direction, bytes: b"\x42\x03\x01\x51\x01a\x03\x05" };
/// let after = Frame { bytes: b"\x43\x03\x01\x51\x01a\x03\x06\x03\x02", ..before };
/// let told = diff::diff(before, after);
/// let lines = told.changes.iter().map(|c| format!("{} {} {}", c.path, c.how.name(), c.after));
/// assert!(lines.eq(["payload[1].a changed 6", "payload[2] added 2"]));
/// ```
#[must_use]
pub fn diff(before: Frame<'_>, after: Frame<'_>) -> Diff {
    let mut diff = Diff::default();
    if before.protocol != after.protocol {
        diff.tell(
            How::Changed,
            String::new(),
            before.protocol.name(),
            after.protocol.name(),
        );
        return diff;
    }
    let (a, b) = (Side::of(before, NODES), Side::of(after, NODES));
    diff.parts(&a, 0, &b, 0);
    diff
}

impl Diff {
    fn tell(
        &mut self,
        how: How,
        path: String,
        before: impl Into<String>,
        after: impl Into<String>,
    ) {
        if self.changes.len() == MAX_CHANGES {
            self.is_cut = true;
            return;
        }
        self.changes.push(Change {
            path,
            how,
            before: before.into(),
            after: after.into(),
        });
    }

    /// Compares two nodes that stand for each other.
    fn node(&mut self, a: &Side<'_>, left: usize, b: &Side<'_>, right: usize) {
        if self.is_cut || a.is_same(left, b, right) {
            return;
        }
        match (a.kind(left), b.kind(right)) {
            (Kind::Parameter, Kind::Parameter) => self.parameter(a, left, b, right),
            (Kind::List, Kind::List)
            | (Kind::Map | Kind::Sdict, Kind::Map | Kind::Sdict)
            | (Kind::Numbers, Kind::Numbers)
            | (Kind::Header, Kind::Header)
            | (Kind::Field, Kind::Field) => self.parts(a, left, b, right),
            _ => {
                let how = if a.is_equal(left, b, right) {
                    How::Encoding
                } else {
                    How::Changed
                };
                self.tell(how, a.path(left), a.value(left), b.value(right));
            }
        }
    }

    /// Compares the parts of two nodes.
    fn parts(&mut self, a: &Side<'_>, left: usize, b: &Side<'_>, right: usize) {
        let told = self.changes.len();
        let is_list = matches!(a.kind(left), Kind::List | Kind::Numbers);
        let (parts, others) = (a.parts(left), b.parts(right));
        let pairs = if is_list {
            in_order(&parts, &others, |left, right| a.is_same(left, b, right))
        } else {
            by_key(&parts, &others, |part| a.key(part), |part| b.key(part))
        };
        for pair in pairs {
            match pair {
                Pair::Both(left, right) => self.node(a, left, b, right),
                Pair::Left(left) => self.tell(How::Removed, a.path(left), a.value(left), ""),
                Pair::Right(right) => self.tell(How::Added, b.path(right), "", b.value(right)),
            }
        }
        let is_value = matches!(a.kind(left), Kind::List | Kind::Map | Kind::Sdict);
        if is_value && self.changes.len() == told {
            // The elements are the same: the head or the order of entries is not.
            self.tell(How::Encoding, a.path(left), a.form(left), b.form(right));
        }
    }

    /// Compares two parameters of NCP, type and value at once.
    fn parameter(&mut self, a: &Side<'_>, left: usize, b: &Side<'_>, right: usize) {
        let (kind, other_kind) = (a.type_name(left), b.type_name(right));
        let (value, other) = (a.value_part(left), b.value_part(right));
        if let (Some(value), Some(other)) = (value, other)
            && kind == other_kind
            && (a.kind(value), b.kind(other)) == (Kind::Numbers, Kind::Numbers)
        {
            self.parts(a, value, b, other);
            return;
        }
        let is_equal = match (value, other) {
            (Some(value), Some(other)) => {
                a.content(value) == b.content(other) && kind == other_kind
                    || Number::are_same(a.number(value), b.number(other))
            }
            (None, None) => kind == other_kind,
            _ => false,
        };
        let how = if is_equal {
            How::Encoding
        } else {
            How::Changed
        };
        let (before, after) = if kind == other_kind {
            (a.value(left), b.value(right))
        } else {
            (
                format!("{kind} {}", a.value(left)),
                format!("{other_kind} {}", b.value(right)),
            )
        };
        self.tell(how, a.path(left), before, after);
    }
}

#[cfg(test)]
mod tests;
