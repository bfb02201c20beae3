//! `cargo xtask panics`.

use xtask::api::names;
use xtask::bare::Level;
use xtask::bare::panics::{FILE, Unreachable, places};
use xtask::run::Result;

/// Whether the codec can panic: looks for panics in an image for thumbv7em that holds
/// all its public functions.
#[derive(clap::Args, Default)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result {
    let missing = names::missing()?;
    if !missing.is_empty() {
        return Err(format!(
            "public functions that are not in the image: name them in codec/bare/src/all\n  {}",
            missing.join("\n  ")
        ));
    }
    let known = Unreachable::load()?;
    let mut images = Vec::new();
    for level in Level::ALL {
        let places = places(level)?;
        println!("opt-level {}: {} places", level.name(), places.len());
        images.push((level, places));
    }
    let (left, idle) = known.judge(&images);
    if !left.is_empty() {
        return Err(format!(
            "the codec must not panic, and here the compiler could not see that it does \
             not. Write it so that it does (get, split_at_checked, checked_sub, the \
             functions of codec/src/bytes.rs):\n  {}",
            left.join("\n  ")
        ));
    }
    if !idle.is_empty() {
        return Err(format!(
            "{FILE} has reasons for places that are no longer there:\n  {}",
            idle.join("\n  ")
        ));
    }
    println!("all of them are in {FILE}: none is the codec's own");
    Ok(())
}
