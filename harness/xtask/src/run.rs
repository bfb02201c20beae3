//! Running other programs: each command line is printed before it runs, and a
//! status other than 0 is an error that names it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, IsTerminal as _, PipeReader, Write as _, stdout};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

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
    judge(&line, status)
}

fn judge(line: &str, status: ExitStatus) -> Result {
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{line}` failed: {status}"))
    }
}

/// How long something that the program left behind may keep its output open
/// without printing a line.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// As [`run`], and gives each line of both its outputs to `each`, in their
/// order, before it is printed. On a terminal cargo is asked for colours.
///
/// # Errors
///
/// As [`run`].
pub fn watch(mut command: Command, mut each: impl FnMut(&str)) -> Result {
    let line = line(&command);
    eprintln!("$ {line}");
    let not_started = |error| format!("cannot start `{line}`: {error}");
    if stdout().is_terminal() && std::env::var_os("CARGO_TERM_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    // One pipe for both, so that their lines keep their order.
    let (output, input) = std::io::pipe().map_err(not_started)?;
    command.stdout(input.try_clone().map_err(not_started)?);
    command.stderr(input);
    let mut child = command.spawn().map_err(not_started)?;
    // It holds ends of the pipe, which would never end.
    drop(command);
    let (sender, lines) = channel();
    thread::spawn(move || read_lines(output, &sender));
    let mut show = |text: String| {
        each(&text);
        // Nobody is to lose the outcome because nobody reads.
        let _ = writeln!(stdout(), "{text}");
    };
    let status = loop {
        match lines.recv_timeout(LAST_WORDS) {
            Ok(text) => show(text),
            Err(RecvTimeoutError::Disconnected) => break child.wait(),
            Err(RecvTimeoutError::Timeout) => match child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => break Ok(status),
                Err(error) => break Err(error),
            },
        }
    };
    drain(&lines, show);
    judge(&line, status.map_err(|error| format!("`{line}`: {error}"))?)
}

/// Sends the lines until there are no more or nobody wants them.
fn read_lines(output: PipeReader, lines: &Sender<String>) {
    let mut output = BufReader::new(output);
    let mut bytes = Vec::new();
    while output.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        bytes.clear();
        if lines.send(text).is_err() {
            return;
        }
    }
}

fn drain(lines: &Receiver<String>, show: impl FnMut(String)) {
    lines.try_iter().for_each(show);
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
    fn both_outputs_are_watched_in_their_order_and_the_status_counts() {
        let script = "echo one; echo two >&2; printf 'three\\r\\nfour'";
        let mut seen = Vec::new();
        let done = watch(command("sh", &["-c", script]), |line| {
            seen.push(line.to_owned())
        });
        assert_eq!(done, Ok(()));
        assert_eq!(seen, ["one", "two", "three", "four"]);
        let failed = watch(command("sh", &["-c", "echo last; exit 3"]), |line| {
            seen.push(line.to_owned());
        });
        assert!(failed.unwrap_err().contains("exit status: 3"));
        assert_eq!(seen.last().map(String::as_str), Some("last"));
        let absent = watch(command("/no/such/program", &[]), |_| {});
        assert!(absent.unwrap_err().starts_with("cannot start `program`"));
    }

    #[test]
    fn what_a_program_leaves_behind_is_not_waited_for() {
        let script = "sleep 60 & echo $!";
        let mut left = String::new();
        let done = watch(command("sh", &["-c", script]), |line| {
            left = line.to_owned()
        });
        assert_eq!(done, Ok(()));
        // It held the pipe open until now.
        let end = command("kill", &[&left]).status();
        assert!(end.is_ok_and(|status| status.success()), "{left}");
    }

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
