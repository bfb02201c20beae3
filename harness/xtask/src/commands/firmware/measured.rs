//! The trial that `stack` and `instructions` read their figures from.

use std::process::Stdio;

use serde_json::Value;
use xtask::firmware::trial::{BATCHES, ORDERS};
use xtask::firmware::{Variant, build};
use xtask::qemu;
use xtask::run::Result;

use super::run::runner;

/// Runs the trial with the silent image and gives back the device's report.
pub(super) fn report() -> Result<Value> {
    if let Err(missing) = qemu::probe() {
        eprintln!("{missing}; installing it");
        qemu::install()?;
    }
    let image = build(Variant::Silent)?;
    let output = runner(&image)
        .args(["--icount", "--report", "--json"])
        .args(["--orders", &ORDERS.to_string()])
        .args(["--batches", &BATCHES.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("the trial failed ({}):\n{said}", output.status));
    }
    said.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|mut line| Some(line.get_mut("report")?.take()))
        .ok_or_else(|| format!("the trial gave no report:\n{said}"))
}
