//! The parts of the build script that can be tested by themselves: on text, and on
//! small modules. They are compiled here without the rest of it.

#[path = "../../build/bundle.rs"]
mod bundle;
#[path = "../../build/links.rs"]
mod links;
#[path = "../../build/module.rs"]
#[expect(
    dead_code,
    reason = "what changes modules is for the rest of the script"
)]
mod module;
#[path = "../../build/reach.rs"]
#[expect(dead_code, reason = "names of files are for the rest of the script")]
mod reach;
#[path = "../../build/squeeze.rs"]
mod squeeze;

mod of_links;
mod of_reach;
mod wasm;
