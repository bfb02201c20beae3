//! What an image takes of a chip: flash, static RAM, and who takes it.
//!
//! Code is counted by crate instruction by instruction. A symbol alone would
//! not do: with link-time optimisation a task's `poll` holds most of a client,
//! of its TLS and of its network stack, inlined, and would be booked on the
//! executor. So each address is looked up in the debug information: of the
//! functions that were inlined there, the innermost one that is not `core`'s
//! has the byte. `core` keeps what is called rather than inlined.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::Range;
use std::path::Path;

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian};
use object::{
    File, Object as _, ObjectSection as _, ObjectSymbol as _, Section, SectionFlags, elf,
};

use super::origin;
use crate::run::Result;

/// The row of constants that have no name: texts, tables, places of panics.
pub const UNNAMED: &str = "(unnamed constants)";

/// The row of what belongs to no crate: vectors, assembly, padding.
pub const NO_CRATE: &str = "(no crate)";

/// Crates whose inlined functions count as their caller's.
pub(super) const LIBRARY: [&str; 3] = ["core", "alloc", "compiler_builtins"];

/// A Thumb instruction has 2 or 4 bytes.
const INSTRUCTION: u64 = 2;

/// What an image takes, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Instructions, with the constants among them.
    pub code: u64,
    /// Constants, with the vector table.
    pub constants: u64,
    /// Statics that begin with something else than zeros: RAM, and their
    /// initial values in flash.
    pub initialised: u64,
    /// Statics that begin as zeros, or as whatever was there: RAM alone.
    pub zeroed: u64,
    /// Flash by crate; the sum is [`Self::flash`].
    pub crates: BTreeMap<String, u64>,
    /// Statics in RAM by name, the largest first.
    pub statics: Vec<(String, u64)>,
}

impl Sizes {
    /// Bytes of flash.
    #[must_use]
    pub fn flash(&self) -> u64 {
        self.code + self.constants + self.initialised
    }

    /// Bytes of RAM taken from the start, without the stack.
    #[must_use]
    pub fn static_ram(&self) -> u64 {
        self.initialised + self.zeroed
    }
}

/// Where a section goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    Constants,
    Initialised,
    Zeroed,
}

/// Reads an ELF image for a Cortex-M with line tables (`debug =
/// "line-tables-only"` is enough).
///
/// # Errors
///
/// The file cannot be read, is no such image, or its debug information is
/// damaged; the message names the file.
pub fn read(image: &Path) -> Result<Sizes> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", image.display());
    let bytes = fs::read(image).map_err(|error| wrong(&error))?;
    let file = File::parse(&*bytes).map_err(|error| wrong(&error))?;
    measure(&file).map_err(|error| wrong(&error))
}

/// Bytes of flash, and of RAM from the start, of an ELF image for any chip: what
/// it loads, and what it takes at the addresses `ram`, the stack excepted. Without
/// crates and statics, so that no debug information is needed.
///
/// # Errors
///
/// The file cannot be read or is no ELF image; the message names it.
pub fn weigh(image: &Path, ram: &[Range<u64>]) -> Result<(u64, u64)> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", image.display());
    let bytes = fs::read(image).map_err(|error| wrong(&error))?;
    let file = File::parse(&*bytes).map_err(|error| wrong(&error))?;
    let mut weight = (0, 0);
    for section in file.sections() {
        let Some(place) = place(&section) else {
            continue;
        };
        if place != Place::Zeroed {
            weight.0 += section.size();
        }
        // esp-hal makes a section of what is left for the stack.
        let is_stack = section.name() == Ok(".stack");
        if !is_stack && ram.iter().any(|ram| ram.contains(&section.address())) {
            weight.1 += section.size();
        }
    }
    Ok(weight)
}

fn measure(file: &File<'_>) -> Result<Sizes> {
    let mut sizes = Sizes::default();
    let mut lines = Lines::new(file)?;
    for section in file.sections() {
        let Some(place) = place(&section) else {
            continue;
        };
        match place {
            Place::Code => {
                sizes.code += section.size();
                count_code(file, &section, &mut lines, &mut sizes.crates)?;
            }
            Place::Constants => {
                sizes.constants += section.size();
                count_data(file, &section, UNNAMED, &mut sizes.crates);
            }
            Place::Initialised => {
                sizes.initialised += section.size();
                count_data(file, &section, NO_CRATE, &mut sizes.crates);
                sizes.statics.extend(statics(file, &section));
            }
            Place::Zeroed => {
                sizes.zeroed += section.size();
                sizes.statics.extend(statics(file, &section));
            }
        }
    }
    sizes
        .statics
        .sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(sizes)
}

fn place(section: &Section<'_, '_>) -> Option<Place> {
    let SectionFlags::Elf { sh_flags } = section.flags() else {
        return None;
    };
    let has = |flag: u32| sh_flags & u64::from(flag) != 0;
    if !has(elf::SHF_ALLOC) || section.size() == 0 {
        None
    } else if section.kind() == object::SectionKind::UninitializedData {
        Some(Place::Zeroed)
    } else if has(elf::SHF_WRITE) {
        Some(Place::Initialised)
    } else if has(elf::SHF_EXECINSTR) {
        Some(Place::Code)
    } else {
        Some(Place::Constants)
    }
}

