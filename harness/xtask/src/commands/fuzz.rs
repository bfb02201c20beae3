//! `cargo xtask fuzz`: coverage-guided fuzzing of the codec's and the inspector's
//! entry points.

use xtask::project;
use xtask::run::{Result, ask, cargo, command, run as run_command};

/// Fuzz the codec and the inspector (needs the nightly toolchain and cargo-fuzz).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long, in seconds, for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,

    /// One target instead of all in codec/fuzz and wasm/inspect/fuzz.
    target: Option<String>,
}

/// The workspaces that hold targets.
const FOLDERS: [&str; 2] = ["codec/fuzz", "wasm/inspect/fuzz"];

pub(crate) fn run(args: &Args) -> Result {
    let mut chosen = Vec::new();
    for folder in FOLDERS {
        chosen.extend(targets(folder)?.into_iter().map(|name| (folder, name)));
    }
    if let Some(name) = &args.target {
        let known: Vec<_> = chosen.iter().map(|(_, name)| name.clone()).collect();
        chosen.retain(|(_, target)| target == name);
        if chosen.is_empty() {
            return Err(format!(
                "no fuzz target {name}; there are: {}",
                known.join(", ")
            ));
        }
    }
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
    for (folder, target) in chosen {
        // By rustup's own command, because inside `cargo xtask` the pinned
        // toolchain is already chosen.
        run_command(
            command("rustup", &["run", "nightly", "cargo", "fuzz", "run"])
                .args(["--fuzz-dir", folder, &target, "--", &limit])
                .env_remove("RUSTUP_TOOLCHAIN")
                .env_remove("CARGO"),
        )?;
    }
    Ok(())
}

/// The names of a folder's targets, from the files that hold them.
fn targets(folder: &str) -> Result<Vec<String>> {
    let folder = project().join(folder).join("fuzz_targets");
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
