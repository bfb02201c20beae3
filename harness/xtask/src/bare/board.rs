//! Instructions on a Cortex-M4, counted by QEMU: what the program `instructions` of
//! `codec/bare` says.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::Level;
use crate::figures::{self, Figures};
use crate::qemu;
use crate::run::{Result, command};
use crate::tools;

/// Instructions, as they are committed.
pub const FIGURES: figures::File = figures::File {
    path: "codec/bare/instructions.toml",
    about: "Instructions that the codec takes on a Cortex-M4 for the small document\n\
        (codec/bare/src/board), at opt-level 3.",
    command: "cargo xtask size",
    slack: 5,
};

/// The table of the file.
const TABLE: &str = "small";

/// The program runs for a second or two.
const PATIENCE: Duration = Duration::from_secs(60);

/// A line of the program: what was done, to how many bytes, in how many hundredths of an
/// instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was done.
    pub name: String,
    /// Bytes of the document.
    pub bytes: u64,
    /// Instructions of one round.
    pub instructions: u64,
}

/// Builds the program and runs it.
///
/// # Errors
///
/// QEMU is missing, the program cannot be built, or it does not end in a minute.
pub fn measure() -> Result<Vec<Line>> {
    qemu::probe().map_err(|missing| format!("{missing}; to install it: {}", tools::INSTALL))?;
    let built = super::build(Level::Fast, &["--bin", "instructions"])?;
    let mut child = command(qemu::PROGRAM, &["-M", "mps2-an386", "-nographic"])
        .args(["-monitor", "none", "-serial", "none", "-icount", "shift=0"])
        .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(built.join("instructions"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", qemu::PROGRAM))?;
    let end = Instant::now() + PATIENCE;
    // What it prints fits the pipe, so that it can be read at the end.
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("the program on the emulated board does not end".into());
            }
        }
    };
    let mut said = String::new();
    if let Some(mut output) = child.stdout.take() {
        let read = output.read_to_string(&mut said);
        read.map_err(|error| error.to_string())?;
    }
    if !status.success() {
        return Err(format!(
            "the program on the emulated board failed: {status}\n{said}"
        ));
    }
    parse(&said)
}

fn parse(said: &str) -> Result<Vec<Line>> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let mut number = || words.next()?.parse::<u64>().ok();
        let (bytes, hundredths) = (number()?, number()?);
        let instructions = hundredths / 100;
        Some(Line {
            name,
            bytes,
            instructions,
        })
    };
    said.lines()
        .map(|text| line(text).ok_or_else(|| format!("not a line of figures: {text}")))
        .collect()
}

/// The figures that are held: ours.
#[must_use]
pub fn held(lines: &[Line]) -> Figures {
    let mut held = Figures::new();
    let ours = |name: &str| !name.starts_with("minicbor") && name != "memcpy";
    for line in lines.iter().filter(|line| ours(&line.name)) {
        held.set(TABLE, &line.name, line.instructions);
    }
    held
}

/// What is done, its lines for minijson and for minicbor, and the aim per byte.
const ROWS: [(&str, &str, &str, &str); 7] = [
    ("memcpy", "memcpy", "", ""),
    ("walk, text validated", "walk", "minicbor_walk", "8.8"),
    ("walk, text as bytes", "lazy_walk", "", "6.1"),
    ("skip", "skip", "minicbor_skip", "5.0"),
    ("check of structure and text", "check", "", ""),
    ("decode into structs", "decode", "minicbor_decode", ""),
    ("encode", "encode", "minicbor_encode", ""),
];

/// The section `cortex-m4` of BENCHMARKS.md.
#[must_use]
pub fn section(lines: &[Line]) -> String {
    let find = |name: &str| lines.iter().find(|line| line.name == name);
    let per_byte = |line: &Line| line.instructions as f64 / line.bytes.max(1) as f64;
    let mut text = "\
## Instructions on a Cortex-M4

`cargo xtask size`, with `--update` to commit what is measured. The small document (3
pathpoints of 14 readings, 7 orders) on the emulated board, opt-level 3, fat LTO, counted
by QEMU's `-icount`; more than 5 % above `codec/bare/instructions.toml` fails. minicbor
does the same with the document in CBOR, by its decoder and encoder; its text is always
validated. The aim is what a throw-away codec of MessagePack's shape took, with a
document like this one.

| | instructions | per byte | minicbor | per byte | minicbor : ours | aim, per byte |
|---|---:|---:|---:|---:|---:|---:|
"
    .to_owned();
    for (what, ours, theirs, aim) in ROWS {
        let Some(ours) = find(ours) else { continue };
        let _ = write!(
            text,
            "| {what} | {} | {:.1} |",
            ours.instructions,
            per_byte(ours)
        );
        let _ = match find(theirs) {
            Some(theirs) => write!(
                text,
                " {} | {:.1} | {:.2} |",
                theirs.instructions,
                per_byte(theirs),
                theirs.instructions as f64 / ours.instructions.max(1) as f64
            ),
            None => write!(text, " | | |"),
        };
        let _ = writeln!(text, " {aim} |");
    }
    let bytes = |name| find(name).map_or(0, |line| line.bytes);
    let (ours, theirs) = (bytes("walk"), bytes("minicbor_walk"));
    let _ = writeln!(
        text,
        "\
\nThe document has {ours} bytes in minijson, {theirs} in CBOR.

What is above its aim was profiled on the host alone: there four in ten of a reading's
instructions check its list of two against bytes left, depth and budget, and find back to
the list around it, and a third read a time that says its own length. To write such a time,
its length has to be found first, where CBOR's integers have one of five widths."
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_lines_are_read_and_shown() {
        let lines = parse("memcpy 100 11250\nskip 100 50000\nminicbor_skip 110 99000\n").unwrap();
        assert_eq!(lines[1].instructions, 500);
        let text = section(&lines);
        assert!(
            text.contains("| skip | 500 | 5.0 | 990 | 9.0 | 1.98 | 5.0 |"),
            "{text}"
        );
        let held = held(&lines);
        assert_eq!(held.get("small", "skip"), Some(500));
        assert_eq!(held.get("small", "minicbor_skip"), None);
        assert_eq!(held.get("small", "memcpy"), None);
    }

    #[test]
    fn other_output_is_an_error() {
        assert!(parse("walk 100").is_err());
        assert!(parse("qemu: what?").is_err());
    }
}
