//! `cargo xtask api`.

use xtask::api::release::since_release;
use xtask::api::{CRATES, UPDATE, differences};
use xtask::project;
use xtask::run::Result;

/// Hold the public API of the crates that programs depend on to the committed text, and
/// the version to what has changed since the last release.
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
            Some(since) if since.breaks.is_empty() => println!("  has all that {} had", since.tag),
            Some(since) => {
                let (tag, version) = (&since.tag, &since.version);
                let told = format!(
                    "breaks programs for {tag}:\n    {}",
                    since.breaks.join("\n    ")
                );
                if !since.told {
                    return Err(format!(
                        "{} {version} {told}\nThat needs a new major version, before 1.0 a new \
                         0.x: raise it in Cargo.toml, and say in CHANGELOG.md what programs \
                         have to do",
                        of.package
                    ));
                }
                println!("  {version} {told}");
            }
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
