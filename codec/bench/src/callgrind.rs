//! How many instructions cases take, counted by valgrind's callgrind.
//!
//! This program runs itself under it, once for all cases. Callgrind counts only
//! inside [`Case::counted`] and writes a file whenever that returns.

use std::path::Path;
use std::process::Command;

use crate::case::Case;

/// The function that callgrind looks at, as it names it.
const COUNTED: &str = "wigwag_codec_bench::case::Case::counted";

/// The argument with which this program runs itself under callgrind.
pub(crate) const UNDER_CALLGRIND: &str = "--under-callgrind";

/// Instructions of each case, once.
pub(crate) fn instructions(cases: usize) -> Result<Vec<u64>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let place = std::env::temp_dir().join(format!("wigwag-callgrind-{}", std::process::id()));
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    let outcome = run(&program, &place).and_then(|()| read(&place, cases));
    std::fs::remove_dir_all(&place).map_err(|error| error.to_string())?;
    outcome
}

fn run(program: &Path, place: &Path) -> Result<(), String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--compress-strings=no"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--dump-after={COUNTED}"))
        .arg(format!(
            "--callgrind-out-file={}",
            place.join("out").display()
        ))
        .arg(program)
        .arg(UNDER_CALLGRIND)
        .output()
        .map_err(|error| {
            format!("valgrind cannot be started ({error}): apt-get install valgrind")
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("valgrind failed: {said}"))
}

/// The totals of `out.1`, `out.2` and so on.
fn read(place: &Path, cases: usize) -> Result<Vec<u64>, String> {
    (1..=cases)
        .map(|number| {
            let path = place.join(format!("out.{number}"));
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("callgrind wrote no {}: {error}", path.display()))?;
            text.lines()
                .find_map(|line| line.strip_prefix("totals: "))
                .and_then(|total| total.trim().parse().ok())
                .ok_or_else(|| format!("callgrind wrote no total to {}", path.display()))
        })
        .collect()
}

/// What this program does under callgrind.
pub(crate) fn count(cases: &mut [Case]) {
    for case in cases {
        // What happens only once is not counted.
        case.run(1);
        case.counted();
    }
}
