//! Whether a package's sources name a crate.
//!
//! It is a search in text that relies on what rustfmt makes of it, not the compiler's
//! judgement: it takes milliseconds and needs no build. A module of the package's own
//! that is called as a crate hides that the crate is unused.

use std::path::{Path, PathBuf};

/// The files below a folder with one of these endings, without packages of their own and
/// without hidden folders and build results.
#[must_use]
pub fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = name.to_string_lossy().starts_with('.') || name == "target";
        if path.is_dir() && !hidden && !path.join("Cargo.toml").exists() {
            found.extend(files(&path, endings));
        } else if path
            .extension()
            .is_some_and(|it| endings.iter().any(|ending| it == *ending))
        {
            found.push(path);
        }
    }
    found
}

/// Whether a file is a module of unit tests: `tests.rs`, or below a folder `tests`.
#[must_use]
pub fn is_test(below: &Path) -> bool {
    below.with_extension("").iter().any(|part| part == "tests")
}

/// A source without its comments (documentation too) and its modules of tests.
#[must_use]
pub fn program(source: &str) -> String {
    let mut kept = String::new();
    let mut lines = source.lines().peekable();
    while let Some(line) = lines.next() {
        let is_module = |line: &&str| line.starts_with("mod ") && line.ends_with('{');
        if line == "#[cfg(test)]" && lines.next_if(is_module).is_some() {
            // As rustfmt has it, the brace that closes it stands alone.
            lines.by_ref().find(|line| *line == "}");
        } else if !line.trim_start().starts_with("//") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Whether a source names a crate: `name::` where it is not inside a path, `use name` or
/// `extern crate name`.
#[must_use]
pub fn names(source: &str, name: &str) -> bool {
    source.match_indices(name).any(|(at, _)| {
        let (before, rest) = source.split_at(at);
        let behind = &rest[name.len()..];
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        if before.ends_with(in_word) || behind.starts_with(in_word) {
            return false;
        }
        let imported = ["use ", "extern crate "];
        if imported.iter().any(|it| before.ends_with(it)) {
            return true;
        }
        // `::name::` is a path from the top, `a::name::` and `<T>::name::` are not.
        let inside = before
            .strip_suffix("::")
            .is_some_and(|above| above.ends_with(|c| in_word(c) || c == '>' || c == '$'));
        behind.starts_with("::") && !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_named_by_paths_and_imports() {
        for source in [
            "use serde::Serialize;",
            "use serde;",
            "pub use serde as it;",
            "extern crate serde;",
            "#[derive(serde::Serialize)]",
            "fn f<T: ::serde::Serialize>() {}",
            "let x = &serde::ser::Error;",
            "use other::serde; serde::it()",
        ] {
            assert!(names(source, "serde"), "{source}");
        }
        for source in [
            "",
            "let serde = 1;",
            "use other::serde::Serialize;",
            "T::serde::it()",
            "<T>::serde::it()",
            "$crate::serde::it()",
            "use my_serde::it;",
            "use serde_json::it;",
            "use 漢serde::it;",
        ] {
            assert!(!names(source, "serde"), "{source}");
        }
    }

    #[test]
    fn comments_and_tests_are_not_the_program() {
        let source = "//! use a::b;\nuse b::c;\n    /// use d::e;\nfn f() {\n}\n\
            #[cfg(test)]\nmod tests {\n    use g::h;\n    fn i() {\n    }\n}\nuse j::k;\n\
            #[cfg(test)]\nuse l::m;\n";
        let kept = program(source);
        let named = |name| names(&kept, name);
        assert_eq!(
            ["a", "b", "d", "g", "j"].map(named),
            [false, true, false, false, true]
        );
    }

    #[test]
    fn test_modules_are_known_by_their_place() {
        for (path, is) in [
            ("a/tests.rs", true),
            ("a/tests/b.rs", true),
            ("tests/b.rs", true),
            ("a/b.rs", false),
            ("a/tests_of.rs", false),
        ] {
            assert_eq!(is_test(Path::new(path)), is, "{path}");
        }
    }

    #[test]
    fn files_are_found_but_not_those_of_other_packages() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("below")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        };
        for path in [
            "a.rs",
            "b/c.rs",
            "b/c.md",
            "b/c.txt",
            "target/d.rs",
            ".e/f.rs",
            "g/Cargo.toml",
            "g/src/h.rs",
        ] {
            write(path);
        }
        let mut found: Vec<String> = files(folder.path(), &["rs", "md"])
            .iter()
            .map(|path| path.strip_prefix(folder.path()).expect("below"))
            .map(|path| path.to_string_lossy().replace('\\', "/"))
            .collect();
        found.sort();
        assert_eq!(found, ["a.rs", "b/c.md", "b/c.rs"]);
    }
}
