//! The parts of the inspector's page that need no browser (how times and sizes are
//! written, the arithmetic of the list, the address, the rules of its modules), run
//! by Node's own test runner: `wasm/www-tests`.

mod node;

use std::path::Path;

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
    node::tests(|node| node.args(&files))
}
