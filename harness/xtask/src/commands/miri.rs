//! `cargo xtask miri`: the codec's unit tests in an interpreter that tells of
//! undefined behaviour, in the codec and in what it uses.

use xtask::run::{Result, ask, command, run as run_command};

/// Run the codec's unit tests under Miri (needs the nightly toolchain with it).
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Tests that only repeat, thousands of times, what others do once: each takes
/// Miri more than three minutes.
const REPEATING: [&str; 4] = [
    "capture::tests::any_flipped_bit_ends_in_time",
    "ncp::exchange::tests::campaign",
    "ngtt::client::tests::ping::a_flood_of_pings_is_echoed_at_a_limited_rate",
    "ngtt::client::tests::requests::ids_go_from_1_below_0x8000_and_are_not_used_while_open",
];

pub(crate) fn run(_: &Args) -> Result {
    let rustup = |args: &[&str]| {
        let mut rustup = command("rustup", &["run", "nightly"]);
        // Inside `cargo xtask` the pinned toolchain is already chosen.
        rustup
            .args(args)
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO");
        rustup
    };
    if ask(&mut rustup(&["cargo", "miri", "--version"])).is_none() {
        return Err("Miri is missing: rustup toolchain install nightly --component miri".into());
    }
    let skipped = REPEATING.into_iter().flat_map(|name| ["--skip", name]);
    run_command(
        rustup(&["cargo", "miri", "test", "--package", "wigwag-codec"])
            .args(["--lib", "--all-features", "--"])
            .args(skipped)
            // A few generated cases of each kind: an interpreter is slow.
            .env("PROPTEST_CASES", "4")
            // It looks for the place of the failures of earlier runs.
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true")
            .env("MIRIFLAGS", "-Zmiri-disable-isolation"),
    )
}
