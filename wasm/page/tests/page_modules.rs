//! The parts of the inspector's page that need no browser (how times and sizes are
//! written, the arithmetic of the list, the address, the rules of its modules), run
//! by Node's own test runner: `wasm/www-tests`.

use std::path::Path;
use std::process::Command;

use wigwag_runner::{Outcome, Suite, tools};

fn main() {
    Suite::new()
        .test("the_pages_modules_hold", &[tools::NODE], modules)
        .run()
}

fn modules() -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www-tests");
    let mut files: Vec<_> = std::fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    assert!(files.len() >= 5, "no tests in {}", folder.display());
    let done = Command::new("node")
        .args(["--test", "--test-reporter=tap"])
        .args(&files)
        .output()?;
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
