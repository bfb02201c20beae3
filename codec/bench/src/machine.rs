//! Where and with what was measured.

use std::process::Command;

/// A sentence for people.
pub(crate) fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "Measured on {cores} cores of {}, with {}, opt-level 3, fat LTO, one codegen unit.",
        cpu(),
        compiler()
    )
}

fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(": ")?.1.to_owned())
    };
    match (field("model name"), field("cpu family"), field("model\t")) {
        (Some(name), Some(family), Some(model)) => {
            format!("{name} (family {family}, model {model})")
        }
        _ => format!("an unnamed processor ({})", std::env::consts::ARCH),
    }
}

fn compiler() -> String {
    let said = Command::new("rustc").arg("--version").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_else(|_| "an unnamed compiler".to_owned())
}

/// The versions of the crates beside ours, from the lock file.
pub(crate) fn versions(names: &[&str]) -> String {
    const LOCK: &str = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let entry = LOCK.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(entry.1.split_once('"')?.0)
    };
    let named = names
        .iter()
        .map(|name| format!("{name} {}", version(name).unwrap_or("?")));
    named.collect::<Vec<_>>().join(", ")
}