/// The debug information of an image.
pub(super) fn dwarf<'a>(file: &File<'a>) -> Result<Dwarf<EndianSlice<'a, LittleEndian>>> {
    Dwarf::load(|id| {
        let data = file
            .section_by_name(id.name())
            .map_or(Ok(&[][..]), |section| section.data())
            .map_err(|error| format!("{}: {error}", id.name()))?;
        Ok(EndianSlice::new(data, LittleEndian))
    })
}

/// Source files by address.
struct Lines<'a> {
    context: Context<EndianSlice<'a, LittleEndian>>,
    /// The crate of each source path met so far.
    crates: HashMap<String, Option<String>>,
}

impl<'a> Lines<'a> {
    fn new(file: &File<'a>) -> Result<Self> {
        let context = Context::from_dwarf(dwarf(file)?).map_err(|error| error.to_string())?;
        Ok(Self {
            context,
            crates: HashMap::new(),
        })
    }

    /// The crate of an instruction.
    fn of(&mut self, address: u64) -> Result<Option<String>> {
        let damaged = |error| format!("debug information of {address:#x}: {error}");
        let mut frames = self
            .context
            .find_frames(address)
            .skip_all_loads()
            .map_err(damaged)?;
        let mut found = None;
        while let Some(frame) = frames.next().map_err(damaged)? {
            let Some(path) = frame.location.and_then(|location| location.file) else {
                continue;
            };
            if !self.crates.contains_key(path) {
                self.crates.insert(path.to_owned(), origin::of_path(path));
            }
            let Some(name) = &self.crates[path] else {
                continue;
            };
            if !LIBRARY.contains(&name.as_str()) {
                return Ok(Some(name.clone()));
            }
            found.get_or_insert_with(|| name.clone());
        }
        Ok(found)
    }
}

fn count_code(
    file: &File<'_>,
    section: &Section<'_, '_>,
    lines: &mut Lines<'_>,
    crates: &mut BTreeMap<String, u64>,
) -> Result {
    let symbols = named_ranges(file, section);
    let end = section.address() + section.size();
    let mut address = section.address();
    while address < end {
        let next = (address + INSTRUCTION).min(end);
        let name = match lines.of(address)? {
            Some(name) => name,
            None => symbols
                .range(..=address)
                .next_back()
                .filter(|(_, (past, _))| address < *past)
                .and_then(|(_, (_, symbol))| origin::of_symbol(symbol))
                .unwrap_or_else(|| NO_CRATE.into()),
        };
        *crates.entry(name).or_default() += next - address;
        address = next;
    }
    Ok(())
}

/// Counts constants or initial values by the crates of their symbols. What is
/// between symbols, and what has no name, goes into the row `rest`.
fn count_data(
    file: &File<'_>,
    section: &Section<'_, '_>,
    rest: &str,
    crates: &mut BTreeMap<String, u64>,
) {
    let end = section.address() + section.size();
    let mut from = section.address();
    let mut add = |name: &str, bytes: u64| {
        if bytes > 0 {
            *crates.entry(name.to_owned()).or_default() += bytes;
        }
    };
    for (start, (past, symbol)) in named_ranges(file, section) {
        // Symbols may share bytes: the linker folds equal constants.
        let (start, past) = (start.max(from), past.min(end));
        if past <= start {
            continue;
        }
        add(rest, start - from);
        match origin::of_symbol(&symbol) {
            Some(name) => add(&name, past - start),
            None if symbol.starts_with(".L") => add(rest, past - start),
            None => add(NO_CRATE, past - start),
        }
        from = past;
    }
    add(rest, end - from);
}

/// The symbols with a size in a section: start, end, name.
fn named_ranges(file: &File<'_>, section: &Section<'_, '_>) -> BTreeMap<u64, (u64, String)> {
    let inside = section.address()..section.address() + section.size();
    // The lowest bit of a function's address says that it is Thumb code.
    let thumb = match section.kind() {
        object::SectionKind::Text => INSTRUCTION - 1,
        _ => 0,
    };
    file.symbols()
        .filter(|symbol| symbol.size() > 0 && symbol.section_index() == Some(section.index()))
        .filter_map(|symbol| {
            let start = symbol.address() & !thumb;
            let name = symbol.name().ok()?.to_owned();
            inside
                .contains(&start)
                .then(|| (start, (start.saturating_add(symbol.size()), name)))
        })
        .collect()
}

fn statics(file: &File<'_>, section: &Section<'_, '_>) -> Vec<(String, u64)> {
    named_ranges(file, section)
        .into_iter()
        .map(|(start, (past, symbol))| (origin::readable(&symbol), past - start))
        .collect()
}
