//! Tests of `build/reach.rs`, on modules of a few functions.

use walrus::Module;

use crate::links::{Datum, Links, Target};
use crate::reach::{Late, Parts, Plan, START, divide};
use crate::wasm::{CALL, body, functions, list, module, names, number, section, text, types};

/// The late parts of [`PLAN`].
const LATE: usize = 1;
const OTHER: usize = 2;

const PLAN: Plan = Plan {
    start: &["open"],
    late: &[
        Late {
            name: "late",
            paths: &[("slow::", "takes long anyway")],
        },
        Late {
            name: "other",
            paths: &[("other::", "for the test")],
        },
    ],
    traps: &["core::panicking"],
};

/// The functions, with the indices of those that they call.
const FUNCTIONS: [(&str, &[u32]); 12] = [
    ("open", &[1, 2, 6]),
    ("near", &[0]),
    ("slow::work", &[3, 1, 6]),
    ("deep", &[]),
    ("later", &[5]),
    ("far", &[]),
    ("core::panicking::panic", &[7]),
    ("message", &[]),
    ("<other::Thing as Drop>::drop", &[9, 3]),
    ("helper", &[]),
    ("malloc", &[]),
    ("nobody's", &[]),
];
const NEAR: usize = 1;
const WORK: usize = 2;
const DEEP: usize = 3;
const FAR: usize = 5;
const PANIC: usize = 6;
const MESSAGE: usize = 7;
const DROP: usize = 8;
const HELPER: usize = 9;

const EXPORTS: [(&str, u32); 3] = [("open", 0), ("later", 4), ("__wbindgen_malloc", 10)];

fn parse(exports: &[(&str, u32)], start: Option<u32>) -> Module {
    let bodies = FUNCTIONS.map(|(_, calls)| {
        let calls = calls.iter().map(|to| [vec![CALL], number(*to)].concat());
        body(&calls.collect::<Vec<_>>().concat())
    });
    let exports: Vec<_> = exports
        .iter()
        .map(|(name, index)| [text(name), vec![0], number(*index)].concat())
        .collect();
    let bytes = module(&[
        types(),
        functions(FUNCTIONS.len()),
        section(7, &list(&exports)),
        start.map_or_else(Vec::new, |index| section(8, &number(index))),
        section(10, &list(&bodies)),
        names(&FUNCTIONS.map(|(name, _)| name)),
    ]);
    Module::from_buffer(&bytes).expect("a module")
}

fn divided(links: &Links) -> Parts {
    divide(&parse(&EXPORTS, None), links, &PLAN).expect("parts")
}

fn function(name: &str) -> Target {
    Target::Function(name.to_owned())
}

fn constant(refers: Vec<Target>) -> Datum {
    Datum {
        is_constant: true,
        refers,
        ..Datum::default()
    }
}

#[test]
fn each_function_is_in_the_part_that_needs_it_first() {
    let parts = divided(&Links::default());
    let expected = [
        START, START, LATE, LATE, LATE, LATE, START, LATE, OTHER, OTHER, START, LATE,
    ];
    assert_eq!(parts.functions, expected);
    let traps: Vec<usize> = (0..FUNCTIONS.len()).filter(|it| parts.traps[*it]).collect();
    assert_eq!(traps, [PANIC]);
    // Nobody's address is taken.
    assert_eq!(parts.taken, [false; FUNCTIONS.len()]);
}

#[test]
fn nothing_behind_a_trap_is_needed() {
    let mut links = Links::default();
    let message = vec![function("message"), Target::Datum(0)];
    links
        .functions
        .insert("core::panicking::panic".to_owned(), message);
    links.data.push(constant(vec![]));
    let parts = divided(&links);
    assert_eq!(parts.functions[MESSAGE], LATE, "where what nobody needs is");
    assert_eq!(parts.data, [None]);
    assert!(!parts.taken[MESSAGE]);
}

