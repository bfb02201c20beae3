//! What the documents promise about the project's own files.

use std::fs;
use std::path::{Path, PathBuf};

use xtask::firmware::Image;
use xtask::firmware::budget::{Budgets, Table};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    let path = project().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first block of Rust in a document, without the lines that rustdoc hides.
fn program(document: &str) -> Vec<String> {
    let lines = read(document);
    let mut lines = lines.lines();
    assert!(
        lines.any(|line| line.starts_with("```rust") || line.starts_with("```no_run")),
        "{document} has no program"
    );
    let block = lines.take_while(|line| *line != "```");
    let shown = block.filter(|line| *line != "#" && !line.starts_with("# "));
    shown.map(str::to_owned).collect()
}

#[test]
fn the_device_program_is_the_compiled_one_and_has_sixty_lines_at_most() {
    let compiled = program("embassy-client/src/front.md");
    assert!(compiled.len() <= 60, "{} lines", compiled.len());
    let shown = program("README.md");
    let text = |lines: &[String]| lines.join("\n").trim().to_owned();
    assert_eq!(text(&shown), text(&compiled));
    let library = read("embassy-client/src/lib.rs");
    assert!(library.contains("include_str!(\"front.md\")"));
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let command = "cargo xtask test --install";
    assert!(read("README.md").contains(command));
    assert!(read(".ci/run").lines().any(|line| line == command));
}

/// Documents round, and budgets may move a little before they are rewritten.
#[test]
fn what_the_documents_say_of_memory_is_near_the_budgets() {
    let budgets = Budgets::load(Image::Ngtt).unwrap();
    let figures = [
        (Table::Size, "flash", "flash"),
        (Table::Size, "static_ram", "static RAM"),
        (Table::Stack, "peak", "stack"),
    ];
    for document in ["README.md", "embassy-client/src/front.md"] {
        let text = read(document);
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ");
        for (table, row, name) in figures {
            let (before, _) = text
                .split_once(&format!(" KB of {name}"))
                .unwrap_or_else(|| panic!("{document} does not tell its {name}"));
            let said = before.rsplit(' ').next().unwrap_or_default();
            let said: u64 = said
                .parse()
                .unwrap_or_else(|_| panic!("{document}: {said}"));
            let budget = budgets.rows(table)[row];
            let off = budget.abs_diff(said * 1000);
            assert!(
                off <= budget * 3 / 100 + 500,
                "{document} says {said} KB of {name}, and its budget is {budget} bytes"
            );
        }
    }
}

/// All Rust files below a folder.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn the_device_crates_have_no_allocator_and_no_unsafe_code() {
    for name in ["codec", "embassy-client"] {
        let root = read(&format!("{name}/src/lib.rs"));
        assert!(root.contains("forbid(unsafe_code)"), "{name}");
        assert!(root.contains("no_std"), "{name}");
        let mut files = Vec::new();
        sources(&project().join(name).join("src"), &mut files);
        assert!(files.len() > 10, "{name}");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.contains("extern crate alloc"), "{}", file.display());
        }
    }
}
