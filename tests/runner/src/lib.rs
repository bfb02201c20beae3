//! A test runner for tests that need a tool which a machine may lack.
//!
//! The built-in harness can only pass or fail, so a test that returns early
//! where its tool is missing would look as if it had passed. Test files with
//! `harness = false` use this runner instead: a missing tool shows as
//! *ignored*, with the command that installs it, and is a failure when
//! `WIGWAG_REQUIRE_ALL=1` (as in CI).
//!
//! ```no_run
//! use wigwag_runner::{Suite, tools};
//!
//! Suite::new()
//!     .test("values_agree", &[tools::PYTHON_PEERS], || Ok(()))
//!     .run();
//! ```

pub use libtest_mimic::Failed;
use libtest_mimic::{Arguments, Completion, Trial};
pub use xtask::tools::{self, Tool};

/// What a test returns: any error that can be shown fails it.
pub type Outcome = Result<(), Failed>;

/// Tests of one file.
#[derive(Default)]
pub struct Suite {
    tests: Vec<Case>,
}

struct Case {
    name: &'static str,
    needs: Vec<Tool>,
    test: Box<dyn FnOnce() -> Outcome + Send>,
}

impl Suite {
    /// An empty suite.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a test and the tools it cannot run without.
    #[must_use]
    pub fn test(
        mut self,
        name: &'static str,
        needs: &[Tool],
        test: impl FnOnce() -> Outcome + Send + 'static,
    ) -> Self {
        self.tests.push(Case {
            name,
            needs: needs.to_vec(),
            test: Box::new(test),
        });
        self
    }

    /// Runs what the command line of the test binary asks for, and ends the
    /// process with libtest's status.
    pub fn run(self) -> ! {
        let arguments = Arguments::from_args();
        let require_all = required();
        let trials = self
            .tests
            .into_iter()
            .map(|Case { name, needs, test }| {
                let missing = first_missing(&needs);
                // Runners that list first and run later (cargo-nextest) know
                // only the listed flag; a run shows the reason instead.
                let hidden = arguments.list && missing.is_some() && !require_all;
                Trial::ignorable_test(name, move || decide(missing, require_all, test))
                    .with_ignored_flag(hidden)
            })
            .collect();
        libtest_mimic::run(&arguments, trials).exit()
    }
}

/// Whether a missing tool is an error: `WIGWAG_REQUIRE_ALL` set, and not to 0.
fn required() -> bool {
    std::env::var_os("WIGWAG_REQUIRE_ALL").is_some_and(|value| value != "0" && !value.is_empty())
}

/// Says which tool is missing and how to get it, if one is.
fn first_missing(needs: &[Tool]) -> Option<String> {
    needs.iter().find_map(|tool| {
        let missing = (tool.probe)().err()?;
        Some(format!("{missing}; to install it: {}", tools::INSTALL))
    })
}

fn decide(
    missing: Option<String>,
    require_all: bool,
    test: impl FnOnce() -> Outcome,
) -> Result<Completion, Failed> {
    match missing {
        None => test().map(|()| Completion::Completed),
        Some(reason) if require_all => Err(reason.into()),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Tool = Tool {
        name: "absent",
        purpose: "trying the runner",
        probe: || Err("the tool is not there".into()),
        install: || Ok(()),
    };
    const PRESENT: Tool = Tool {
        probe: || Ok(()),
        ..ABSENT
    };

    #[test]
    fn a_missing_tool_is_ignored_with_the_command_that_installs_it() {
        let missing = first_missing(&[PRESENT, ABSENT]);
        let outcome = decide(missing, false, || panic!("must not run"));
        let Ok(Completion::Ignored {
            reason: Some(reason),
        }) = outcome
        else {
            panic!("not ignored");
        };
        assert!(reason.contains("not there") && reason.contains("cargo xtask test --install"));
    }

    #[test]
    fn a_missing_tool_fails_where_everything_is_required() {
        let outcome = decide(first_missing(&[ABSENT]), true, || panic!("must not run"));
        assert!(
            outcome
                .err()
                .is_some_and(|failed| failed.message().is_some())
        );
    }

    #[test]
    fn a_test_whose_tools_are_there_runs() {
        let missing = first_missing(&[PRESENT]);
        assert!(matches!(
            decide(missing.clone(), false, || Ok(())),
            Ok(Completion::Completed)
        ));
        assert!(decide(missing, false, || Err("no".into())).is_err());
    }
}
