//! Whether the codec's time grows with its input and no faster, whatever the input:
//! what the program in `codec/linear` takes for a small input and for a large one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use crate::project;
use crate::run::{Result, ask, cargo, run};

/// The workspace, below the project's folder.
const FOLDER: &str = "codec/linear";

/// The input that all others of a format are compared with.
const ORDINARY: &str = "ordinary";

/// How many times an ordinary input's cost per byte the worst may have.
pub const WORST: f64 = 20.0;

/// Nanoseconds per byte that memory may take of a large input, which a small one, in the
/// processor's cache, does not take: as much as what hardly looks at its input. Counts
/// have no such thing.
pub const MEMORY: f64 = 0.5;

/// The sizes at which instructions are counted, in bytes.
pub const COUNTED: [usize; 2] = [1 << 10, 1 << 16];

/// The largest input that is timed, in bytes; the smallest has 1 KiB.
pub const LARGEST: usize = 64 << 20;

/// What a way into the codec takes for an input, per byte, at several sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The way in.
    pub way: String,
    /// The input.
    pub input: String,
    /// How many times as much per byte it may take at the end as at the beginning.
    pub flat: f64,
    /// Per byte, from the smallest input to the largest.
    pub costs: Vec<f64>,
}

/// Builds the program, and says where it is.
///
/// # Errors
///
/// It cannot be built.
pub fn build() -> Result<PathBuf> {
    let manifest = format!("{FOLDER}/Cargo.toml");
    let arguments = [
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--manifest-path",
    ];
    let folder = project().join(FOLDER).join("target");
    run(cargo(&arguments)
        .arg(manifest)
        .arg("--target-dir")
        .arg(&folder))?;
    Ok(folder.join("release/wigwag-codec-linear"))
}

