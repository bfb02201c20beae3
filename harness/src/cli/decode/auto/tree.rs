//! A frame as a tree, each part beside its bytes.

use wigwag_inspect::Frame;
use wigwag_inspect::detail::{Kind, NO_PARENT, Node, tree};

use crate::cli::output::printable;
use crate::cli::style::{Look, Style};

/// Parts that are shown of a frame.
const PARTS: usize = 2000;
/// Bytes that are shown of a part.
const BYTES: usize = 8;

/// The parts of a frame, a line each: where in the frame, the bytes, what it is.
pub(super) fn lines(frame: Frame<'_>, style: Style) -> Vec<String> {
    let tree = tree(frame, PARTS);
    let mut depths: Vec<usize> = Vec::with_capacity(tree.nodes.len());
    let mut lines = Vec::with_capacity(tree.nodes.len());
    for (index, node) in tree.nodes.iter().enumerate() {
        let parent = (node.parent != NO_PARENT).then(|| depths.get(node.parent as usize));
        let depth = parent.flatten().map_or(0, |depth| depth + 1);
        depths.push(depth);
        // The frame itself is the line above.
        if node.parent == NO_PARENT {
            continue;
        }
        // A container's children show its bytes: here stands what is before them.
        let child = tree.nodes.get(index + 1);
        let first = child.filter(|child| child.parent as usize == index);
        let end = first.map_or(node.end, |first| first.start);
        let bytes = frame.bytes.get(node.start as usize..end as usize);
        lines.push(line(node, depth, bytes.unwrap_or_default(), style));
    }
    lines
}

fn line(node: &Node, depth: usize, bytes: &[u8], style: Style) -> String {
    let shown = bytes.iter().take(BYTES).map(|byte| format!("{byte:02x}"));
    let mut hex = shown.collect::<Vec<_>>().join(" ");
    if bytes.len() > BYTES {
        hex += " ..";
    }
    let indent = "  ".repeat(depth);
    let label = printable(&node.label);
    let mut line = format!(
        "  {} {indent}{}",
        style.paint(Look::Dim, format_args!("{:>6}  {hex:<26}", node.start)),
        style.paint(Look::Bold, label),
    );
    if !node.value.is_empty() {
        let value = printable(&node.value);
        let container = matches!(node.kind, Kind::List | Kind::Map | Kind::Sdict);
        let look = if container { Some(Look::Dim) } else { None };
        line += &match look {
            Some(look) => format!("  {}", style.paint(look, value)),
            None => format!("  {value}"),
        };
    }
    if let Some(meaning) = &node.meaning {
        line += &format!("  {}", style.paint(Look::Dim, printable(meaning)));
    }
    if let Some(problem) = &node.problem {
        let problem = printable(problem);
        line += &format!("  {}", style.paint(Look::Bad, format_args!("[{problem}]")));
    }
    line.trim_end().to_owned()
}
