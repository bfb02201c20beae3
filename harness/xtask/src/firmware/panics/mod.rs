//! Every place of an image that can panic, and why none can be reached from the
//! network: the list is committed with the board and held to the image.
//!
//! A place is a call into the machinery of panics that the compiler has left in
//! the image. Places are told apart by crate, source file
//! and function: of the functions that are inlined there the innermost one that is
//! not `core`'s, since nobody panics but by calling `core`. Line numbers are left
//! out, so that the list changes when the code does.
//!
//! What is not a place: a fault of the processor, and a loop without an end. A
//! function that the compiler merged with another has the name of one of them.

mod list;
mod machinery;
mod scan;
mod thumb;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use addr2line::Context;
use addr2line::gimli::{EndianSlice, LittleEndian};
use object::File;

use super::origin;
use super::size::{self, NO_CRATE, dwarf};
use crate::run::Result;

use scan::{Code, Entry, Functions};

pub use list::{List, Verdict};

/// A function that can panic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The crate, as Rust code writes it.
    pub name: String,
    /// The source file in its package; `-` where nothing is known of it.
    pub file: String,
    /// The function, without its path and its generic arguments.
    pub function: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.name, self.file, self.function)
    }
}

/// Where an image can panic, and the ways in which it does there: the function of
/// `core` that is inlined there (`unwrap`, `index`, `borrow_mut` and so on), or
/// what is called: `index` (out of bounds), `slice` (a range out of bounds), `copy`
/// (of lengths that differ), `pointer` (its address is taken), `panic` otherwise,
/// which includes futures that are polled after they were ready. With each is the
/// line, where it is known. The list has none of that: it shall change when the code
/// does something else.
pub type Places = BTreeMap<Place, BTreeSet<String>>;

/// Reads an ELF image for a Cortex-M with line tables and symbols.
///
/// # Errors
///
/// The file cannot be read, is no such image, or its debug information is
/// damaged; the message names the file.
pub fn read(image: &Path) -> Result<Places> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", image.display());
    let bytes = fs::read(image).map_err(|error| wrong(&error))?;
    let file = File::parse(&*bytes).map_err(|error| wrong(&error))?;
    places(&file, &scan::functions(&file)).map_err(|error| wrong(&error))
}

/// As [`read`], of an image that may have no machinery of panics at all: then it has no
/// place either.
///
/// # Errors
///
/// As [`read`].
pub fn read_any(image: &Path) -> Result<Places> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", image.display());
    let bytes = fs::read(image).map_err(|error| wrong(&error))?;
    let file = File::parse(&*bytes).map_err(|error| wrong(&error))?;
    let functions = scan::functions(&file);
    if scan::has_machinery(&functions) {
        places(&file, &functions).map_err(|error| wrong(&error))
    } else {
        Ok(Places::new())
    }
}

fn places(file: &File<'_>, functions: &Functions) -> Result<Places> {
    let code = Code::read(file)?;
    let context = Context::from_dwarf(dwarf(file)?).map_err(|error| error.to_string())?;
    let mut entries = scan::entries(functions, &code)?;
    let mut seen: BTreeSet<Entry> = entries.iter().copied().collect();
    let mut places = Places::new();
    while let Some(entry) = entries.pop() {
        let around = scan::around(functions, entry.address);
        let (place, way, line) = find(&context, entry.address, around.map(|(_, name)| name))?;
        // A function of the library that was not inlined panics on behalf of
        // whoever calls it, and so does what was common to several.
        if let Some((start, symbol)) = around
            && (is_library(&place.name) || symbol.starts_with(scan::OUTLINED))
        {
            let callers = code.branches.iter().filter(|(_, to)| *to == start);
            let callers = callers.map(|(address, _)| Entry {
                address: *address,
                way: entry.way,
            });
            let before = seen.len();
            entries.extend(callers.filter(|caller| seen.insert(*caller)));
            if seen.len() > before {
                continue;
            }
        }
        let way = way.as_deref().unwrap_or(entry.way);
        let way = match line {
            Some(line) => format!("{way} at line {line}"),
            None => way.to_owned(),
        };
        places.entry(place).or_default().insert(way);
    }
    Ok(places)
}

/// Whether a crate panics on behalf of whoever calls it: the standard library, and
/// the macros of defmt.
fn is_library(name: &str) -> bool {
    size::LIBRARY.contains(&name) || name == "defmt"
}

/// The function that an address belongs to, the library's function through which
/// it panics there, and the line of that.
fn find(
    context: &Context<EndianSlice<'_, LittleEndian>>,
    address: u64,
    symbol: Option<&str>,
) -> Result<(Place, Option<String>, Option<u32>)> {
    let damaged = |error| format!("debug information of {address:#x}: {error}");
    let mut frames = context
        .find_frames(address)
        .skip_all_loads()
        .map_err(damaged)?;
    let mut library = None;
    while let Some(frame) = frames.next().map_err(damaged)? {
        let line = frame.location.as_ref().and_then(|location| location.line);
        let path = frame.location.and_then(|location| location.file);
        let Some((path, name)) = path.and_then(|path| Some((path, origin::of_path(path)?))) else {
            continue;
        };
        let function = match &frame.function {
            Some(function) => function_name(&function.demangle().map_err(damaged)?),
            None => symbol.map_or_else(String::new, function_name),
        };
        if is_library(&name) {
            // The outermost is what the program called.
            library = Some(function);
            continue;
        }
        let file = origin::file_in_package(path);
        let place = Place {
            name,
            file,
            function,
        };
        return Ok((place, library, line));
    }
    // Nothing but the library's, or no source at all.
    let place = Place {
        name: symbol
            .and_then(origin::crate_of_readable)
            .unwrap_or_else(|| NO_CRATE.into()),
        file: "-".into(),
        function: symbol.map_or_else(|| "(constants)".into(), function_name),
    };
    Ok((place, None, None))
}

/// The last part of a path without the arguments of generics; that of a closure
/// has the function around it before it, where it is known.
fn function_name(path: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0_usize;
    for c in path.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let parts: Vec<&str> = plain.split("::").filter(|part| !part.is_empty()).collect();
    let is_name = |part: &&str| !part.starts_with('{');
    let last_name = parts.iter().rposition(is_name).unwrap_or(0);
    let parts = parts.get(last_name..).unwrap_or_default();
    parts.join("::").trim_end_matches(" as ").to_owned()
}
