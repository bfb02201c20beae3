//! Command lines that no runner of ours writes: the board started by hand, with
//! its words and nothing around it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use wigwag_harness::firmware::PROGRAM;
use wigwag_harness::firmware::log::LogReader;
use wigwag_tests::runner;

use crate::site::{ensure, image};

/// Unusable words, and a panic: by status, and by reason on the log.
pub(crate) fn unusable() -> runner::Outcome {
    let image = image()?;
    let long = "x".repeat(600);
    for (word, status, reason) in [
        ("order=1", 3, "\"order=1\" is not one of"),
        ("orders=many", 3, "\"orders=many\" is not one of"),
        ("seconds=1", 3, "\"seconds=1\" is not one of"),
        (&long, 101, "the command line is over 512 bytes"),
    ] {
        let output = board(&image, word)?;
        let log = log(&image, &output.stdout)?;
        let good = output.status.code() == Some(status) && log.contains(reason);
        ensure(good, || format!("{word:?}: {}: {log}", output.status))?;
    }
    Ok(())
}

/// Runs the board to its end. It gives up by itself, whatever becomes of it.
fn board(image: &Path, word: &str) -> std::io::Result<Output> {
    let words = format!("enable=on,target=native,arg=wigwag,arg=seconds=60,arg={word}");
    Command::new(PROGRAM)
        .args(["-M", "mps2-an386", "-display", "none", "-monitor", "none"])
        .args(["-serial", "none", "-semihosting-config", &words, "-kernel"])
        .arg(image)
        .stdin(Stdio::null())
        .output()
}

fn log(image: &Path, stdout: &[u8]) -> Result<String, runner::Failed> {
    let mut lines = Vec::new();
    let mut reader = LogReader::new(&std::fs::read(image)?)?;
    reader.push(stdout, |line| lines.push(line.text));
    Ok(lines.join("; "))
}
