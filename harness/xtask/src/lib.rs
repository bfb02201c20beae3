//! What `cargo xtask` and the test runner both know: which tools the tests
//! need beyond Rust itself, how to see whether they are there, and how to
//! install them. The commands themselves are in the binary, one file each.

pub mod api;
pub mod bare;
pub mod benchmarks;
pub mod chromium;
pub mod conformance;
pub mod dependencies;
pub mod figures;
pub mod firmware;
pub mod licences;
pub mod linear;
pub mod nodejs;
pub mod openssl;
pub mod python;
pub mod qemu;
pub mod run;
pub mod system;
pub mod targets;
pub mod tools;
pub mod valgrind;

use std::path::PathBuf;

/// The project's top folder.
///
/// # Panics
///
/// Never: this crate stands two folders below it.
#[must_use]
pub fn project() -> PathBuf {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The folder of build results.
#[must_use]
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project().join("target"), PathBuf::from)
}
