//! One of the two frames that are compared.

use crate::Frame;
use crate::detail::{Kind, NO_PARENT, Node, Tree, tree};

/// A frame, its tree, and the parts of each node.
pub(super) struct Side<'a> {
    bytes: &'a [u8],
    tree: Tree,
    parts: Vec<Vec<usize>>,
}

/// The number that a node shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i128),
    Float(f64),
}

/// From here on doubles leave integers out.
const EXACT: i128 = 1 << 53;

impl Number {
    /// Whether both are numbers, and the same one.
    pub(super) fn are_same(a: Option<Self>, b: Option<Self>) -> bool {
        match (a, b) {
            (Some(Self::Int(a)), Some(Self::Int(b))) => a == b,
            (Some(Self::Float(a)), Some(Self::Float(b))) => a == b || (a.is_nan() && b.is_nan()),
            (Some(Self::Int(int)), Some(Self::Float(float)))
            | (Some(Self::Float(float)), Some(Self::Int(int))) => {
                int.abs() < EXACT && int as f64 == float
            }
            _ => false,
        }
    }
}

impl<'a> Side<'a> {
    pub(super) fn of(frame: Frame<'a>, limit: usize) -> Self {
        let tree = tree(frame, limit);
        let mut parts = vec![Vec::new(); tree.nodes.len()];
        for (index, node) in tree.nodes.iter().enumerate() {
            if node.parent != NO_PARENT
                && let Some(parts) = parts.get_mut(node.parent as usize)
            {
                parts.push(index);
            }
        }
        Self {
            bytes: frame.bytes,
            tree,
            parts,
        }
    }

    fn node(&self, index: usize) -> Option<&Node> {
        self.tree.nodes.get(index)
    }

    pub(super) fn kind(&self, index: usize) -> Kind {
        self.node(index).map_or(Kind::Malformed, |node| node.kind)
    }

    pub(super) fn path(&self, index: usize) -> String {
        self.tree.path(index)
    }

    pub(super) fn value(&self, index: usize) -> String {
        match self.node(index) {
            None => String::new(),
            Some(node) if node.kind == Kind::More => node.label.clone(),
            Some(node) => node.value.clone(),
        }
    }

    /// A container by its form, and the bytes of its head.
    pub(super) fn form(&self, index: usize) -> String {
        let head = self
            .node(index)
            .map(|node| self.range(node.code, node.content));
        let mut form = format!("{} ", self.kind(index).name());
        crate::text::hex::hex(head.unwrap_or_default(), &mut form);
        form
    }

    fn range(&self, start: u32, end: u32) -> &'a [u8] {
        self.bytes
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// What a node holds, without its type and length.
    pub(super) fn content(&self, index: usize) -> &'a [u8] {
        self.node(index)
            .map_or(&[], |node| self.range(node.content, node.end))
    }

    /// The bytes of a node, without its key.
    fn whole(&self, index: usize) -> &'a [u8] {
        self.node(index)
            .map_or(&[], |node| self.range(node.code, node.end))
    }

    /// Whether two nodes are the same bytes.
    pub(super) fn is_same(&self, index: usize, other: &Side<'_>, right: usize) -> bool {
        self.kind(index) == other.kind(right) && self.whole(index) == other.whole(right)
    }

    /// Whether two scalars that are other bytes are the same value.
    pub(super) fn is_equal(&self, index: usize, other: &Side<'_>, right: usize) -> bool {
        match (self.kind(index), other.kind(right)) {
            (Kind::Text, Kind::Text) | (Kind::Bytes, Kind::Bytes) => {
                self.content(index) == other.content(right)
            }
            (Kind::Integer, Kind::Integer) if self.value(index) == other.value(right) => true,
            _ => Number::are_same(self.number(index), other.number(right)),
        }
    }

    /// The number that a node shows, if it is one.
    pub(super) fn number(&self, index: usize) -> Option<Number> {
        let node = self.node(index)?;
        match node.kind {
            Kind::Integer => node.value.parse().ok().map(Number::Int),
            // The digits of a single are the shortest ones that give it again.
            Kind::Float if node.end - node.content == 4 => {
                let single: f32 = node.value.parse().ok()?;
                Some(Number::Float(f64::from(single)))
            }
            Kind::Float => node.value.parse().ok().map(Number::Float),
            _ => None,
        }
    }

    /// The parts of a node that are to be compared.
    pub(super) fn parts(&self, index: usize) -> Vec<usize> {
        let parts = self.parts.get(index).map_or(&[][..], Vec::as_slice);
        parts
            .iter()
            .copied()
            .filter(|part| !self.follows(*part))
            .collect()
    }

    /// Whether a part says nothing that the others do not say.
    fn follows(&self, index: usize) -> bool {
        self.node(index).is_some_and(|node| match node.kind {
            Kind::Word => matches!(node.label.as_str(), "length" | "size"),
            Kind::Padding => true,
            _ => false,
        })
    }

    /// By what parts of both frames find each other.
    pub(super) fn key(&self, index: usize) -> (u8, &str) {
        self.node(index).map_or((0, ""), |node| {
            let group = match node.kind {
                Kind::Header => 0,
                Kind::Word => 1,
                Kind::Field => 2,
                Kind::Parameter => 3,
                Kind::Malformed => 4,
                Kind::More => 5,
                _ => 6,
            };
            (group, node.label.as_str())
        })
    }

    fn part(&self, index: usize, label: &str) -> Option<usize> {
        let parts = self.parts.get(index)?.iter().copied();
        parts
            .into_iter()
            .find(|part| self.node(*part).is_some_and(|node| node.label == label))
    }

    /// The name of a parameter's type.
    pub(super) fn type_name(&self, index: usize) -> String {
        self.part(index, "type")
            .map_or_else(String::new, |part| self.value(part))
    }

    /// The value of a parameter.
    pub(super) fn value_part(&self, index: usize) -> Option<usize> {
        self.part(index, "value")
    }
}
