//! Who refers to whom in a linked module.
//!
//! A module says which function calls which. It does not say whose address is
//! taken, nor what in its memory a function reads: those are numbers like others. The
//! linker knew, and with `--emit-relocs` it writes it down: a list of symbols, and of
//! the places in code and data where their addresses were put
//! (<https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md>).

use std::collections::HashMap;
use std::ops::Range;

use wasmparser::{
    DataKind, KnownCustom, Linking, Name, Operator, Parser, Payload, RelocSectionReader,
    RelocationType, SymbolInfo, TypeRef,
};

/// What the linker knew.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// To what a function, by its name, refers besides calling it.
    pub(crate) functions: HashMap<String, Vec<Target>>,
    /// The constants and variables, in the order of their addresses. No two overlap.
    pub(crate) data: Vec<Datum>,
    /// What is referred to from data that has no name.
    pub(crate) nameless: Vec<Target>,
    /// Where the segments of memory lie, in their order.
    pub(crate) segments: Vec<Range<u32>>,
}

/// Something whose address is taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A function, by its name.
    Function(String),
    /// An index of [`Links::data`].
    Datum(usize),
}

/// A constant or a variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Datum {
    /// Where it lies in memory.
    pub(crate) bytes: Range<u32>,
    /// Whether nothing ever writes to it.
    pub(crate) is_constant: bool,
    /// To what it refers.
    pub(crate) refers: Vec<Target>,
    /// Whether it is where in the source a panic was made: a `core::panic::Location`,
    /// which only the panic's message, that nobody sees in a browser, is made of.
    pub(crate) is_source_place: bool,
}

/// An error that names what was read.
fn wrong(error: impl std::fmt::Display) -> String {
    format!("the linker's relocations: {error}")
}

/// Reads them from a module that was linked with `--emit-relocs`.
///
/// # Errors
///
/// It was not, or is no module.
pub(crate) fn read(module: &[u8]) -> Result<Links, String> {
    let file = File::read(module)?;
    let mut links = Links::default();
    let owner = file.data(&mut links);
    let segments = file.segments.iter();
    links.segments = segments
        .map(|(file, address, _)| *address..address + file.len() as u32)
        .collect();
    for relocation in &file.code {
        let Some(target) = file.target(relocation, &owner) else {
            continue;
        };
        let function = file.function_at(relocation.place)?;
        let refers = links.functions.entry(function.to_owned()).or_default();
        refers.push(target);
    }
    for relocation in &file.data {
        let Some(target) = file.target(relocation, &owner) else {
            continue;
        };
        let address = file.address_of(relocation.place)?;
        match find(&links.data, address) {
            Some(datum) => links.data[datum].refers.push(target),
            None => links.nameless.push(target),
        }
    }
    for index in 0..links.data.len() {
        if file.is_source_place(&links.data[index], &links.data) {
            links.data[index].is_source_place = true;
            links.data[index].refers.clear();
        }
    }
    Ok(links)
}

/// The datum at an address.
pub(crate) fn find(data: &[Datum], address: u32) -> Option<usize> {
    let behind = data.partition_point(|datum| datum.bytes.start <= address);
    let index = behind.checked_sub(1)?;
    data[index].bytes.contains(&address).then_some(index)
}

/// What a module's sections say, before it is put together.
#[derive(Default)]
struct File<'a> {
    module: &'a [u8],
    /// The functions' names, by their index.
    names: HashMap<u32, &'a str>,
    /// Where functions' bodies are in the file, and their index.
    bodies: Vec<(Range<usize>, u32)>,
    /// Where segments are in the file, their address and whether they are constant.
    segments: Vec<(Range<usize>, u32, bool)>,
    symbols: Vec<SymbolInfo<'a>>,
    code: Vec<Relocation>,
    data: Vec<Relocation>,
}

/// A place where an address was put.
struct Relocation {
    /// In the file.
    place: usize,
    /// Whether it is the number of a function in the table.
    is_function: bool,
    symbol: u32,
}

