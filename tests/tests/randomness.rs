//! Random numbers come from the caller: nothing that a device is built from
//! makes its own, and no seed stands in the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Crates that make random numbers, or let a program make them from a number
/// that it made up. `rand_core` is not one: without features it has traits only.
const GENERATORS: [&str; 12] = [
    "fastrand",
    "getrandom",
    "nanorand",
    "oorandom",
    "rand",
    "rand_chacha",
    "rand_hc",
    "rand_pcg",
    "rand_xorshift",
    "rand_xoshiro",
    "turborand",
    "wyrand",
];

/// What would be a generator of the host, or one that starts from a number.
const FORBIDDEN: [&str; 8] = [
    "OsRng",
    "SeedableRng",
    "from_entropy",
    "from_seed",
    "getrandom",
    "seed_from_u64",
    "thread_rng",
    "UnsecureProvider",
];

fn project() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the project's folder").to_owned()
}

/// Names of the crates that are linked into `package` for a microcontroller.
fn crates(folder: &str, package: &str) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let tree = Command::new(cargo)
        .current_dir(project().join(folder))
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p}"])
        // Macros and build scripts run on the host.
        .args(["--edges", "normal,no-proc-macro"])
        .args(["--target", xtask::targets::THUMB, "--package", package])
        .output()
        .expect("cargo runs");
    let error = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{error}");
    let text = String::from_utf8(tree.stdout).expect("UTF-8");
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn no_generator_is_linked_into_a_device() {
    for (folder, package) in [
        (".", "wigwag-embassy"),
        ("embassy-client/boards", "qemu-mps2-an386"),
    ] {
        let crates = crates(folder, package);
        assert!(crates.contains("embedded-tls"), "{package}: {crates:?}");
        let found: Vec<_> = crates
            .iter()
            .filter(|name| GENERATORS.contains(&name.as_str()))
            .collect();
        assert!(found.is_empty(), "{package} links {found:?}");
    }
}

/// Rust files below a folder, but not what was built there.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                sources(&path, into);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// What a file compiles into a device: no tests, no comments, no examples.
fn device_code(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_test = name.ends_with("_tests") || name.ends_with("_table") || name.starts_with("test_");
    let path_within = path.strip_prefix(project()).unwrap_or(path);
    let in_tests = path_within.iter().any(|part| part == "tests");
    if is_test || in_tests {
        return String::new();
    }
    let text = fs::read_to_string(path).expect("a source file");
    let code = match text.find("#[cfg(test)]\nmod tests {") {
        Some(tests) => &text[..tests],
        None => &text,
    };
    let lines = code.lines().map(str::trim_start);
    let lines = lines.filter(|line| !line.starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn no_device_code_seeds_a_generator() {
    let mut files = Vec::new();
    for folder in ["embassy-client", "codec/src"] {
        sources(&project().join(folder), &mut files);
    }
    let mut looked_at = 0;
    for file in files {
        let code = device_code(&file);
        looked_at += usize::from(!code.is_empty());
        // A generator that is too slow or not even enough seeds another one: a board's
        // own affair, in a file that has the chip's source of noise in it.
        let has_noise = file.ends_with("src/random.rs") || file.ends_with("template/src/board.rs");
        let seeds = has_noise && code.contains("Trng");
        // A part of the template has a generator of its own, seeded by that one.
        let parts = file.ends_with("template/src/main.rs") && code.contains("Random::from_rng(");
        for word in FORBIDDEN {
            let is_seeding = word == "SeedableRng" || word == "from_seed" && seeds;
            let is_fine = (seeds || parts) && is_seeding;
            assert!(
                is_fine || !code.contains(word),
                "{}: {word}",
                file.display()
            );
        }
    }
    assert!(looked_at > 60, "{looked_at}");
}

/// The words are found where they are: in the tests of the same crate.
#[test]
fn the_search_finds_what_it_looks_for() {
    let file = project().join("embassy-client/src/tls/verifier_tests.rs");
    let text = fs::read_to_string(file).expect("a source file");
    assert!(text.contains(FORBIDDEN[0]));
    let key = project().join("embassy-client/src/tls/key.rs");
    let text = fs::read_to_string(&key).expect("a source file");
    assert!(text.contains(FORBIDDEN[0]) && !device_code(&key).contains(FORBIDDEN[0]));
}
