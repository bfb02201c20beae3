//! The module of the page is loaded in parts. Node runs the page's worker, as it is
//! built, and says what it does before the late part is there, and whether both parts
//! together do what the package's module does.

mod node;

use std::path::Path;

use wigwag_runner::{Outcome, Suite, tools};

fn main() {
    let needs = [tools::NODE, tools::WASM_TARGET];
    Suite::new()
        .test("the_parts_do_what_the_whole_does", &needs, parts)
        .run();
}

fn parts() -> Outcome {
    let folder = tempfile::tempdir()?;
    let write = |path: &Path, bytes: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        std::fs::write(path, bytes)?;
        Outcome::Ok(())
    };
    for file in wigwag_page::FILES {
        write(&Path::new("page").join(file.path), file.plain)?;
    }
    for (path, bytes) in wigwag_page::PACKAGE {
        write(&Path::new("package").join(path), bytes)?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parts.mjs");
    node::tests(|node| node.arg(script).env("WIGWAG_PARTS", folder.path()))
}
