//! The trials that `stack` and `instructions` read their figures from.

use std::process::Stdio;

use serde_json::Value;
use xtask::firmware::trial::TRIALS;
use xtask::firmware::{Image, Variant, build};
use xtask::run::{Result, cargo};

/// Runs the trials with the silent image and gives back the device's reports.
pub(super) fn reports(image: Image) -> Result<Vec<Value>> {
    super::need_qemu()?;
    let elf = build(image, Variant::Silent)?;
    let output = cargo(&["run", "--quiet", "--", "firmware", "measure", "--image"])
        .arg(elf)
        .args(match image {
            Image::Ngtt => &[][..],
            Image::Ncp => &["--protocol", "ncp"],
        })
        .args(["--trials", &TRIALS.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("the trials failed: {}", output.status));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| format!("the report {line}: {error}"))
        })
        .collect()
}
