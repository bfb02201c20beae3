//! `cargo xtask fuzz`: coverage-guided fuzzing of the codec's entry points.

use xtask::project;
use xtask::run::{Result, ask, cargo, command, run as run_command};

/// Fuzz the codec (needs the nightly toolchain and cargo-fuzz).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long, in seconds, for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,

    /// One target instead of all in codec/fuzz/fuzz_targets.
    target: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result {
    let known = targets()?;
    let chosen = match &args.target {
        Some(name) if known.contains(name) => vec![name.clone()],
        Some(name) => {
            return Err(format!(
                "no fuzz target {name}; there are: {}",
                known.join(", ")
            ));
        }
        None => known,
    };
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
    let limit = format!("-max_total_time={}", args.seconds);
    for target in chosen {
        // By rustup's own command, because inside `cargo xtask` the pinned
        // toolchain is already chosen.
        run_command(
            command("rustup", &["run", "nightly", "cargo", "fuzz", "run"])
                .args(["--fuzz-dir", "codec/fuzz", &target, "--", &limit])
                .env_remove("RUSTUP_TOOLCHAIN")
                .env_remove("CARGO"),
        )?;
    }
    Ok(())
}

/// The names of the targets, from the files that hold them.
fn targets() -> Result<Vec<String>> {
    let folder = project().join("codec/fuzz/fuzz_targets");
    let files = std::fs::read_dir(&folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut names: Vec<String> = files
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}
