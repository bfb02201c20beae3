//! The parts of the build script that work on text: they are tested here, where
//! they are compiled without the rest of it.

#[path = "../build/bundle.rs"]
mod bundle;
#[path = "../build/squeeze.rs"]
mod squeeze;
