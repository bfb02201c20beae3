//! What `cargo test` prints, read line by line: which tests there were, and how
//! each ended.

use std::collections::BTreeMap;
use std::path::Path;

/// What stands before the names of examples in documentation.
pub const DOCUMENTATION: &str = "doc ";

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It did not run, for this reason (empty where none is given).
    Ignored(String),
}

/// The tests of a run.
#[derive(Debug, Default)]
pub struct Run {
    /// The program whose tests are running; `doc crate` for examples.
    program: Option<String>,
    tests: BTreeMap<String, Vec<Outcome>>,
    /// How many tests were left out by a filter.
    pub filtered: u64,
}

impl Run {
    /// What was printed, all at once.
    #[must_use]
    pub fn of(output: &str) -> Self {
        let mut run = Self::default();
        for line in output.lines() {
            run.line(line);
        }
        run
    }

    /// The next line, with or without colours.
    pub fn line(&mut self, line: &str) {
        let line = without_colours(line);
        let line = line.trim();
        if let Some(program) = program(line) {
            self.program = Some(program);
        } else if let Some(result) = line.strip_prefix("test result: ") {
            self.filtered += filtered(result);
            // Whatever is printed before the next program begins is not a test;
            // but examples are run in more than one go.
            let program = self.program.as_deref().unwrap_or_default();
            if !program.starts_with(DOCUMENTATION) {
                self.program = None;
            }
        } else if let (Some(program), Some((name, outcome))) = (&self.program, test(line)) {
            let name = match program.strip_prefix(DOCUMENTATION) {
                Some(_) => documented(name).map(|path| format!("{program}::{path}")),
                None => Some(format!("{program}::{name}")),
            };
            if let Some(name) = name {
                self.tests.entry(name).or_default().push(outcome);
            }
        }
    }

    /// How the tests of this name ended: none, one, or for examples of one item
    /// several.
    #[must_use]
    pub fn outcomes(&self, name: &str) -> &[Outcome] {
        self.tests.get(name).map_or(&[], Vec::as_slice)
    }

    /// A test whose name ends with the same function.
    #[must_use]
    pub fn of_the_same_function(&self, name: &str) -> Option<&str> {
        let (_, function) = name.rsplit_once("::")?;
        self.tests
            .keys()
            .find(|other| other.rsplit("::").next() == Some(function))
            .map(String::as_str)
    }
}

/// The program that cargo says it runs now: the name of its file without the
/// hash at the end.
fn program(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{DOCUMENTATION}{name}"));
    }
    let (_, path) = line.strip_prefix("Running ")?.rsplit_once('(')?;
    let stem = Path::new(path.strip_suffix(')')?).file_stem()?.to_str()?;
    let (name, hash) = stem.rsplit_once('-')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| name.to_owned())
}

/// `test NAME ... ok`, of libtest and of libtest-mimic.
fn test(line: &str) -> Option<(&str, Outcome)> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let name = name.trim();
    let outcome = match outcome {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        ignored => {
            let reason = ignored.strip_prefix("ignored")?;
            Outcome::Ignored(reason.trim_start_matches([',', ' ']).to_owned())
        }
    };
    Some((
        name.strip_suffix(" - should panic").unwrap_or(name),
        outcome,
    ))
}

/// The path of the item in `file - path (line 5) - compile fail`.
fn documented(name: &str) -> Option<&str> {
    let (_, item) = name.split_once(" - ")?;
    let (path, _) = item.split_once(" (line ")?;
    Some(path.trim())
}

/// How many tests a filter left out.
fn filtered(result: &str) -> u64 {
    let count = |part: &str| part.trim().strip_suffix(" filtered out")?.parse().ok();
    result.split(';').find_map(count).unwrap_or(0)
}

/// Without the sequences that make a terminal show colours (ECMA-48, CSI ... m).
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(run: &Run, name: &str) -> Outcome {
        match run.outcomes(name) {
            [one] => one.clone(),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn a_test_belongs_to_the_program_that_runs() {
        let run = Run::of(
            "   Compiling x v0.1.0\n\
             test early ... ok\n\
             \u{1b}[1m\u{1b}[92m     Running\u{1b}[0m unittests src/lib.rs \
             (/tmp/a (b)/deps/crate_name-0123456789abcdef)\n\
             test a::b ... \u{1b}[32mok\u{1b}[0m\n\
             test a::c - should panic ... ok\n\
             test a::d has been running for over 60 seconds\n\
             test a::d ... FAILED\n\
             test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out\n\
             test between ... ok\n\
                  Running tests/e2e.rs (target/debug/deps/e2e-fedcba9876543210.exe)\n\
             test padded      ... ok\n\
             test needs_a_tool ... ignored, QEMU is not there\n\
             test plain ... ignored\n",
        );
        assert_eq!(outcome(&run, "crate_name::a::b"), Outcome::Passed);
        assert_eq!(outcome(&run, "crate_name::a::c"), Outcome::Passed);
        assert_eq!(outcome(&run, "crate_name::a::d"), Outcome::Failed);
        assert_eq!(outcome(&run, "e2e::padded"), Outcome::Passed);
        let reason = "QEMU is not there".to_owned();
        assert_eq!(outcome(&run, "e2e::needs_a_tool"), Outcome::Ignored(reason));
        let silent = Outcome::Ignored(String::new());
        assert_eq!(outcome(&run, "e2e::plain"), silent);
        assert_eq!(run.filtered, 3);
        assert_eq!(run.tests.len(), 6, "{:?}", run.tests);
    }

    #[test]
    fn examples_are_known_by_their_item() {
        let run = Run::of(
            "   Doc-tests some_crate\n\
             test some/src/a.rs - a::Thing (line 3) ... ok\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
             running 3 tests\n\
             test some/src/a.rs - a::Thing (line 9) - compile fail ... ok\n\
             test some/src/lib.rs - (line 1) ... ok\n\
             test some/src/b.rs - b::run (line 7) - compile ... FAILED\n",
        );
        let thing = run.outcomes("doc some_crate::a::Thing");
        assert_eq!(thing, [Outcome::Passed, Outcome::Passed]);
        assert_eq!(outcome(&run, "doc some_crate::b::run"), Outcome::Failed);
        assert_eq!(run.tests.len(), 2);
    }

    #[test]
    fn lines_that_look_alike_are_no_tests() {
        let run = Run::of(
            "     Running it\n\
             test a ... ok\n\
                  Running tests/x.rs (target/debug/deps/x-short)\n\
             test b ... ok\n\
                  Running tests/x.rs (target/debug/deps/x-0123456789abcdef)\n\
             test c ... perhaps\n\
             a test d ... ok\n\
             testing e ... ok\n\
             test ok\n",
        );
        assert!(run.tests.is_empty(), "{:?}", run.tests);
    }
}