impl<'a> File<'a> {
    fn read(module: &'a [u8]) -> Result<Self, String> {
        let mut file = Self {
            module,
            ..Self::default()
        };
        let mut code_begin = None;
        let mut data_begin = None;
        let mut imported = 0;
        let mut is_linked = false;
        for payload in Parser::new(0).parse_all(module) {
            match payload.map_err(wrong)? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(wrong)?;
                        imported += u32::from(matches!(import.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { range, .. } => code_begin = Some(range.start),
                Payload::CodeSectionEntry(body) => {
                    let index = imported + file.bodies.len() as u32;
                    file.bodies.push((body.range(), index));
                }
                Payload::DataSection(section) => {
                    data_begin = Some(section.range().start);
                    for data in section {
                        file.segment(&data.map_err(wrong)?)?;
                    }
                }
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Name(names) => file.read_names(names)?,
                    KnownCustom::Linking(linking) => {
                        is_linked = true;
                        for part in linking.subsections() {
                            file.linking(part.map_err(wrong)?)?;
                        }
                    }
                    KnownCustom::Reloc(entries) => {
                        let (begin, list) = match section.name() {
                            "reloc.CODE" => (code_begin, &mut file.code),
                            "reloc.DATA" => (data_begin, &mut file.data),
                            _ => continue,
                        };
                        let begin = begin.ok_or_else(|| wrong("they are of no section"))?;
                        *list = relocations(&entries, begin)?;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        if !is_linked || file.names.is_empty() {
            return Err("the module was not linked with --emit-relocs, or has no names".into());
        }
        Ok(file)
    }

    fn segment(&mut self, data: &wasmparser::Data<'_>) -> Result<(), String> {
        let DataKind::Active { offset_expr, .. } = &data.kind else {
            return Err("a segment of the linked module has no address".into());
        };
        let mut operators = offset_expr.get_operators_reader();
        let Operator::I32Const { value } = operators.read().map_err(wrong)? else {
            return Err("a segment of the linked module has no constant address".into());
        };
        let end = data.range.end;
        self.segments
            .push((end - data.data.len()..end, value as u32, false));
        Ok(())
    }

    fn read_names(&mut self, names: wasmparser::NameSectionReader<'a>) -> Result<(), String> {
        for name in names {
            if let Name::Function(map) = name.map_err(wrong)? {
                for naming in map {
                    let naming = naming.map_err(wrong)?;
                    self.names.insert(naming.index, naming.name);
                }
            }
        }
        Ok(())
    }

    fn linking(&mut self, part: Linking<'a>) -> Result<(), String> {
        match part {
            Linking::SegmentInfo(segments) => {
                for (known, segment) in self.segments.iter_mut().zip(segments) {
                    known.2 = segment.map_err(wrong)?.name.starts_with(".rodata");
                }
            }
            Linking::SymbolTable(symbols) => {
                for symbol in symbols {
                    self.symbols.push(symbol.map_err(wrong)?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Lists the named data, and says which of them a symbol is.
    fn data(&self, links: &mut Links) -> HashMap<u32, usize> {
        let mut all = Vec::new();
        for (symbol, info) in self.symbols.iter().enumerate() {
            let SymbolInfo::Data {
                symbol: Some(place),
                ..
            } = info
            else {
                continue;
            };
            let Some((file, address, is_constant)) = self.segments.get(place.index as usize) else {
                continue;
            };
            let end = u64::from(place.offset) + u64::from(place.size);
            if place.size > 0 && end <= file.len() as u64 {
                let begin = address + place.offset;
                all.push((begin..begin + place.size, *is_constant, symbol as u32));
            }
        }
        all.sort_by_key(|(bytes, ..)| (bytes.start, bytes.end));
        let mut owner = HashMap::new();
        for (bytes, is_constant, symbol) in all {
            match links.data.last_mut() {
                // Several names of one thing, or of a part of it.
                Some(last) if bytes.start < last.bytes.end => {
                    last.bytes.end = last.bytes.end.max(bytes.end);
                }
                _ => links.data.push(Datum {
                    bytes,
                    is_constant,
                    ..Datum::default()
                }),
            }
            owner.insert(symbol, links.data.len() - 1);
        }
        owner
    }

    /// A file's name that ends in `.rs` with a NUL behind it, as `Location` has it
    /// since Rust 1.90, then its length, the line and the column.
    fn is_source_place(&self, datum: &Datum, data: &[Datum]) -> bool {
        let [Target::Datum(name)] = datum.refers[..] else {
            return false;
        };
        let word = |index: u32| {
            let bytes = self.bytes(datum.bytes.start + 4 * index, 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let Some(length) = word(1) else { return false };
        let name = &data[name].bytes;
        let text = self.bytes(name.start, length as usize);
        datum.is_constant
            && datum.bytes.len() == 16
            && word(0) == Some(name.start)
            && name.len() - 1 == length as usize
            && text.is_some_and(|text| text.ends_with(b".rs"))
    }

    /// What is in memory at an address.
    fn bytes(&self, address: u32, length: usize) -> Option<&'a [u8]> {
        self.segments.iter().find_map(|(file, begin, _)| {
            let offset = address.checked_sub(*begin)? as usize;
            let bytes = self.module.get(file.clone())?;
            bytes.get(offset..offset.checked_add(length)?)
        })
    }

    fn target(&self, relocation: &Relocation, owner: &HashMap<u32, usize>) -> Option<Target> {
        if !relocation.is_function {
            return owner.get(&relocation.symbol).copied().map(Target::Datum);
        }
        match self.symbols.get(relocation.symbol as usize)? {
            SymbolInfo::Func { index, .. } => {
                let name = self.names.get(index)?;
                Some(Target::Function((*name).to_owned()))
            }
            _ => None,
        }
    }

    fn function_at(&self, place: usize) -> Result<&'a str, String> {
        let behind = self.bodies.partition_point(|(body, _)| body.start <= place);
        let found = behind.checked_sub(1).map(|index| &self.bodies[index]);
        found
            .filter(|(body, _)| body.contains(&place))
            .and_then(|(_, index)| self.names.get(index).copied())
            .ok_or_else(|| wrong(format_args!("byte {place} lies in no function")))
    }

    fn address_of(&self, place: usize) -> Result<u32, String> {
        let mut segments = self.segments.iter();
        segments
            .find(|(file, ..)| file.contains(&place))
            .map(|(file, address, _)| address + (place - file.start) as u32)
            .ok_or_else(|| wrong(format_args!("byte {place} lies in no segment")))
    }
}

/// The places where a function's number in the table or the address of data was put.
fn relocations(section: &RelocSectionReader<'_>, begin: usize) -> Result<Vec<Relocation>, String> {
    let mut all = Vec::new();
    for entry in section.entries() {
        let entry = entry.map_err(wrong)?;
        let is_function = match entry.ty {
            RelocationType::TableIndexSleb | RelocationType::TableIndexI32 => true,
            RelocationType::MemoryAddrLeb
            | RelocationType::MemoryAddrSleb
            | RelocationType::MemoryAddrI32 => false,
            // A call or the like, which the module itself says.
            RelocationType::FunctionIndexLeb
            | RelocationType::TypeIndexLeb
            | RelocationType::GlobalIndexLeb
            | RelocationType::TableNumberLeb => continue,
            other => return Err(wrong(format_args!("{other:?} is not known here"))),
        };
        all.push(Relocation {
            place: begin + entry.offset as usize,
            is_function,
            symbol: entry.index,
        });
    }
    Ok(all)
}
