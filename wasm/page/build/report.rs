//! What is in which part of a module, for people who want one to be smaller.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::links::Links;
use crate::module::{parse, wrong};
use crate::reach::{Parts, readable};

/// Lists every function with its part and its bytes before the module was taken
/// apart, the largest first, and sums up the constants.
pub(crate) fn report(
    wasm: &[u8],
    links: &Links,
    parts: &Parts,
    stubs: &BTreeSet<usize>,
) -> Result<String, String> {
    let module = parse(wasm)?;
    let mut sizes = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        if let wasmparser::Payload::CodeSectionEntry(body) = payload.map_err(wrong)? {
            sizes.push(body.range().len());
        }
    }
    let mut lines: Vec<_> = module
        .funcs
        .iter_local()
        .zip(sizes)
        .map(|((id, _), size)| {
            let name = module.funcs.get(id).name.as_deref().unwrap_or("?");
            let is_stub = stubs.contains(&id.index());
            let mark = if is_stub { '*' } else { ' ' };
            let part = parts.functions[id.index()];
            (part, Reverse(size), mark, readable(name))
        })
        .collect();
    lines.sort();
    let mut text = String::from("part, size, * where another part calls it, function\n");
    for (part, size, mark, name) in lines {
        text.push_str(&format!("{part}\t{}\t{mark}\t{name}\n", size.0));
    }
    let places: BTreeSet<_> = parts.data.iter().copied().collect();
    for part in places {
        let data = links.data.iter().zip(&parts.data);
        let own = data.filter(|(_, place)| **place == part);
        let bytes: usize = own.map(|(datum, _)| datum.bytes.len()).sum();
        text.push_str(&format!("constants of part {part:?}: {bytes} bytes\n"));
    }
    Ok(text)
}
