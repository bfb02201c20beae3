//! `cargo xtask soak`: every seeded campaign at its full size, with the seeds
//! printed. CI runs a tenth of each.

use std::time::{SystemTime, UNIX_EPOCH};

use xtask::run::{Result, cargo, run as run_command};

/// Run every seeded campaign (tests with `campaign` in their name) in full.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// First seed of every campaign; the time of day by default.
    #[arg(long)]
    seed: Option<u64>,

    /// How much of each campaign, in percent of its full size.
    #[arg(long, default_value_t = 100)]
    percent: u32,
}

pub(crate) fn run(args: &Args) -> Result {
    let seed = args.seed.unwrap_or_else(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(1, |since| since.as_secs())
    });
    eprintln!("soak: seed {seed}; to repeat: cargo xtask soak --seed {seed}");
    run_command(
        cargo(&[
            "test",
            "--workspace",
            "--no-fail-fast",
            "--tests",
            "campaign",
        ])
        .args(["--", "--nocapture"])
        .env("WIGWAG_CAMPAIGN_PERCENT", args.percent.to_string())
        .env("WIGWAG_SEED", seed.to_string()),
    )?;
    eprintln!("soak: passed at {} %, seed {seed}", args.percent);
    Ok(())
}
