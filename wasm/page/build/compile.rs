//! A cargo within cargo: the browser crate is for another target and has a profile
//! of its own, which a dependency cannot have.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The browser.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The profile of the workspace's `Cargo.toml`.
const PROFILE: &str = "page";

pub(crate) enum Compiled {
    /// The modules.
    Modules(Modules),
    /// Rust's library for the browser is not installed.
    NoTarget,
}

/// What the browser crates become.
pub(crate) struct Modules {
    /// `wigwag-wasm` with all its features: for the package and for a page that is
    /// one file.
    pub(crate) whole: Vec<u8>,
    /// `wigwag-wasm` without the readers of packets.
    pub(crate) start: Vec<u8>,
    /// `wigwag-packets`, which is loaded when it is needed.
    pub(crate) packets: Vec<u8>,
}

/// Compiles the crates in the folder `wasm`. What it needs was resolved by the
/// cargo that runs this script; the lock file is not changed.
pub(crate) fn compile(wasm: &Path) -> Result<Compiled, String> {
    let root = wasm.parent().ok_or("the crate lies in the workspace")?;
    for part in [
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        "codec/Cargo.toml",
        "codec/src",
        "wasm/Cargo.toml",
        "wasm/src",
        "wasm/inspect/Cargo.toml",
        "wasm/inspect/src",
        "wasm/packets/Cargo.toml",
        "wasm/packets/src",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(part).display());
    }
    // The folder of all targets: a script that watches a file that is not there
    // runs every time.
    let targets = sysroot()?.join("lib/rustlib");
    println!("cargo::rerun-if-changed={}", targets.display());
    let installed = std::fs::read_dir(targets.join(TARGET).join("lib"))
        .is_ok_and(|mut files| files.next().is_some());
    if !installed {
        return Ok(Compiled::NoTarget);
    }
    let compiler = Compiler {
        root,
        folder: target_folder()?,
    };
    // Both builds write to the same place: what one made is read before the next.
    compiler.build(&["wigwag-wasm"], &[])?;
    let whole = compiler.module("wigwag_wasm")?;
    compiler.build(
        &["wigwag-wasm", "wigwag-packets"],
        &["--no-default-features"],
    )?;
    Ok(Compiled::Modules(Modules {
        whole,
        start: compiler.module("wigwag_wasm")?,
        packets: compiler.module("wigwag_packets")?,
    }))
}

struct Compiler<'a> {
    /// The workspace.
    root: &'a Path,
    /// What is built goes there.
    folder: PathBuf,
}

impl Compiler<'_> {
    fn build(&self, packages: &[&str], features: &[&str]) -> Result<(), String> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        forget_the_outer_build(&mut cargo);
        cargo.arg("build");
        for package in packages {
            cargo.args(["--package", package]);
        }
        let output = cargo
            .current_dir(self.root)
            .args(["--locked", "--target", TARGET])
            .args(["--profile", PROFILE, "--target-dir"])
            .arg(&self.folder)
            .args(features)
            .env("CARGO_ENCODED_RUSTFLAGS", flags(self.root))
            .output()
            .map_err(|error| format!("cannot start cargo for the browser crates: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "{} does not build for {TARGET}:\n{}",
            packages.join(" or "),
            String::from_utf8_lossy(&output.stderr)
        ))
    }

    fn module(&self, name: &str) -> Result<Vec<u8>, String> {
        let folder = self.folder.join(TARGET).join(PROFILE);
        let path = folder.join(format!("{name}.wasm"));
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// `target/page`: one for all profiles of the outer build, which holds the lock of
/// its own folder while this script runs.
fn target_folder() -> Result<PathBuf, String> {
    // target/PROFILE/build/CRATE/out
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let target = out.ancestors().nth(4);
    Ok(target.ok_or("OUT_DIR lies in target")?.join(PROFILE))
}

/// What was said to the outer build about its target, flags and lints (clippy's
/// wrapper among them) is not meant for the browser, and would make the inner
/// build begin anew each time it changes. The job server stays: both builds
/// together use as many cores as one.
fn forget_the_outer_build(cargo: &mut Command) {
    const NAMES: [&str; 9] = [
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "RUSTC_LINKER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "TARGET",
    ];
    const PREFIXES: [&str; 4] = [
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
    ];
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if NAMES.contains(&&*text) || PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(&name);
        }
    }
}

/// The places of panics are in the module: without the folders of the person who
/// built it, so that it is the same on every machine. And what the linker knows is
/// needed to take the module apart (`links.rs`).
fn flags(root: &Path) -> String {
    let mut flags = vec![
        "-Clink-arg=--emit-relocs".to_owned(),
        format!("--remap-path-prefix={}=wigwag", root.display()),
    ];
    let cargo_home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    if let Some(home) = cargo_home {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    flags.join("\x1f")
}

fn sysroot() -> Result<PathBuf, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "sysroot"])
        .output()
        .map_err(|error| format!("cannot start rustc: {error}"))?;
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim(),
    ))
}
