//! The tables of conformance: each row names the tests that show it, and a run
//! of all tests must have seen every one of them pass.
//!
//! The tables are Markdown that rustdoc shows as
//! `wigwag_embassy::taps::conformance`. [`table`] reads them, [`run`] reads what
//! `cargo test` prints, [`problems`] holds one against the other.

pub mod run;
pub mod table;

use std::fs;

use crate::project;
use run::{Outcome, Run};
use table::Table;

/// Where the tables are, from the project's folder.
pub const TABLES: [&str; 2] = [
    "embassy-client/src/taps/conformance/rfc9622.md",
    "embassy-client/src/taps/conformance/neatpy.md",
];

/// Reads the tables.
///
/// # Errors
///
/// A file is not there, or a row is not as it must be: all that is wrong.
pub fn tables() -> Result<Vec<Table>, String> {
    let mut tables = Vec::new();
    let mut wrong = Vec::new();
    for path in TABLES {
        match fs::read_to_string(project().join(path)) {
            Err(error) => wrong.push(format!("{path}: {error}")),
            Ok(text) => match Table::parse(path, &text) {
                Ok(table) => tables.push(table),
                Err(mut problems) => wrong.append(&mut problems),
            },
        }
    }
    if wrong.is_empty() {
        Ok(tables)
    } else {
        Err(wrong.join("\n"))
    }
}

/// Each name in the tables that is not that of one test which ran and passed.
#[must_use]
pub fn problems(tables: &[Table], run: &Run) -> Vec<String> {
    let mut problems = Vec::new();
    for table in tables {
        for row in &table.rows {
            for name in &row.tests {
                if let Some(problem) = problem(name, run) {
                    let (path, line, item) = (&table.path, row.line, &row.item);
                    problems.push(format!("{path}:{line}: {item}: `{name}` {problem}"));
                }
            }
        }
    }
    problems
}

/// What speaks against a name, if anything does.
fn problem(name: &str, run: &Run) -> Option<String> {
    let outcomes = run.outcomes(name);
    // An item of the documentation may have several examples; tests of one
    // name would be in two programs of one name.
    if outcomes.len() > 1 && !name.starts_with(run::DOCUMENTATION) {
        return Some("is the name of several tests".into());
    }
    if outcomes.is_empty() {
        let mut problem = String::from("did not run: there is no such test");
        if run.filtered > 0 {
            problem = format!("did not run: {} tests were filtered out", run.filtered);
        } else if let Some(other) = run.of_the_same_function(name) {
            problem.push_str(&format!("; there is `{other}`"));
        }
        return Some(problem);
    }
    outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Passed => None,
        Outcome::Failed => Some("failed".into()),
        Outcome::Ignored(reason) if reason.is_empty() => Some("was ignored".into()),
        Outcome::Ignored(reason) => Some(format!("was ignored: {reason}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
| item | where | what it does here | test |
|---|---|---|---|
| `a` | `x` | one | `one::tests::passes` |
| `b` | `x` | two | `two::passes`, `doc one::Thing` |
";

    const OUTPUT: &str = "\
     Running unittests src/lib.rs (target/debug/deps/one-0123456789abcdef)

running 2 tests
test tests::passes ... ok
test tests::other ... ok

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/two.rs (target/debug/deps/two-fedcba9876543210)

running 1 test
test passes ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests one

running 1 test
test one/src/lib.rs - Thing (line 5) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s

running 1 test
test one/src/lib.rs - Thing (line 20) - compile fail ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

    fn found(output: &str) -> Vec<String> {
        let tables = [Table::parse("t.md", TABLE).unwrap()];
        problems(&tables, &Run::of(output))
    }

    #[test]
    fn a_whole_run_in_which_every_test_passed_has_no_problem() {
        assert_eq!(found(OUTPUT), [""; 0]);
    }

    #[test]
    fn a_test_that_is_not_there_is_named_with_its_row() {
        let renamed = OUTPUT.replace("test tests::passes", "test tests::succeeds");
        assert_eq!(
            found(&renamed),
            [
                "t.md:3: `a`: `one::tests::passes` did not run: there is no such test; \
              there is `two::passes`"
            ]
        );
        // Of a program that did not run at all, and of nothing.
        let without = OUTPUT.replace("tests/two.rs (target/debug/deps/two", "(x/three");
        assert!(found(&without)[0].contains("`two::passes` did not run"));
        assert_eq!(found("").len(), 3);
    }

    #[test]
    fn a_test_that_failed_or_was_ignored_is_told_from_one_that_passed() {
        let failed = OUTPUT.replace("test tests::passes ... ok", "test tests::passes ... FAILED");
        assert_eq!(found(&failed), ["t.md:3: `a`: `one::tests::passes` failed"]);
        let ignored = OUTPUT.replace("test passes ... ok", "test passes ... ignored, no tool");
        assert_eq!(
            found(&ignored),
            ["t.md:4: `b`: `two::passes` was ignored: no tool"]
        );
        let plainly = OUTPUT.replace("test passes ... ok", "test passes ... ignored");
        assert_eq!(found(&plainly), ["t.md:4: `b`: `two::passes` was ignored"]);
    }

    #[test]
    fn a_filtered_run_is_no_proof() {
        let filtered = OUTPUT.replace("test passes ... ok\n", "");
        let filtered = filtered.replacen("; 0 filtered out", "; 7 filtered out", 1);
        assert_eq!(
            found(&filtered),
            ["t.md:4: `b`: `two::passes` did not run: 7 tests were filtered out"]
        );
    }

    #[test]
    fn every_example_of_an_item_counts() {
        let failed = OUTPUT.replace("compile fail ... ok", "compile fail ... FAILED");
        assert_eq!(found(&failed), ["t.md:4: `b`: `doc one::Thing` failed"]);
        let none = OUTPUT.replace(" - Thing (", " - Other (");
        assert!(found(&none)[0].contains("`doc one::Thing` did not run"));
    }

    #[test]
    fn a_name_that_two_tests_have_shows_nothing() {
        let twice = format!(
            "{OUTPUT}{}",
            OUTPUT.replace("tests/two.rs", "x/tests/two.rs")
        );
        let problems = found(&twice);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[1].ends_with("`two::passes` is the name of several tests"));
    }

    #[test]
    fn the_tables_of_the_project_can_be_read() {
        let tables = tables().unwrap();
        assert_eq!(tables.len(), TABLES.len());
        assert!(tables.iter().all(|table| !table.rows.is_empty()));
    }
}