/// Instructions per byte at [`COUNTED`], by callgrind.
///
/// # Errors
///
/// valgrind is missing or the program failed.
pub fn count(program: &Path) -> Result<Vec<Curve>> {
    let list = ask(std::process::Command::new(program).arg("list"))
        .ok_or("the program tells no list: is it built?")?;
    let work: Vec<(usize, &str)> = list.lines().enumerate().collect();
    let work = Mutex::new(work.into_iter());
    let found = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failed = std::thread::scope(|scope| {
        let one = || -> Result {
            loop {
                // In a statement of its own, so that the lock is not held below.
                let next = work.lock().map_err(|error| error.to_string())?.next();
                let Some((at, line)) = next else {
                    return Ok(());
                };
                let curve = curve(program, line)?;
                let mut found = found.lock().map_err(|error| error.to_string())?;
                found.insert(at, curve);
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let ends = threads.into_iter().map(|thread| thread.join());
        let ends = ends.map(|end| end.unwrap_or_else(|_| Err("a thread failed".into())));
        ends.collect::<Result<Vec<()>>>().err()
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(found
            .into_inner()
            .map_err(|error| error.to_string())?
            .into_values()
            .collect()),
    }
}

fn curve(program: &Path, line: &str) -> Result<Curve> {
    let wrong = || format!("not a line of the list: {line}");
    let words: Vec<&str> = line.split_whitespace().collect();
    let [way, input, flat] = words.as_slice() else {
        return Err(wrong());
    };
    let costs = COUNTED.map(|size| Ok(instructions(program, way, input, size)? / size as f64));
    Ok(Curve {
        way: (*way).to_owned(),
        input: (*input).to_owned(),
        flat: flat.parse().map_err(|_| wrong())?,
        costs: costs.into_iter().collect::<Result<_>>()?,
    })
}

fn instructions(program: &Path, way: &str, input: &str, size: usize) -> Result<f64> {
    let output = std::process::Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(["--collect-atstart=no", "--toggle-collect=*wigwag_measured*"])
        .arg(program)
        .args(["once", way, input, &size.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, number)| number.trim().parse::<f64>().ok())
        .filter(|number| *number > 0.0 && output.status.success());
    collected.ok_or_else(|| format!("{way} of {input}, {size} bytes: {said}"))
}

/// Nanoseconds per byte at all sizes from 1 KiB to [`LARGEST`].
///
/// # Errors
///
/// The program failed.
pub fn time(program: &Path) -> Result<Vec<Curve>> {
    eprintln!("measuring, which takes minutes");
    let said = ask(std::process::Command::new(program).args(["time", &LARGEST.to_string()]))
        .ok_or("the program failed")?;
    times(&said)
}

fn times(said: &str) -> Result<Vec<Curve>> {
    let mut curves: Vec<Curve> = Vec::new();
    for line in said.lines() {
        let wrong = || format!("not a line of times: {line}");
        let words: Vec<&str> = line.split_whitespace().collect();
        let [way, input, flat, _bytes, cost] = words.as_slice() else {
            return Err(wrong());
        };
        let cost = cost.parse().map_err(|_| wrong())?;
        match curves.last_mut() {
            Some(last) if last.way == *way && last.input == *input => last.costs.push(cost),
            _ => curves.push(Curve {
                way: (*way).to_owned(),
                input: (*input).to_owned(),
                flat: flat.parse().map_err(|_| wrong())?,
                costs: vec![cost],
            }),
        }
    }
    Ok(curves)
}

impl Curve {
    fn ends(&self) -> (f64, f64) {
        let first = self.costs.first().copied().unwrap_or_default();
        (first, self.costs.last().copied().unwrap_or_default())
    }

    /// How many times as much per byte the largest input takes as the smallest.
    #[must_use]
    pub fn growth(&self) -> f64 {
        let (first, last) = self.ends();
        last / first
    }

    /// How many times as much per byte it takes as the ordinary input.
    #[must_use]
    pub fn excess(&self, all: &[Self]) -> f64 {
        let mut all = all.iter();
        let ordinary = all.find(|curve| curve.way == self.way && curve.input == ORDINARY);
        ordinary.map_or(f64::INFINITY, |ordinary| self.ends().1 / ordinary.ends().1)
    }
}

/// Holds curves: each flat, and none of [`WORST`] times the ordinary. What begins below
/// `floor` may grow as if it began there: see [`MEMORY`].
///
/// # Errors
///
/// One is not, a line each.
pub fn hold(curves: &[Curve], floor: f64) -> Result {
    let mut broken = Vec::new();
    for curve in curves {
        let (growth, excess) = (curve.growth(), curve.excess(curves));
        let name = format!("{} of {}", curve.way, curve.input);
        let (first, last) = curve.ends();
        // What is not a number is not within its bounds.
        if growth.is_nan() || last > curve.flat * first.max(floor) {
            broken.push(format!(
                "  {name}: {growth:.2} times as much per byte when large"
            ));
        }
        if excess.is_nan() || excess > WORST {
            broken.push(format!(
                "  {name}: {excess:.1} times as much as an ordinary input"
            ));
        }
    }
    if broken.is_empty() && !curves.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the codec's cost is not linear:\n{}",
        broken.join("\n")
    ))
}

/// The section `linear` of BENCHMARKS.md, of counts.
#[must_use]
pub fn section(curves: &[Curve]) -> String {
    let mut text = format!(
        "\
## Linear cost, constant memory

`cargo xtask linear --update`. Instructions per byte of input on the host (callgrind), of
every way into the codec with an ordinary input and with those that cost most per byte.
None may grow by more than half from 1 KiB to 64 KiB (sorting a map's entries takes the
logarithm of their number, twice), and none may cost {WORST:.0} times what an ordinary input
does: `cargo xtask linear` fails otherwise. `cargo xtask linear --full` holds the same by
times, for inputs that double from 1 KiB to 64 MiB. Every run has 64 KiB of stack,
whatever its input, and an allocator that counts: nothing is ever allocated.

| way in | input | 1 KiB | 64 KiB | grows by | ordinary × |
|---|---|---:|---:|---:|---:|
"
    );
    for curve in curves {
        let (first, last) = curve.ends();
        let (growth, excess) = (curve.growth(), curve.excess(curves));
        let _ = writeln!(
            text,
            "| {} | {} | {first:.2} | {last:.2} | {growth:.2} | {excess:.1} |",
            curve.way, curve.input
        );
    }
    text
}

/// The section `linear-full` of BENCHMARKS.md, of times.
#[must_use]
pub fn full_section(curves: &[Curve]) -> String {
    let mut text = format!(
        "\
## Linear cost up to 64 MiB

`cargo xtask linear --full --update`. Nanoseconds per byte of the same work as above, the
least of two to 64 rounds, for inputs that double from 1 KiB to 64 MiB: times of one machine,
of the processor where they are long, so that other work disturbs little. The bounds are
those of the counts: nothing but sorting may grow by more than half, and nothing may cost
{WORST:.0} times what an ordinary input does. What takes less than {MEMORY} ns of a small input
may grow as if it took that: a large one comes from memory, a small one from the cache.

| way in | input | 1 KiB | 64 KiB | 4 MiB | 64 MiB | grows by | ordinary × |
|---|---|---:|---:|---:|---:|---:|---:|
"
    );
    for curve in curves {
        let (growth, excess) = (curve.growth(), curve.excess(curves));
        let shown = [0, 6, 12, 16].map(|doubled: usize| match curve.costs.get(doubled) {
            Some(cost) => format!("{cost:.2}"),
            None => String::new(),
        });
        let _ = writeln!(
            text,
            "| {} | {} | {} | {growth:.2} | {excess:.1} |",
            curve.way,
            curve.input,
            shown.join(" | ")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: &str = "skip ordinary 1.5 1024 1.000\nskip ordinary 1.5 2048 1.100\n\
        skip nulls 1.5 1024 4.000\nskip nulls 1.5 2048 4.000\n";

    #[test]
    fn flat_curves_hold_and_others_are_told() {
        let curves = times(TIMES).unwrap();
        assert_eq!(curves.len(), 2);
        assert_eq!(hold(&curves, 0.0), Ok(()));
        let steep = times(&TIMES.replace("1.100", "1.600")).unwrap();
        let said = hold(&steep, 0.0).unwrap_err();
        assert!(
            said.contains("skip of ordinary: 1.60 times as much per byte"),
            "{said}"
        );
        // Where memory may take as much, it is within its bounds, and a little later not.
        assert_eq!(hold(&steep, 1.07), Ok(()));
        assert!(hold(&steep, 1.06).is_err());
        let dear = times(&TIMES.replace("2048 4.000", "2048 23.000")).unwrap();
        let said = hold(&dear, 0.0).unwrap_err();
        assert!(
            said.contains("skip of nulls: 20.9 times as much as an"),
            "{said}"
        );
    }

    #[test]
    fn sizes_are_shown_in_their_columns() {
        let lines = (0..17).map(|doubled| {
            format!(
                "skip ordinary 1.5 {} {}.000\n",
                1024_u32 << doubled,
                10 + doubled
            )
        });
        let curves = times(&lines.collect::<String>()).unwrap();
        let section = full_section(&curves);
        let row = section.lines().last().unwrap();
        assert_eq!(
            row,
            "| skip | ordinary | 10.00 | 16.00 | 22.00 | 26.00 | 2.60 | 1.0 |"
        );
        let columns = section.lines().rev().nth(1).unwrap().matches('|').count();
        assert_eq!(row.matches('|').count(), columns);
    }

    #[test]
    fn nothing_measured_is_not_held() {
        assert!(hold(&[], 0.0).is_err());
        assert!(times("skip ordinary 1.5 1024").is_err());
    }
}
