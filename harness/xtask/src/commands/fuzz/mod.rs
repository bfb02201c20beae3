//! `cargo xtask fuzz`: coverage-guided fuzzing of the codec's and the inspector's
//! entry points.

mod seeds;

use std::fs;
use std::path::PathBuf;

use xtask::project;
use xtask::run::{Result, ask, cargo, command, run as run_command, watch};

/// Fuzz the codec and the inspector (needs the nightly toolchain and cargo-fuzz).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long, in minutes, for all targets together.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,

    /// Afterwards keep the small inputs that reach the most, for whoever fuzzes
    /// next: in the folders `seeds`, which are committed.
    #[arg(long)]
    keep: bool,

    /// One target instead of all in codec/fuzz and wasm/inspect/fuzz.
    target: Option<String>,
}

/// The workspaces that hold targets.
const FOLDERS: [&str; 2] = ["codec/fuzz", "wasm/inspect/fuzz"];

/// One way in or out.
struct Target {
    folder: &'static str,
    name: String,
}

pub(crate) fn run(args: &Args) -> Result {
    let chosen = chosen(args.target.as_deref())?;
    if ask(&mut command(
        "rustup",
        &["run", "nightly", "rustc", "--version"],
    ))
    .is_none()
    {
        return Err("fuzzing needs the nightly toolchain: rustup toolchain install nightly".into());
    }
    if ask(&mut cargo(&["fuzz", "--version"])).is_none() {
        return Err("fuzzing needs cargo-fuzz: cargo install cargo-fuzz".into());
    }
    // Building is not fuzzing.
    for folder in FOLDERS {
        if let Some(target) = chosen.iter().find(|target| target.folder == folder) {
            let only = args.target.as_ref().map(|_| target.name.as_str());
            run_command(target.cargo_fuzz("build").args(only))?;
        }
    }
    let seconds = (u64::from(args.minutes) * 60 / chosen.len() as u64).max(1);
    let mut told = Vec::new();
    let mut failed = Vec::new();
    for target in &chosen {
        let (runs, result) = target.fuzz(seconds)?;
        told.push((&target.name, runs));
        if let Err(why) = result {
            failed.push(format!("{}: {why}", target.name));
        } else if args.keep {
            target.keep()?;
        }
    }
    eprintln!("\n{:>14} executions in {seconds} s each", "");
    for (name, runs) in &told {
        eprintln!("{runs:>14} {name}");
    }
    let all: u64 = told.iter().map(|(_, runs)| runs).sum();
    eprintln!("{all:>14} in all");
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\nthe inputs are in the folders `artifacts` (README.md of codec/fuzz)",
        failed.join("\n")
    ))
}

impl Target {
    /// What belongs to it in its folder, with this ending.
    fn path(&self, part: &str) -> PathBuf {
        project().join(self.folder).join(part)
    }

    /// The inputs of this machine, which grow from run to run.
    fn corpus(&self) -> PathBuf {
        self.path("corpus").join(&self.name)
    }

    /// The inputs that are committed.
    fn seeds(&self) -> PathBuf {
        self.path("seeds").join(format!("{}.seeds", self.name))
    }

    /// The words of the language it reads: a dictionary serves all targets whose
    /// name begins, or goes on behind `minijson_`, as its own does.
    fn dictionary(&self) -> Option<PathBuf> {
        let format = self.name.strip_prefix("minijson_").unwrap_or(&self.name);
        [format, &self.name].into_iter().find_map(|name| {
            let (first, _) = name.split_once('_').unwrap_or((name, ""));
            let path = self.path("dictionaries").join(format!("{first}.dict"));
            path.exists().then_some(path)
        })
    }

    /// By rustup's own command, because inside `cargo xtask` the pinned toolchain
    /// is already chosen. Without sanitizer: what it would find needs unsafe code,
    /// which both crates forbid, and it costs half of the speed.
    fn cargo_fuzz(&self, what: &str) -> std::process::Command {
        let mut fuzz = command("rustup", &["run", "nightly", "cargo", "fuzz", what]);
        fuzz.args(["--sanitizer", "none", "--fuzz-dir", self.folder])
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO");
        fuzz
    }

    /// How many inputs were tried, and whether all was well.
    fn fuzz(&self, seconds: u64) -> Result<(u64, Result)> {
        seeds::unpack(&self.seeds(), &self.corpus())?;
        let mut fuzz = self.cargo_fuzz("run");
        fuzz.args([&self.name, "--"])
            .arg(format!("-max_total_time={seconds}"))
            // Every wait has an end, and no memory grows.
            .args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=4096"])
            .args(["-print_final_stats=1", "-verbosity=0"]);
        if let Some(dictionary) = self.dictionary() {
            fuzz.arg(format!("-dict={}", dictionary.display()));
        }
        let mut runs = 0;
        let result = watch(fuzz, |line| {
            if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
                runs = number.trim().parse().unwrap_or(0);
            }
        });
        Ok((runs, result))
    }

    /// Writes the seeds anew, from what this machine has found.
    fn keep(&self) -> Result {
        let least = self.path("target").join(format!("least-{}", self.name));
        let _ = fs::remove_dir_all(&least);
        fs::create_dir_all(&least)
            .map_err(|error| format!("cannot make {}: {error}", least.display()))?;
        run_command(
            self.cargo_fuzz("run")
                .arg(&self.name)
                .args([&least, &self.corpus()])
                .args(["--", "-merge=1", "-verbosity=0", "-max_len=4096"]),
        )?;
        seeds::pack(&least, &self.seeds())
    }
}

/// All targets, or the one of this name.
fn chosen(name: Option<&str>) -> Result<Vec<Target>> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        all.extend(targets(folder)?);
    }
    let Some(name) = name else { return Ok(all) };
    let known: Vec<_> = all.iter().map(|target| target.name.clone()).collect();
    all.retain(|target| target.name == name);
    if all.is_empty() {
        return Err(format!(
            "no fuzz target {name}; there are: {}",
            known.join(", ")
        ));
    }
    Ok(all)
}

/// A folder's targets, from the files that hold them.
fn targets(folder: &'static str) -> Result<Vec<Target>> {
    let path = project().join(folder).join("fuzz_targets");
    let files =
        fs::read_dir(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut names: Vec<String> = files
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    let target = |name| Target { folder, name };
    Ok(names.into_iter().map(target).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_serve_the_targets_that_read_their_language() {
        let of = |name: &str| {
            let target = Target {
                folder: "codec/fuzz",
                name: name.into(),
            };
            let path = target.dictionary()?;
            Some(path.file_stem()?.to_str()?.to_owned())
        };
        assert_eq!(of("minijson_value").as_deref(), Some("minijson"));
        assert_eq!(of("minijson_json_in").as_deref(), Some("json"));
        assert_eq!(of("minijson_cbor_in").as_deref(), Some("cbor"));
        assert_eq!(of("ncp_packet").as_deref(), Some("ncp"));
        assert_eq!(of("frame_reader"), None);
    }

    #[test]
    fn every_target_has_seeds_that_can_be_read() {
        for target in chosen(None).unwrap() {
            let packed = fs::read(target.seeds())
                .unwrap_or_else(|error| panic!("{}: {error}", target.seeds().display()));
            let inputs = seeds::inputs(&packed).expect("whole");
            assert!(inputs.len() > 1, "{}", target.name);
        }
    }
}
