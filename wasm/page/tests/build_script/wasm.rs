//! WebAssembly, put together by hand: as much of it as the tests need.

/// An unsigned number.
pub(crate) fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A number that takes five bytes, as linkers write those they may have to change. Below
/// 2^31, where signed and unsigned ones are alike.
pub(crate) fn wide(value: u32) -> Vec<u8> {
    let low = (0..4).map(|at| (value >> (7 * at)) as u8 | 0x80);
    low.chain([(value >> 28) as u8]).collect()
}

/// A text behind its length.
pub(crate) fn text(text: &str) -> Vec<u8> {
    sized(text.as_bytes())
}

/// Bytes behind their length.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [number(bytes.len() as u32).as_slice(), bytes].concat()
}

/// Items behind their count.
pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [number(items.len() as u32), items.concat()].concat()
}

/// A section, or a part of one, by its number.
pub(crate) fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], sized(content).as_slice()].concat()
}

/// A section that only tools read.
pub(crate) fn custom(name: &str, content: &[u8]) -> Vec<u8> {
    section(0, &[text(name).as_slice(), content].concat())
}

/// A function's body of these instructions.
pub(crate) fn body(instructions: &[u8]) -> Vec<u8> {
    let no_locals = [0];
    sized(&[&no_locals, instructions, &[END]].concat())
}

/// The section of functions' names.
pub(crate) fn names(names: &[&str]) -> Vec<u8> {
    let named = names.iter().zip(0..);
    let named: Vec<_> = named
        .map(|(name, index)| [number(index), text(name)].concat())
        .collect();
    custom("name", &section(1, &list(&named)))
}

/// A module of these sections.
pub(crate) fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0".as_slice(), &sections.concat()].concat()
}

/// The one type there is: no arguments, no results.
pub(crate) fn types() -> Vec<u8> {
    section(1, &list(&[vec![0x60, 0, 0]]))
}

/// That many functions of that type.
pub(crate) fn functions(count: usize) -> Vec<u8> {
    section(3, &list(&vec![vec![0]; count]))
}

pub(crate) const CALL: u8 = 0x10;
pub(crate) const CONST: u8 = 0x41;
pub(crate) const DROP: u8 = 0x1a;
pub(crate) const END: u8 = 0x0b;
