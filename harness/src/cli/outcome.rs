//! How a command ends, and the exit status that follows.

use std::process::ExitCode;

use super::output::say;

/// What a command returns.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work itself failed: status 1, with this message.
    Work(String),
    /// The same, and standard output has already said what is wrong.
    Shown,
    /// Wrong use: status 2, with this message.
    Usage(String),
    /// Whoever read our output has seen enough (`| head`). Not a failure.
    OutputClosed,
}

/// Prints the message, if there is one, and gives the exit status.
pub(crate) fn status(outcome: Outcome) -> ExitCode {
    let (status, message) = match outcome {
        Ok(()) | Err(Failure::OutputClosed) => (0, None),
        Err(Failure::Shown) => (1, None),
        Err(Failure::Work(message)) => (1, Some(message)),
        Err(Failure::Usage(message)) => (2, Some(message)),
    };
    if let Some(message) = message {
        say(&message);
    }
    ExitCode::from(status)
}