#[test]
fn an_address_taken_in_another_part_is_marked() {
    let mut links = Links::default();
    for (of, to) in [
        ("open", ["slow::work", "near"]),
        ("later", ["far", "helper"]),
    ] {
        let targets = to.map(function).to_vec();
        links.functions.insert(of.to_owned(), targets);
    }
    let parts = divided(&links);
    // The helper is needed by the first late part now, before the other one.
    assert_eq!(parts.functions[HELPER], LATE);
    let taken: Vec<usize> = (0..FUNCTIONS.len()).filter(|it| parts.taken[*it]).collect();
    assert_eq!(taken, [WORK]);
    assert_eq!(parts.functions[WORK], LATE);
}

#[test]
fn a_table_of_functions_brings_them_along() {
    let mut links = Links::default();
    let table = vec![Target::Datum(0)];
    links.functions.insert("near".to_owned(), table);
    links.data = vec![
        constant(vec![Target::Datum(1)]),
        // In a circle, too.
        constant(vec![function("far"), Target::Datum(0)]),
    ];
    let parts = divided(&links);
    assert_eq!(parts.functions[NEAR], START);
    assert_eq!(parts.functions[FAR], START);
    assert_eq!(parts.data, [Some(START), Some(START)]);
    // Of its own part only.
    assert!(!parts.taken[FAR]);
}

#[test]
fn constants_go_with_the_part_that_reads_them_and_the_rest_is_there_at_once() {
    let mut links = Links::default();
    for (name, data) in [
        ("open", vec![0, 5]),
        ("deep", vec![1, 2, 3, 5]),
        ("helper", vec![2]),
    ] {
        let targets = data.into_iter().map(Target::Datum).collect();
        links.functions.insert(name.to_owned(), targets);
    }
    links.data = vec![constant(vec![]); 6];
    links.data[3].is_constant = false;
    links.data[5].is_source_place = true;
    let parts = divided(&links);
    assert_eq!(parts.functions[DEEP], LATE);
    assert_eq!(parts.functions[HELPER], OTHER);
    let expected = [
        Some(START),
        Some(LATE),
        // Two late parts read it.
        Some(START),
        // It is written to.
        Some(START),
        // Nobody reads it.
        None,
        // Only a panic's message would.
        None,
    ];
    assert_eq!(parts.data, expected);
}

#[test]
fn what_data_without_a_name_refers_to_is_the_starts() {
    let links = Links {
        nameless: vec![function("far"), Target::Datum(0)],
        data: vec![constant(vec![])],
        ..Links::default()
    };
    let parts = divided(&links);
    assert_eq!(parts.functions[FAR], START);
    assert_eq!(parts.data, [Some(START)]);
}

#[test]
fn what_runs_first_is_the_starts_and_so_is_an_export_that_is_named_for_it() {
    let module = parse(&EXPORTS, Some(FAR as u32));
    let parts = divide(&module, &Links::default(), &PLAN).expect("parts");
    assert_eq!(parts.functions[FAR], START);
    // Although its path is one of a late part.
    let module = parse(&[("open", WORK as u32), ("later", 4)], None);
    let parts = divide(&module, &Links::default(), &PLAN).expect("parts");
    assert_eq!(parts.functions[WORK], START);
    assert_eq!(parts.functions[DEEP], START);
    assert_eq!(parts.functions[DROP], OTHER);
}

#[test]
fn a_plan_that_names_what_is_not_there_is_refused() {
    let module = parse(&EXPORTS, None);
    let refused = |plan: &Plan| divide(&module, &Links::default(), plan).unwrap_err();
    let start = refused(&Plan {
        start: &["open", "gone", "lost"],
        ..PLAN
    });
    assert!(start.contains("there is no export gone, lost"), "{start}");
    let traps = refused(&Plan {
        traps: &["core::panicking", "std::gone"],
        ..PLAN
    });
    assert!(traps.contains("no function is called std::gone"), "{traps}");
    let late = refused(&Plan {
        late: &[Late {
            name: "late",
            paths: &[("slow::", "there"), ("lost::", "not there")],
        }],
        ..PLAN
    });
    assert!(late.contains("no function is called lost::"), "{late}");
}
