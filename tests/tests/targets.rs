//! The crates build for the machines they are made for: the `no_std` ones for a
//! Cortex-M4F without an operating system, the browser's for WebAssembly.

use wigwag_tests::runner::{Outcome, Suite, tools};
use xtask::run::cargo;
use xtask::targets;

fn main() {
    Suite::new()
        .test(
            "codec_and_client_build_for_a_microcontroller",
            &[tools::THUMB_TARGET],
            || build(&["wigwag-codec", "wigwag-embassy"], targets::THUMB),
        )
        .test(
            "browser_crates_build_for_wasm32",
            &[tools::WASM_TARGET],
            || build(&["wigwag-wasm", "wigwag-packets"], targets::WASM),
        )
        .run();
}

fn build(packages: &[&str], triple: &str) -> Outcome {
    let mut command = cargo(&["build", "--quiet", "--target", triple]);
    for package in packages {
        command.args(["--package", package]);
    }
    let output = command.output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into())
    }
}
