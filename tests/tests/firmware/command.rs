//! `wigwag firmware run`, as a process.

use std::process::Stdio;

use serde_json::Value as Json;
use wigwag_tests::runner;
use xtask::run::cargo;

use crate::site::{ensure, image};

pub(crate) fn run() -> runner::Outcome {
    let image = image()?;
    let mut command = cargo(&["run", "--quiet", "--package", "wigwag-harness", "--"]);
    command.args(["firmware", "run", "--json", "--report", "--orders", "2"]);
    command.args(["--batches", "2", "--image"]).arg(image);
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    ensure(output.status.success(), || format!("{said}{complained}"))?;
    let events: Vec<Json> = said
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let timed = events.iter().all(|event| event["t"].is_u64());
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    let counts = [
        "listening",
        "connected",
        "order",
        "order_acked",
        "data_confirmed",
        "stopped",
    ]
    .map(of);
    let logged = events
        .iter()
        .filter(|event| event["event"] == "log" && event["level"] == "info")
        .filter(|event| event["clock_us"].is_u64() && event["target"] == "wigwag_app");
    let logged = logged.count();
    ensure(timed && counts == [1, 1, 2, 2, 2, 1] && logged >= 8, || {
        format!("{counts:?}, {logged} lines of the log: {said}")
    })?;
    let done = events.last().ok_or("no events")?;
    let good = done["event"] == "done"
        && done["agrees"] == true
        && done["executed"] == 2
        && done["report"]["orders"]["count"] == 2;
    ensure(good, || done.to_string())
}
