//! A frame as a tree of its parts, each with the bytes that it is made of.

mod build;
mod ncp;
mod ngtt;
mod payload;
mod prefix;
pub(crate) mod show;

use crate::{Frame, Protocol};

use super::path::{Path, Root, Step};
use build::Builder;

/// In [`Node::parent`]: none, as of the frame itself.
pub const NO_PARENT: u32 = u32::MAX;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole frame.
    Frame,
    /// A header or a footer.
    Header,
    /// A word of a header: a length, an id, a name.
    Word,
    /// A field of NCP.
    Field,
    /// A parameter of NCP.
    Parameter,
    /// null
    Null,
    /// true or false
    Bool,
    /// An integer.
    Integer,
    /// A float.
    Float,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A list.
    List,
    /// A map with text keys.
    Map,
    /// A map with any keys.
    Sdict,
    /// An array of numbers of NCP.
    Numbers,
    /// What fills a word, or ends a text.
    Padding,
    /// Elements that are there and have no nodes of their own: the tree was limited.
    More,
    /// Bytes that are not what the protocol allows, or more than it.
    Malformed,
}

impl Kind {
    /// Its name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Header => "header",
            Self::Word => "word",
            Self::Field => "field",
            Self::Parameter => "parameter",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Map => "map",
            Self::Sdict => "sdict",
            Self::Numbers => "numbers",
            Self::Padding => "padding",
            Self::More => "more",
            Self::Malformed => "malformed",
        }
    }
}

/// A part of a frame.
///
/// The ranges of a node's children lie in its own, one behind the other. Every byte
/// of the frame belongs to exactly one node that has no part deeper in: see
/// [`Tree::at`].
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The node that it is part of, which stands before it; [`NO_PARENT`] for the
    /// frame itself.
    pub parent: u32,
    /// What it is called: a key, a place in a list, a word of the protocol.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Its first byte in the frame. In a map the key stands here.
    pub start: u32,
    /// Where its own type byte begins, behind the key; `start` if it has no key.
    pub code: u32,
    /// Where what it holds begins, behind type, length and count.
    pub content: u32,
    /// Behind its last byte.
    pub end: u32,
    /// Its value as text, cut where it is very long; of a container how much is in it.
    pub value: String,
    /// What the value means in the protocol: a time, a unit, a name.
    pub meaning: Option<String>,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// How its path goes on from its parent's.
    place: Place,
}

/// How a node is reached from its parent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// No path leads there.
    Nowhere,
    /// A path begins anew.
    Root(Root),
    /// A field of NCP, which begins anew, too.
    Field(Step),
    /// The path of the parent goes on by so many steps.
    Steps(Vec<Step>),
}

/// A frame as a tree, its nodes in the order of their first bytes, parents first.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The nodes; the first is the frame.
    pub nodes: Vec<Node>,
}

/// The tree of a frame, with about `limit` nodes at most: where there are more
/// elements, a node of [`Kind::More`] tells how many. A container shows at most half of
/// what is left of the limit, so that what follows a long one is shown as well.
///
/// ```
/// use wigwag_inspect::{Direction, Frame, Protocol, detail};
///
/// // ORDER 7 with the payload [5]
/// let bytes = [0, 0, 0, 3, 0, 7, 0, 1, 0x41, 3, 5];
/// let (protocol, direction) = (Protocol::Ngtt, Direction::ToDevice);
/// let frame = Frame { protocol, direction, bytes: &bytes };
/// let tree = detail::tree(frame, 1000);
/// let five = tree.at(10).unwrap();
/// assert_eq!(tree.nodes[five].value, "5");
/// assert_eq!(tree.path(five), "payload[0]");
/// ```
#[must_use]
pub fn tree(frame: Frame<'_>, limit: usize) -> Tree {
    let mut builder = Builder::new(frame, limit);
    match frame.protocol {
        Protocol::Ngtt => ngtt::build(&mut builder, frame),
        Protocol::Ncp => ncp::build(&mut builder, frame.bytes),
        Protocol::Prefix => prefix::build(&mut builder, frame.bytes),
        Protocol::Minijson => payload::build(&mut builder, 0, frame.bytes),
        Protocol::Unknown => builder.unknown(frame.bytes),
    }
    builder.finish()
}

impl Tree {
    /// The node that a byte of the frame belongs to: the one deepest in. `None`
    /// behind the frame.
    #[must_use]
    pub fn at(&self, byte: usize) -> Option<usize> {
        let byte = u32::try_from(byte).ok()?;
        let contains = |node: &Node| node.start <= byte && byte < node.end;
        // In their order the last that contains the byte is the deepest.
        let begun = self.nodes.partition_point(|node| node.start <= byte);
        let nearest = begun.checked_sub(1)?;
        let mut index = nearest;
        // Siblings before it have ended: only its own parents can contain the byte.
        while !contains(self.nodes.get(index)?) {
            let parent = self.nodes.get(index)?.parent;
            index = usize::try_from(parent)
                .ok()
                .filter(|_| parent != NO_PARENT)?;
        }
        Some(index)
    }

    /// The path of a node, in the syntax of [`Path`]; empty for a node that none
    /// leads to, such as padding.
    #[must_use]
    pub fn path(&self, node: usize) -> String {
        self.path_of(node)
            .map_or_else(String::new, |path| path.to_string())
    }

    /// The path of a node, if one leads there.
    #[must_use]
    pub fn path_of(&self, node: usize) -> Option<Path> {
        let mut steps = Vec::new();
        let mut node = self.nodes.get(node)?;
        let root = loop {
            match &node.place {
                Place::Nowhere => return None,
                Place::Root(root) => break *root,
                Place::Field(step) => {
                    steps.push(step.clone());
                    break Root::Fields;
                }
                Place::Steps(more) => steps.extend(more.iter().rev().cloned()),
            }
            node = self.nodes.get(usize::try_from(node.parent).ok()?)?;
        };
        steps.reverse();
        Some(Path { root, steps })
    }

    /// The children of a node.
    pub fn children(&self, node: usize) -> impl Iterator<Item = usize> {
        let from = node.saturating_add(1);
        let rest = self.nodes.get(from..).unwrap_or_default().iter();
        let inside = rest
            .take_while(move |other| other.parent != NO_PARENT && other.parent as usize >= node);
        inside
            .enumerate()
            .filter(move |(_, other)| other.parent as usize == node)
            .map(move |(index, _)| from + index)
    }
}
