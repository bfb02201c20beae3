//! What holds for the tree of any frame.

use wigwag_inspect::detail::{Kind, NO_PARENT, Node, Path, Scalar, Tree, tree};
use wigwag_inspect::{Direction, Frame, Protocol};

/// More nodes than most tests need.
pub(crate) const LIMIT: usize = 10_000;

pub(crate) fn frame(protocol: Protocol, bytes: &[u8]) -> Frame<'_> {
    let direction = Direction::ToDevice;
    Frame {
        protocol,
        direction,
        bytes,
    }
}

/// The tree of a frame. Ranges lie in each other and cover the frame, bytes find their
/// nodes, and paths find the values that the nodes show.
pub(crate) fn check(frame: Frame<'_>, limit: usize) -> Tree {
    let tree = tree(frame, limit);
    if let Err(wrong) = cover(&tree, frame.bytes.len())
        .and_then(|()| locate(&tree, frame.bytes.len()))
        .and_then(|()| find(&tree, frame))
    {
        panic!("{wrong}\n{:02x?}\n{tree:#?}", frame.bytes);
    }
    assert!(
        tree.nodes.len() <= limit + 200,
        "{} nodes",
        tree.nodes.len()
    );
    tree
}

/// Whether the nodes with parts are nothing but their heads and their parts, in order,
/// without gaps.
fn cover(tree: &Tree, length: usize) -> Result<(), String> {
    let whole = &tree.nodes[0];
    if (whole.parent, whole.start, whole.end as usize) != (NO_PARENT, 0, length) {
        return Err(format!("{whole:?} is not the frame"));
    }
    // Where the next part of each node has to begin.
    let mut next: Vec<Option<u32>> = vec![None; tree.nodes.len()];
    for (index, node) in tree.nodes.iter().enumerate() {
        if node.start > node.code || node.code > node.content || node.content > node.end {
            return Err(format!("{node:?} is out of order"));
        }
        if index == 0 {
            continue;
        }
        let parent = node.parent as usize;
        if parent >= index {
            return Err(format!("{node:?} stands before its parent"));
        }
        let expected = next[parent].unwrap_or_else(|| first(&tree.nodes[parent]));
        if node.start != expected || node.end > tree.nodes[parent].end {
            return Err(format!(
                "{node:?} begins not at {expected}, or ends too late"
            ));
        }
        next[parent] = Some(node.end);
    }
    for (node, end) in tree.nodes.iter().zip(next) {
        if end.is_some_and(|end| end != node.end) {
            return Err(format!("the parts of {node:?} do not fill it"));
        }
    }
    Ok(())
}

/// Where the first part of a node begins.
fn first(node: &Node) -> u32 {
    match node.kind {
        Kind::List | Kind::Map | Kind::Sdict => node.content,
        _ => node.start,
    }
}

/// Whether each byte finds the one node that it belongs to.
fn locate(tree: &Tree, length: usize) -> Result<(), String> {
    // All bytes of short frames, some of long ones.
    for byte in (0..length).step_by(1 + length / 500) {
        let inside = |node: &&Node| (node.start as usize..node.end as usize).contains(&byte);
        let deepest = tree.nodes.iter().rfind(inside);
        let found = tree.at(byte).map(|node| &tree.nodes[node]);
        if found != deepest || found.is_none() {
            return Err(format!(
                "byte {byte} finds {found:?} instead of {deepest:?}"
            ));
        }
    }
    match tree.at(length) {
        None => Ok(()),
        Some(node) => Err(format!("{node} is behind the frame")),
    }
}

/// Whether the path of each node is one, and finds what the node shows.
fn find(tree: &Tree, frame: Frame<'_>) -> Result<(), String> {
    // Each path is looked up from the start: some nodes of long frames are enough.
    for index in (0..tree.nodes.len()).step_by(1 + tree.nodes.len() / 200) {
        let (node, text) = (&tree.nodes[index], tree.path(index));
        if text.is_empty() {
            continue;
        }
        let path = Path::parse(&text).map_err(|error| format!("{text}: {error}"))?;
        if Some(&path) != tree.path_of(index).as_ref() || path.to_string() != text {
            return Err(format!("{text} is not {:?}", tree.path_of(index)));
        }
        let mut found = Vec::new();
        path.find(frame, &mut |scalar| found.push(scalar));
        // A header is no value; its words are.
        if node.kind != Kind::Header && !found.iter().any(|scalar| shows(node, scalar)) {
            return Err(format!("{text} finds {found:?} for {node:?}"));
        }
    }
    Ok(())
}

fn shows(node: &Node, scalar: &Scalar<'_>) -> bool {
    let count = |number: usize| node.value.starts_with(&format!("{number} "));
    match *scalar {
        Scalar::Null => node.value == "null",
        Scalar::Bool(value) => node.value == value.to_string(),
        Scalar::Integer(value) => node.value == value.to_string(),
        Scalar::Big(value) => node.value == value.to_string(),
        Scalar::Single(value) => node.value == format!("{value:?}"),
        Scalar::Double(value) => node.value == format!("{value:?}"),
        // Cut where it is long, and type names stand without quotes.
        Scalar::Text(value) => {
            let shown = node.value.trim_matches('"');
            value.len() > 2000 || shown == escaped(value)
        }
        Scalar::Bytes(value) => match std::str::from_utf8(value) {
            Ok(text) if node.kind == Kind::Text => {
                value.len() > 2000 || node.value.trim_matches('"') == escaped(text)
            }
            Err(_) if matches!(node.kind, Kind::Text | Kind::Word) => true,
            _ => {
                let first = value.iter().take(256).map(|byte| format!("{byte:02x}"));
                node.value.starts_with(&first.collect::<String>())
            }
        },
        Scalar::Numbers(numbers) => node.value.contains(&format!("[{}]", numbers.len())),
        Scalar::List(number) | Scalar::Map(number) => count(number as usize),
    }
}

fn escaped(text: &str) -> String {
    let mut quoted = String::new();
    wigwag_inspect::text::json::quote(text, &mut quoted);
    quoted.trim_matches('"').to_owned()
}
