//! Running other programs: each command line is printed before it runs, and a
//! status other than 0 is an error that names it.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::project;

/// What went wrong, in words for the person at the keyboard.
pub type Result<T = ()> = std::result::Result<T, String>;

/// A command that will run in the project's folder.
#[must_use]
pub fn command(program: impl Into<OsString>, args: &[&str]) -> Command {
    let mut command = Command::new(program.into());
    command.args(args).current_dir(project());
    command
}

/// The cargo that runs us, or the one on the path.
///
/// What the outer cargo told us about our own package is taken away again:
/// build scripts that watch those variables would run anew each time a person
/// goes from `cargo xtask test` to `cargo test` and back.
#[must_use]
pub fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = command(program, args);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Prints the command line and runs it, its output going to the terminal.
///
/// # Errors
///
/// The program cannot be started, or ends with a status other than 0.
pub fn run(command: &mut Command) -> Result {
    let line = line(command);
    eprintln!("$ {line}");
    let status = command
        .status()
        .map_err(|error| format!("cannot start `{line}`: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{line}` failed: {status}"))
    }
}

/// Runs silently and gives back what it printed on standard output, or `None`
/// when it cannot be started or fails: the way to ask whether a thing is there.
#[must_use]
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as a person would type it, with the variables set for it.
fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let variables = command.get_envs().filter_map(|(name, value)| {
        value.map(|value| format!("{}={}", name.display(), value.display()))
    });
    let words = std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.display().to_string());
    let typed = variables.chain(words).collect::<Vec<_>>().join(" ");
    let below = command
        .get_current_dir()
        .and_then(|folder| folder.strip_prefix(project()).ok())
        .filter(|folder| !folder.as_os_str().is_empty());
    match below {
        Some(folder) => format!("(cd {} && {typed})", folder.display()),
        None => typed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed_in_the_projects_folder() {
        let mut shown = command("/usr/bin/cargo", &["fmt", "--check"]);
        assert_eq!(line(&shown), "cargo fmt --check");
        shown
            .env("RUSTDOCFLAGS", "x")
            .current_dir(project().join("a/b"));
        assert_eq!(line(&shown), "(cd a/b && RUSTDOCFLAGS=x cargo fmt --check)");
    }
}
