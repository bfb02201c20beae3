//! The boards have a workspace of their own, which `cargo test` does not see
//! from here. What they share knows no chip: its tests run on the host.

use std::fs;
use std::path::Path;

use wigwag_harness::provision::Board;
use xtask::firmware::hardware::HARDWARE;
use xtask::firmware::{SHARED, boards_cargo};

#[test]
fn what_the_boards_share_passes_its_own_tests() {
    let output = boards_cargo(&["test", "--quiet", "--package", SHARED])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    // Not one test would be a success too.
    let passed = said.lines().find_map(|line| {
        let counts = line.strip_prefix("test result: ok. ")?;
        counts.split(' ').next()?.parse::<u32>().ok()
    });
    assert!(passed.is_some_and(|passed| passed > 0), "{said}");
}

/// The numbers of `NAME : ORIGIN = 0x1000, LENGTH = 64K` in a memory map.
fn region(map: &str, name: &str) -> Option<(u32, usize)> {
    let line = map.lines().find_map(|line| {
        let rest = line.trim_start().strip_prefix(name)?;
        rest.trim_start().strip_prefix(':')
    })?;
    let (origin, length) = line.split_once(',')?;
    let value = |text: &str| Some(text.split_once('=')?.1.trim().to_owned());
    let (origin, length) = (value(origin)?, value(length)?);
    let origin = u32::from_str_radix(origin.strip_prefix("0x")?, 16).ok()?;
    let length = length.strip_suffix('K')?.parse::<usize>().ok()?;
    Some((origin, length << 10))
}

/// The same of a table of partitions: `name, data, 0x41, 0x1000, 0x2000`.
fn partition(table: &str, name: &str) -> Option<(u32, usize)> {
    let columns = table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split(',').map(str::trim).collect();
        (columns.len() == 5 && columns[0] == name).then_some(columns)
    })?;
    let number = |text: &str| u32::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    Some((number(columns[3])?, number(columns[4])? as usize))
}

#[test]
fn settings_are_provisioned_to_where_each_board_looks_for_them() {
    let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../embassy-client/boards");
    let mut found = Vec::new();
    for entry in fs::read_dir(boards).unwrap() {
        let folder = entry.unwrap();
        let read = |file: &str| fs::read_to_string(folder.path().join(file));
        let there = match (read("partitions.csv"), read("memory.x")) {
            (Ok(table), _) => partition(&table, "settings"),
            (Err(_), Ok(map)) => region(&map, "SETTINGS"),
            (Err(_), Err(_)) => continue,
        };
        let name = folder.file_name().into_string().unwrap();
        let board = Board::of_name(&name)
            .unwrap_or_else(|| panic!("{name} has a memory map and is not in the table"));
        assert_eq!(there, Some((board.address, board.size)), "{name}");
        found.push(name);
    }
    assert!(found.iter().any(|name| name == "qemu-mps2-an386"));
    assert_eq!(
        region("A : ORIGIN = 0x10, LENGTH = 2K", "A"),
        Some((16, 2048))
    );
    assert_eq!(partition("a, data, 0x41, 0x10, 0x20", "a"), Some((16, 32)));
}

#[test]
fn the_esp32c6_has_its_regions_where_its_partition_table_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../embassy-client/boards/esp32c6");
    let table = fs::read_to_string(folder.join("partitions.csv")).unwrap();
    let regions = fs::read_to_string(folder.join("src/regions.rs")).unwrap();
    let regions = regions.replace('_', "");
    let partition = |name: &str| {
        let rows = table.lines().map(|line| line.split(',').map(str::trim));
        let mut row = rows.filter(|row| row.clone().next() == Some(name));
        let mut row = row.next().unwrap().skip(3);
        let mut number = || {
            let text = row.next()?.strip_prefix("0x")?;
            usize::from_str_radix(text, 16).ok()
        };
        (number().unwrap(), number().unwrap())
    };
    for name in ["journal", "settings"] {
        let (offset, size) = partition(name);
        let said = format!(
            "{}: Range<u32> = {offset:#x}..{:#x};",
            name.to_uppercase(),
            offset + size
        );
        assert!(regions.contains(&said), "no {said}");
    }
    let board = Board::of_name("esp32c6").unwrap();
    assert_eq!(partition("settings"), (board.address as usize, board.size));
}

/// The boards people own are workspaces of their own: nothing but this keeps what
/// they say of lints and profiles together.
#[test]
fn all_boards_are_built_and_looked_at_alike() {
    let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../embassy-client/boards");
    let manifest = |folder: &Path| -> toml::Table {
        let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        toml::from_str(&text).unwrap()
    };
    let shared = manifest(&boards);
    for board in &HARDWARE {
        let own = manifest(&board.folder());
        assert_eq!(own["lints"], shared["workspace"]["lints"], "{}", board.name);
        let mut release = own["profile"]["release"].clone();
        // Its radio is the one thing that is built otherwise.
        let packages = release["package"].as_table_mut().unwrap();
        let radio = packages.remove("esp-radio");
        assert_eq!(radio.is_some(), board.name == "esp32c6", "{}", board.name);
        assert_eq!(release, shared["profile"]["release"], "{}", board.name);
    }
}
