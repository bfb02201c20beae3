//! The table of what some tests need beyond Rust. To add a tool, add a row:
//! `cargo xtask test --install` then installs it, and a test that names it in
//! `wigwag_tests::runner` shows as ignored where it is missing.

use crate::run::Result;
use crate::{chromium, nodejs, openssl, python, qemu, targets, valgrind};

/// Something that a test needs and that a machine with Rust may lack.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// Short name, as the test runner shows it.
    pub name: &'static str,
    /// What the tests do with it.
    pub purpose: &'static str,
    /// `Ok` when it is there and of the right version, else what is missing.
    pub probe: fn() -> Result,
    /// Installs it; the error holds the commands to run by hand.
    pub install: fn() -> Result,
}

/// The command that installs every tool of the table.
pub const INSTALL: &str = "cargo xtask test --install";

/// `core` for a Cortex-M4F.
pub const THUMB_TARGET: Tool = Tool {
    name: targets::THUMB,
    purpose: "building the no_std crates for a microcontroller",
    probe: || probe_target(targets::THUMB),
    install: || targets::ensure(targets::THUMB),
};

/// `core` for an RP2350.
pub const THUMB_V8M_TARGET: Tool = Tool {
    name: targets::THUMB_V8M,
    purpose: "building the firmware of the board rp2350-w5500",
    probe: || probe_target(targets::THUMB_V8M),
    install: || targets::ensure(targets::THUMB_V8M),
};

/// `core` for an ESP32-C6.
pub const RISCV_TARGET: Tool = Tool {
    name: targets::RISCV,
    purpose: "building the firmware of the board esp32c6",
    probe: || probe_target(targets::RISCV),
    install: || targets::ensure(targets::RISCV),
};

/// Rust's library for browsers.
pub const WASM_TARGET: Tool = Tool {
    name: targets::WASM,
    purpose: "building the browser's crate",
    probe: || probe_target(targets::WASM),
    install: || targets::ensure(targets::WASM),
};

/// The programs that speak minijson, NCP and NGTT today, in Python.
pub const PYTHON_PEERS: Tool = Tool {
    name: "Python peers",
    purpose: "running minijson 3.1.1, ncplib 6.1.0 and smok 0.21.0 against ours",
    probe: python::probe,
    install: python::install,
};

/// The emulator that runs firmware.
pub const QEMU: Tool = Tool {
    name: "QEMU",
    purpose: "running the firmware on an emulated board",
    probe: qemu::probe,
    install: qemu::install,
};

/// The TLS server that most of the world runs.
pub const OPENSSL: Tool = Tool {
    name: "OpenSSL",
    purpose: "connecting the device to `openssl s_server`",
    probe: openssl::probe,
    install: openssl::install,
};

/// Python's own TLS.
pub const PYTHON_TLS: Tool = Tool {
    name: "Python with TLS 1.3",
    purpose: "connecting the device to a server on Python's ssl",
    probe: python::probe_tls,
    install: python::install_tls,
};

/// A browser.
pub const CHROMIUM: Tool = Tool {
    name: "Chromium",
    purpose: "trying the inspector's page in a browser",
    probe: chromium::probe,
    install: chromium::install,
};

/// JavaScript without a browser.
pub const NODE: Tool = Tool {
    name: "Node.js",
    purpose: "testing the inspector page's modules and the npm package",
    probe: nodejs::probe,
    install: nodejs::install,
};

/// What counts instructions.
pub const VALGRIND: Tool = Tool {
    name: "Valgrind",
    purpose: "holding the codec's instructions against their budgets",
    probe: valgrind::probe,
    install: valgrind::install,
};

/// All of them, in the order of installation.
pub const ALL: &[Tool] = &[
    THUMB_TARGET,
    THUMB_V8M_TARGET,
    RISCV_TARGET,
    WASM_TARGET,
    PYTHON_PEERS,
    QEMU,
    OPENSSL,
    PYTHON_TLS,
    CHROMIUM,
    NODE,
    VALGRIND,
];

fn probe_target(triple: &str) -> Result {
    if targets::has(triple) {
        Ok(())
    } else {
        Err(format!("the Rust target {triple} is not installed"))
    }
}
