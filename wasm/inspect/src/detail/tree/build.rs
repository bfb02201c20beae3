//! Putting a tree together.

use crate::Frame;
use crate::detail::meaning::Meanings;

use super::{Kind, NO_PARENT, Node, Place, Tree};

/// What a builder needs to know of a node.
pub(super) struct Part {
    pub(super) label: String,
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) value: String,
}

pub(super) struct Builder {
    nodes: Vec<Node>,
    limit: usize,
    /// The node that the next ones are parts of.
    parent: u32,
    pub(super) meanings: Meanings,
}

/// Offsets of more than 4 GiB do not occur: no table keeps such frames.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Builder {
    pub(super) fn new(frame: Frame<'_>, limit: usize) -> Self {
        let mut builder = Self {
            nodes: Vec::new(),
            limit,
            parent: NO_PARENT,
            meanings: Meanings::of(frame),
        };
        let length = frame.bytes.len();
        let whole = builder.add(Part {
            label: "frame".into(),
            kind: Kind::Frame,
            place: Place::Nowhere,
            start: 0,
            end: length,
            value: super::show::count(length, "byte", "bytes"),
        });
        builder.parent = whole;
        builder
    }

    /// Adds a node, and returns its number.
    pub(super) fn add(&mut self, part: Part) -> u32 {
        let number = offset(self.nodes.len());
        let start = offset(part.start);
        self.nodes.push(Node {
            parent: self.parent,
            label: part.label,
            kind: part.kind,
            start,
            code: start,
            content: start,
            end: offset(part.end),
            value: part.value,
            meaning: None,
            problem: None,
            place: part.place,
        });
        number
    }

    /// Adds a node of which those that `inner` adds are parts.
    pub(super) fn group(&mut self, part: Part, inner: impl FnOnce(&mut Self)) -> u32 {
        let number = self.add(part);
        let parent = std::mem::replace(&mut self.parent, number);
        inner(self);
        self.parent = parent;
        number
    }

    /// Makes the next nodes parts of this one.
    pub(super) fn enter(&mut self, number: u32) {
        self.parent = number;
    }

    /// The node that the next ones are parts of.
    pub(super) const fn parent(&self) -> u32 {
        self.parent
    }

    pub(super) fn node(&mut self, number: u32) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(number).ok()?)
    }

    /// How many nodes may still be added.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.nodes.len())
    }

    /// How many elements a container may show.
    pub(super) fn allowed(&self) -> u32 {
        offset(self.room().div_ceil(2))
    }

    /// Adds `count` elements that are not shown.
    pub(super) fn more(&mut self, count: u64, start: usize, end: usize) {
        let label = format!("… {count} more");
        self.add(Part {
            label,
            kind: Kind::More,
            place: Place::Nowhere,
            start,
            end,
            value: String::new(),
        });
    }

    /// Adds bytes that are not what they should be, if there are any, and says why.
    pub(super) fn malformed(&mut self, start: usize, bytes: &[u8], problem: impl Into<String>) {
        if bytes.is_empty() {
            return;
        }
        let number = self.add(Part {
            label: "malformed".into(),
            kind: Kind::Malformed,
            place: Place::Nowhere,
            start,
            end: start + bytes.len(),
            value: super::show::bytes(bytes),
        });
        self.problem(number, problem);
    }

    /// Adds bytes that are no frame of a known protocol, such as the head of a tunnel:
    /// as text where they are.
    pub(super) fn unknown(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let text = std::str::from_utf8(bytes).ok();
        let text =
            text.filter(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()));
        let number = self.add(Part {
            label: "bytes".into(),
            kind: if text.is_some() {
                Kind::Text
            } else {
                Kind::Bytes
            },
            place: Place::Nowhere,
            start: 0,
            end: bytes.len(),
            value: text.map_or_else(|| super::show::bytes(bytes), super::show::text),
        });
        self.meaning(
            number,
            Some("no frame of a protocol that is known here".into()),
        );
    }

    /// Says what is wrong with a node.
    pub(super) fn problem(&mut self, number: u32, problem: impl Into<String>) {
        if let Some(node) = self.node(number) {
            node.problem = Some(problem.into());
        }
    }

    /// Says what a node means.
    pub(super) fn meaning(&mut self, number: u32, meaning: Option<String>) {
        if let (Some(node), Some(meaning)) = (self.node(number), meaning) {
            node.meaning = Some(meaning);
        }
    }

    pub(super) fn finish(self) -> Tree {
        Tree { nodes: self.nodes }
    }
}
