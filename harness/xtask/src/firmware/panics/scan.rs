//! Finds the places in the code of an image that lead into the machinery of
//! panics.
//!
//! The linker leaves marks between code and the data among it (`$t` and `$d`, Arm
//! IHI 0044 section 5.5.5), so that the code can be read from one instruction to
//! the next. A branch whose target is one of the machinery's functions is a place.
//! Where the compiler has moved a common end of several functions into one of its
//! own (`OUTLINED_FUNCTION_0` and so on), the place is where that is called.
//!
//! The address of such a function can also be put into a register, or lie in a
//! table, for a call that names no address. Those are found as well, with the way
//! `pointer`.

use std::collections::{BTreeMap, BTreeSet};

use object::{
    File, Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SectionKind,
    SymbolKind, elf,
};

use super::machinery;
use super::thumb::{self, Instruction};
use crate::firmware::origin;
use crate::run::Result;

/// What the compiler calls the functions that it makes of common code.
pub(super) const OUTLINED: &str = "OUTLINED_FUNCTION_";

/// A way into the machinery: where, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// The address of the instruction, or of the word in a table.
    pub(super) address: u64,
    pub(super) way: &'static str,
}

/// The functions of an image: address to end and name.
pub(super) type Functions = BTreeMap<u64, (u64, String)>;

/// The function around an address.
pub(super) fn around(functions: &Functions, address: u64) -> Option<(u64, &str)> {
    let (start, (end, name)) = functions.range(..=address).next_back()?;
    (address < *end).then_some((*start, name.as_str()))
}

/// All functions, by their addresses.
pub(super) fn functions(file: &File<'_>) -> Functions {
    let mut functions = Functions::new();
    for symbol in file.symbols() {
        let Ok(name) = symbol.name() else { continue };
        if symbol.kind() == SymbolKind::Text && symbol.size() > 0 {
            let start = symbol.address() & !1;
            functions.insert(start, (start + symbol.size(), origin::readable(name)));
        }
    }
    functions
}

/// Whether any function is part of the machinery.
pub(super) fn has_machinery(functions: &Functions) -> bool {
    let mut names = functions.values().map(|(_, name)| name);
    names.any(|name| machinery::is_machinery(name))
}

/// All ways into the machinery, by address.
pub(super) fn entries(functions: &Functions, code: &Code) -> Result<Vec<Entry>> {
    let mut targets: BTreeMap<u64, &'static str> = functions
        .iter()
        .filter(|(_, (_, name))| machinery::is_machinery(name))
        .map(|(start, (_, name))| (*start, machinery::way(name)))
        .collect();
    if targets.is_empty() {
        return Err("the image has no function of core::panicking: is it a Rust program?".into());
    }
    // Common ends may themselves end in common ends.
    loop {
        let mut found = BTreeMap::new();
        for (from, to) in &code.branches {
            let Some(way) = targets.get(to) else { continue };
            if let Some((start, name)) = around(functions, *from)
                && name.starts_with(OUTLINED)
                && !targets.contains_key(&start)
            {
                found.insert(start, *way);
            }
        }
        if found.is_empty() {
            break;
        }
        targets.extend(found);
    }
    let is_inside = |address| {
        let around = around(functions, address);
        around.is_some_and(|(start, _)| targets.contains_key(&start))
    };
    let mut entries = BTreeSet::new();
    for (address, to) in &code.branches {
        if let Some(way) = targets.get(to)
            && !is_inside(*address)
        {
            let (address, way) = (*address, *way);
            entries.insert(Entry { address, way });
        }
    }
    for (address, value) in &code.words {
        // A pointer to Thumb code has its lowest bit set.
        if value & 1 == 1 && targets.contains_key(&(value & !1)) && !is_inside(*address) {
            let (address, way) = (*address, "pointer");
            entries.insert(Entry { address, way });
        }
    }
    Ok(entries.into_iter().collect())
}

/// What the sections of an image hold, as far as it matters here.
#[derive(Default)]
pub(super) struct Code {
    /// From where a branch goes to where.
    pub(super) branches: Vec<(u64, u64)>,
    /// Words of data, and constants that are put together in registers.
    words: Vec<(u64, u64)>,
}

impl Code {
    pub(super) fn read(file: &File<'_>) -> Result<Self> {
        let marks = marks(file);
        let mut code = Self::default();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                continue;
            };
            let has = |flag: u32| sh_flags & u64::from(flag) != 0;
            if !has(elf::SHF_ALLOC) || section.kind() == SectionKind::UninitializedData {
                continue;
            }
            let start = section.address();
            let data = section
                .data()
                .map_err(|error| format!("section at {start:#x}: {error}"))?;
            if !has(elf::SHF_EXECINSTR) {
                code.data(start, data);
                continue;
            }
            let end = start + section.size();
            let mut marks = marks.range(start..end).peekable();
            if marks.peek().is_none_or(|(first, _)| **first != start) {
                return Err(format!(
                    "no mark ($t) says what begins at {start:#x}: the image must not be stripped"
                ));
            }
            while let Some((from, is_code)) = marks.next() {
                let to = marks.peek().map_or(end, |(to, _)| **to);
                let (from_at, to_at) = (usize::try_from(from - start), usize::try_from(to - start));
                let (Ok(from_at), Ok(to_at)) = (from_at, to_at) else {
                    continue;
                };
                let piece = data.get(from_at..to_at).unwrap_or_default();
                if *is_code {
                    code.instructions(*from, piece);
                } else {
                    code.data(*from, piece);
                }
            }
        }
        Ok(code)
    }

    fn instructions(&mut self, start: u64, bytes: &[u8]) {
        let halves: Vec<u16> = bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|half| u16::from_le_bytes(*half))
            .collect();
        // The lower halves that stand in the registers.
        let mut lower = [None; 16];
        let mut at = 0;
        while let Some(first) = halves.get(at) {
            let address = start + 2 * at as u64;
            let second = halves.get(at + 1).copied().unwrap_or_default();
            match thumb::decode(address, *first, second) {
                Instruction::Branch(to) => self.branches.push((address, to)),
                Instruction::Low { register, half } => {
                    lower[usize::from(register)] = Some(half);
                }
                Instruction::High { register, half } => {
                    if let Some(low) = lower[usize::from(register)].take() {
                        let value = u64::from(half) << 16 | u64::from(low);
                        self.words.push((address, value));
                    }
                }
                Instruction::Other => {}
            }
            at += if thumb::length(*first) == 4 { 2 } else { 1 };
        }
    }

    fn data(&mut self, start: u64, bytes: &[u8]) {
        // Words lie at multiples of four.
        let skipped = usize::try_from(start.wrapping_neg() & 3).unwrap_or_default();
        let words = bytes.get(skipped..).unwrap_or_default().as_chunks::<4>().0;
        let mut address = start + skipped as u64;
        for word in words {
            self.words.push((address, u32::from_le_bytes(*word).into()));
            address += 4;
        }
    }
}

/// Where code begins (`true`) and where data.
fn marks(file: &File<'_>) -> BTreeMap<u64, bool> {
    let mut marks = BTreeMap::new();
    for symbol in file.symbols() {
        let Ok(name) = symbol.name() else { continue };
        let kind = name.split('.').next().unwrap_or(name);
        match kind {
            "$t" => marks.insert(symbol.address() & !1, true),
            "$d" => marks.insert(symbol.address(), false),
            _ => None,
        };
    }
    marks
}
