//! Node's own test runner.

use std::process::Command;

use wigwag_runner::Outcome;

/// Runs test files; `add` gives the files and what they need. What Node says of a
/// failure is the failure's text.
pub(crate) fn tests(add: impl FnOnce(&mut Command) -> &mut Command) -> Outcome {
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap"]);
    let done = add(&mut node).output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    // A runner that found nothing would succeed as well.
    assert!(said.contains("\n# fail 0\n"), "{said}");
    assert!(!said.contains("\n# pass 0\n"), "{said}");
    Ok(())
}
