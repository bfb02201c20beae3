//! `cargo xtask api`.

use xtask::api::{CRATES, UPDATE, differences, since_release};
use xtask::project;
use xtask::run::Result;

/// Hold the public API of the crates that programs depend on to the committed text.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Commit what the sources have.
    #[arg(long)]
    update: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut changed = Vec::new();
    for of in CRATES {
        let now = of.read()?;
        if args.update {
            std::fs::write(project().join(of.file), now)
                .map_err(|error| format!("cannot write {}: {error}", of.file))?;
            println!("written to {}", of.file);
            continue;
        }
        let differences = differences(&of.committed()?, &now);
        println!("{}: {} items", of.package, now.lines().count());
        match since_release(of)? {
            None => println!("  no release to compare it with yet (no tag v*)"),
            Some((tag, missing)) if missing.is_empty() => println!("  has all that {tag} had"),
            Some((tag, missing)) => println!(
                "  breaks programs for {tag}: the next release is a new 0.x. Gone:\n    {}",
                missing.join("\n    ")
            ),
        }
        if !differences.is_empty() {
            changed.push(format!("{}:\n  {}", of.file, differences.join("\n  ")));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the public API is not what is committed. Where that is meant, commit it with the \
         change, and say in CHANGELOG.md what programs have to do: {UPDATE}\n{}",
        changed.join("\n")
    ))
}
