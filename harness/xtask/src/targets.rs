//! Rust targets and components. Where rustup is there it adds them (to the
//! toolchain in use, which is never updated); where Rust came another way, the
//! message says what is missing.

use std::path::PathBuf;

use crate::run::{Result, ask, cargo, command, run};

/// Bare Cortex-M4F, what the `no_std` crates are built for.
pub const THUMB: &str = "thumbv7em-none-eabihf";

/// Cortex-M33, of the RP2350.
pub const THUMB_V8M: &str = "thumbv8m.main-none-eabihf";

/// RISC-V, of the ESP32-C6.
pub const RISCV: &str = "riscv32imac-unknown-none-elf";

/// The browser.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Whether the standard library (or `core`) of a target is installed.
#[must_use]
pub fn has(triple: &str) -> bool {
    ask(&mut command("rustc", &["--print", "sysroot"]))
        .map(PathBuf::from)
        .and_then(|root| std::fs::read_dir(root.join("lib/rustlib").join(triple).join("lib")).ok())
        .is_some_and(|mut files| files.next().is_some())
}

/// Adds a target where it is missing, and says so.
///
/// # Errors
///
/// rustup is absent or fails; the message says what to install.
pub fn ensure(triple: &str) -> Result {
    if has(triple) {
        return Ok(());
    }
    if ask(&mut command("rustup", &["--version"])).is_none() {
        return Err(format!(
            "the Rust target {triple} is missing and there is no rustup to add it. With rustup: \
             rustup target add {triple}. From a distribution: its package of Rust's standard \
             library for {triple}"
        ));
    }
    eprintln!("adding the Rust target {triple} to the toolchain in use");
    run(&mut command("rustup", &["target", "add", triple]))
}

/// Adds a component that is a cargo command (`fmt`, `clippy`) where it is missing.
///
/// # Errors
///
/// rustup is absent or fails; the message says what to install.
pub fn ensure_component(subcommand: &str, component: &str) -> Result {
    if ask(&mut cargo(&[subcommand, "--version"])).is_some() {
        return Ok(());
    }
    if ask(&mut command("rustup", &["--version"])).is_none() {
        return Err(format!(
            "`cargo {subcommand}` is missing and there is no rustup to add it. With rustup: \
             rustup component add {component}"
        ));
    }
    eprintln!("adding {component} to the toolchain in use");
    run(&mut command("rustup", &["component", "add", component]))
}
