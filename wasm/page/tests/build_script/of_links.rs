//! Tests of `build/links.rs`, on a module as a linker leaves it.

use crate::links::{Datum, Links, Target, find, read};
use crate::wasm::{
    CALL, CONST, DROP, body, custom, functions, list, module, names, number, section, sized, text,
    types, wide,
};

/// Where the constants are in memory, and the variables.
const CONSTANTS: u32 = 1024;
const VARIABLES: u32 = 4096;

/// Kinds of relocations.
const FUNCTION_INDEX: u8 = 0;
const TABLE_INDEX_SLEB: u8 = 1;
const TABLE_INDEX_I32: u8 = 2;
const MEMORY_ADDR_SLEB: u8 = 4;
const MEMORY_ADDR_I32: u8 = 5;
const FUNCTION_OFFSET: u8 = 8;

/// Symbols: the functions in their order, then data.
const CALLEE: u32 = 2;
const TEXT: u32 = 3;
const ALIAS: u32 = 4;
const COUNTER: u32 = 6;
const EMPTY: u32 = 7;

/// A relocation: its kind, its place in the section, the symbol.
type Place = (u8, u32, u32);

/// What the tests change in a module.
struct Parts {
    code: Vec<Place>,
    data: Vec<Place>,
    /// What is in memory at [`CONSTANTS`].
    constants: Vec<u8>,
    /// Offset and size of [`TEXT`], [`ALIAS`] and [`TABLE`] there.
    places: [(u32, u32); 3],
    /// The first byte of the first segment: whether it has an address.
    segment: u8,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            code: Vec::new(),
            data: Vec::new(),
            constants: vec![0; 32],
            places: [(0, 8), (4, 8), (16, 8)],
            segment: 0,
        }
    }
}

/// Where the first constant of the second function stands in the section of code: behind
/// the count, the first function (3 bytes), and size, locals and opcode of its own.
const FIRST: u32 = 1 + 3 + 3;
/// The second constant: behind the first (5 bytes), a drop and an opcode.
const SECOND: u32 = FIRST + 5 + 2;

impl Parts {
    /// An imported function, one that does nothing (`callee`), and one that drops two
    /// constants and calls the former (`caller`).
    fn module(&self) -> Vec<u8> {
        let import = [text("env"), text("imported"), vec![0, 0]].concat();
        let caller = [
            vec![CONST],
            wide(1),
            vec![DROP, CONST],
            wide(CONSTANTS),
            vec![DROP, CALL],
            wide(1),
        ];
        let bodies = [body(&[]), body(&caller.concat())];
        let segment = |first: u8, address: u32, bytes: &[u8]| {
            let expression = [vec![CONST], number_signed(address), vec![0x0b]].concat();
            match first {
                0 => [vec![0], expression, sized(bytes)].concat(),
                _ => [vec![first], sized(bytes)].concat(),
            }
        };
        let segments = [
            segment(self.segment, CONSTANTS, &self.constants),
            segment(0, VARIABLES, &[0; 8]),
        ];
        module(&[
            types(),
            section(2, &list(&[import])),
            functions(2),
            section(10, &list(&bodies)),
            section(11, &list(&segments)),
            custom("linking", &self.linking()),
            custom("reloc.CODE", &relocations(&self.code)),
            custom("reloc.DATA", &relocations(&self.data)),
            names(&["imported", "callee", "caller"]),
        ])
    }

    fn linking(&self) -> Vec<u8> {
        let function = |index: u32, name: &str| {
            // One that is imported has its name from there.
            match index {
                0 => vec![0, 0x10, 0],
                _ => [vec![0, 0], number(index), text(name)].concat(),
            }
        };
        let datum = |name: &str, segment: u32, (offset, size): (u32, u32)| {
            let place = [segment, offset, size].map(number).concat();
            [vec![1, 0], text(name), place].concat()
        };
        let [of_text, alias, table] = self.places;
        let symbols = [
            function(0, ""),
            function(2, "caller"),
            function(1, "callee"),
            datum("text", 0, of_text),
            datum("alias", 0, alias),
            datum("table", 0, table),
            datum("counter", 1, (0, 4)),
            datum("empty", 1, (6, 0)),
        ];
        let named = [".rodata.a", ".data.b"];
        let named = named.map(|name| [text(name), vec![0, 0]].concat());
        [
            number(2),
            section(8, &list(&symbols)),
            section(5, &list(&named)),
        ]
        .concat()
    }

    fn read(&self) -> Result<Links, String> {
        read(&self.module())
    }
}

/// A signed number that is not negative.
fn number_signed(value: u32) -> Vec<u8> {
    let mut bytes = number(value);
    let last = bytes.len() - 1;
    if bytes[last] & 0x40 != 0 {
        bytes[last] |= 0x80;
        bytes.push(0);
    }
    bytes
}

fn relocations(places: &[Place]) -> Vec<u8> {
    let entries: Vec<_> = places
        .iter()
        .map(|&(kind, offset, symbol)| {
            let entry = [vec![kind], number(offset), number(symbol)].concat();
            // Those of addresses and offsets have an addend.
            match kind {
                3..=5 | 8 => [entry, vec![0]].concat(),
                _ => entry,
            }
        })
        .collect();
    // The number of the section that they are about, which nobody reads.
    [vec![0], list(&entries)].concat()
}

/// Where a constant's byte stands in the section of data: behind the count, and kind,
/// address (opcode, two bytes, end) and size of the segment.
fn in_constants(offset: u32) -> u32 {
    1 + 1 + 4 + 1 + offset
}

