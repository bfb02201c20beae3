//! How many instructions an operation takes, counted by valgrind's callgrind.

use std::process::Command;

use crate::operation::Operation;

/// Instructions of one operation: what more rounds take than fewer.
pub(crate) fn instructions(operation: Operation) -> Result<f64, String> {
    const FEW: u64 = 100;
    const MANY: u64 = 300;
    let more = collected(operation, MANY)? - collected(operation, FEW)?;
    Ok(more as f64 / (MANY - FEW) as f64)
}

/// Instructions of this program doing an operation so many times.
fn collected(operation: Operation, count: u64) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([operation.name(), count.to_string()])
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, number)| number.trim().parse().ok())
        .ok_or_else(|| format!("valgrind said nothing of instructions: {said}"))
}
