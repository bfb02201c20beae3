//! Compiles the browser crates, makes their bindings, and gathers them
//! with the page's own files into [`FILES`](../../src/lib.rs).

mod bindings;
mod bundle;
mod compile;
mod gather;
mod late;
mod links;
mod module;
mod plan;
mod reach;
mod report;
mod single;
mod split;
mod squeeze;
mod together;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bindings::{Form, generate};
use bundle::Late;
use compile::{Compiled, Modules};
use gather::Gathered;
use together::Together;

/// The name of the module and its glue.
const NAME: &str = "wigwag";

/// The name of the module that reads packets, and its glue.
const PACKETS: &str = "packets";

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let page = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets it")?);
    let wasm = page.parent().ok_or("the page lies in the folder wasm")?;
    println!("cargo::rerun-if-changed={}", page.join("build").display());
    let mut files = Gathered::new(out);
    match compile::compile(wasm)? {
        Compiled::Modules(modules) => whole(wasm, &modules, &mut files)?,
        Compiled::NoTarget => {
            println!(
                "cargo::warning=the inspector's page is left out: Rust's library for {} is not \
                 installed. `rustup target add {0}` or `cargo xtask test --install` adds it",
                compile::TARGET
            );
            files.add("index.html", include_bytes!("missing.html").to_vec())?;
        }
    }
    files.finish()
}

/// The page with everything it loads.
fn whole(wasm: &Path, modules: &Modules, files: &mut Gathered) -> Result<(), String> {
    let bindings = generate(&modules.whole, NAME, Form::Module)?;
    files.package(&wasm.join("package"), NAME, &bindings)?;
    let bindings = generate(&modules.packets, PACKETS, Form::Module)?;
    let glue = squeeze::squeeze(&bindings.glue);
    files.add(&format!("{PACKETS}.js"), glue.into_bytes())?;
    files.add(&format!("{PACKETS}_bg.wasm"), bindings.wasm)?;
    let www = wasm.join("www");
    println!("cargo::rerun-if-changed={}", www.display());
    let bindings = generate(&modules.start, NAME, Form::Parts)?;
    let page = Together::of(&www, &bindings, Late::Beside)?;
    files.add("index.html", page.index.into_bytes())?;
    files.add("style.css", page.style.into_bytes())?;
    files.add("app.js", page.app.into_bytes())?;
    files.add("worker.js", page.worker.into_bytes())?;
    files.folder(&www, &Together::has)?;
    let links = links::read(&modules.start)?;
    let parts = split::split(&bindings.wasm, &links, &plan::PLAN)?;
    files.add(&format!("{NAME}_bg.wasm"), parts.start)?;
    for (late, wasm) in plan::PLAN.late.iter().zip(parts.late) {
        files.add(&format!("{NAME}_{}.wasm", late.name), wasm)?;
    }
    files.note("parts.txt", &parts.report)?;
    // It has no folder to load from.
    let bindings = generate(&modules.whole, NAME, Form::Script)?;
    let all = Together::of(&www, &bindings, Late::Within)?;
    let single = single::page(&all, &bindings.wasm)?;
    files.add("single.html", single.into_bytes())?;
    files.complete();
    Ok(())
}