fn ranges(links: &Links) -> Vec<(u32, u32, bool)> {
    let data = links.data.iter();
    data.map(|it| (it.bytes.start, it.bytes.end, it.is_constant))
        .collect()
}

#[test]
fn data_are_listed_by_their_addresses_and_names_of_one_thing_are_one() {
    let links = Parts::default().read().unwrap();
    let expected = [
        // The text and its alias, which begins inside it and ends behind it.
        (CONSTANTS, CONSTANTS + 12, true),
        (CONSTANTS + 16, CONSTANTS + 24, true),
        (VARIABLES, VARIABLES + 4, false),
    ];
    assert_eq!(ranges(&links), expected);
    let segments = [CONSTANTS..CONSTANTS + 32, VARIABLES..VARIABLES + 8];
    assert_eq!(links.segments, segments);
    assert!(links.functions.is_empty() && links.nameless.is_empty());
}

#[test]
fn a_function_refers_to_what_its_constants_are() {
    let parts = Parts {
        code: vec![
            (TABLE_INDEX_SLEB, FIRST, CALLEE),
            (MEMORY_ADDR_SLEB, SECOND, ALIAS),
            // A call, which the module itself says, and a datum of no bytes.
            (FUNCTION_INDEX, SECOND + 7, CALLEE),
            (MEMORY_ADDR_SLEB, SECOND, EMPTY),
        ],
        ..Parts::default()
    };
    let links = parts.read().unwrap();
    let expected = [Target::Function("callee".into()), Target::Datum(0)];
    assert_eq!(links.functions["caller"], expected);
    assert_eq!(links.functions.len(), 1);
}

#[test]
fn data_refer_to_functions_and_to_data_and_what_has_no_name_is_kept() {
    let parts = Parts {
        data: vec![
            (TABLE_INDEX_I32, in_constants(16), CALLEE),
            (MEMORY_ADDR_I32, in_constants(20), COUNTER),
            (MEMORY_ADDR_I32, in_constants(28), TEXT),
        ],
        ..Parts::default()
    };
    let links = parts.read().unwrap();
    let expected = [Target::Function("callee".into()), Target::Datum(2)];
    assert_eq!(links.data[1].refers, expected);
    assert_eq!(links.nameless, [Target::Datum(0)]);
    assert!(links.data[0].refers.is_empty() && links.data[2].refers.is_empty());
}

#[test]
fn a_place_in_the_source_is_known_by_its_shape() {
    let with = |name: &[u8; 12], length: u32| {
        let words = [CONSTANTS, length, 7, 3].map(u32::to_le_bytes).concat();
        let parts = Parts {
            constants: [name.as_slice(), &[0; 4], &words].concat(),
            places: [(0, 12), (0, 12), (16, 16)],
            data: vec![(MEMORY_ADDR_I32, in_constants(16), TEXT)],
            ..Parts::default()
        };
        let links = parts.read().unwrap();
        assert_eq!(links.data.len(), 3);
        let [_, place, _] = &links.data[..] else {
            unreachable!("three");
        };
        assert_eq!(place.is_source_place, place.refers.is_empty());
        place.is_source_place
    };
    assert!(with(b"src/file.rs\0", 11));
    // Another file, a text of another length, and one that is longer than memory.
    assert!(!with(b"src/file.js\0", 11));
    assert!(!with(b"src/file.rs\0", 10));
    assert!(!with(b"src/file.rs\0", u32::MAX));
}

#[test]
fn a_datum_is_found_by_any_of_its_addresses_and_by_no_other() {
    let datum = |bytes| Datum {
        bytes,
        ..Datum::default()
    };
    let data = [datum(10..12), datum(12..13), datum(20..24)];
    let found = [9, 10, 11, 12, 13, 19, 20, 23, 24].map(|address| find(&data, address));
    let expected = [
        None,
        Some(0),
        Some(0),
        Some(1),
        None,
        None,
        Some(2),
        Some(2),
        None,
    ];
    assert_eq!(found, expected);
    assert_eq!(find(&[], 0), None);
}

#[test]
fn what_cannot_be_true_is_told() {
    let code = |place| Parts {
        code: vec![place],
        ..Parts::default()
    };
    let data = |place| Parts {
        data: vec![place],
        ..Parts::default()
    };
    for (parts, said) in [
        (
            code((TABLE_INDEX_SLEB, 4000, CALLEE)),
            "lies in no function",
        ),
        (code((TABLE_INDEX_SLEB, 0, CALLEE)), "lies in no function"),
        (data((MEMORY_ADDR_I32, 0, TEXT)), "lies in no segment"),
        (data((MEMORY_ADDR_I32, 4000, TEXT)), "lies in no segment"),
        (code((FUNCTION_OFFSET, FIRST, CALLEE)), "is not known here"),
        (
            Parts {
                segment: 1,
                ..Parts::default()
            },
            "has no address",
        ),
    ] {
        let error = parts.read().unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    // A symbol that does not exist leads nowhere.
    let links = code((TABLE_INDEX_SLEB, FIRST, 99)).read().unwrap();
    assert!(links.functions.is_empty());
}

#[test]
fn a_module_without_what_the_linker_knew_is_refused() {
    let bare = module(&[types(), functions(0), names(&["a"])]);
    assert!(read(&bare).unwrap_err().contains("--emit-relocs"));
    let whole = Parts {
        code: vec![(TABLE_INDEX_SLEB, FIRST, CALLEE)],
        data: vec![(MEMORY_ADDR_I32, in_constants(16), TEXT)],
        ..Parts::default()
    };
    let whole = whole.module();
    assert!(read(&whole).is_ok());
    // The names are its last section.
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "{length} bytes");
    }
}
