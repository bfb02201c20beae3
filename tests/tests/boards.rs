//! The boards have a workspace of their own, which `cargo test` does not see
//! from here. What they share knows no chip: its tests run on the host.

use xtask::firmware::{SHARED, boards_cargo};

#[test]
fn what_the_boards_share_passes_its_own_tests() {
    let output = boards_cargo(&["test", "--quiet", "--package", SHARED])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    // Not one test would be a success too.
    let passed = said.lines().find_map(|line| {
        let counts = line.strip_prefix("test result: ok. ")?;
        counts.split(' ').next()?.parse::<u32>().ok()
    });
    assert!(passed.is_some_and(|passed| passed > 0), "{said}");
}
