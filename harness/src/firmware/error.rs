//! Why an image could not be run, or not as it was meant.

use super::log::{Line, TableError};
use super::qemu::{INSTALL, PROGRAM};
use crate::mock::MockError;
use crate::vnet::WireError;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use wigwag_embassy::settings::SettingsError;

/// Lines of the log that an error shows.
const SHOWN: usize = 20;

/// Why an image could not be run, or not as it was meant.
#[derive(Debug)]
#[non_exhaustive]
pub enum FirmwareError {
    /// QEMU is not on the path.
    NoQemu,
    /// The image cannot be read.
    Image {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The image's log cannot be read.
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TableError,
    },
    /// The settings cannot be written.
    Settings(SettingsError),
    /// Something of the host failed.
    Io {
        /// What.
        what: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// QEMU ended, or did not get as far as its network, and said this.
    Qemu {
        /// The lines of its standard error.
        said: String,
    },
    /// QEMU's control connection failed.
    Control(String),
    /// The device's report cannot be read.
    Report(String),
    /// The frames on the wire were none.
    Wire(WireError),
    /// The line that was waited for did not come.
    NoLine {
        /// How long it was waited for; `None`: the log ended.
        waited: Option<Duration>,
        /// The log until then.
        log: Vec<Line>,
    },
    /// The server cannot be started.
    Server(MockError),
    /// A trial for measuring did not come to its end in good order.
    Unfinished {
        /// What is not as it should be.
        what: String,
        /// The log until then.
        log: Vec<Line>,
    },
    /// The device still ran when its time was up, and was ended.
    StillRunning {
        /// How long it was waited for.
        waited: Duration,
        /// The log until then.
        log: Vec<Line>,
    },
}

impl fmt::Display for FirmwareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoQemu => write!(
                f,
                "{PROGRAM} is not on the path; QEMU 7.2 or later is needed: {INSTALL}"
            ),
            Self::Image { path, source } => write!(
                f,
                "{}: {source}; `cargo xtask firmware build` builds the image",
                path.display()
            ),
            Self::Log { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Settings(error) => write!(f, "the device's settings: {error}"),
            Self::Io { what, source } => write!(f, "{what}: {source}"),
            Self::Qemu { said } if said.trim().is_empty() => {
                write!(f, "{PROGRAM} did not start the board, and did not say why")
            }
            Self::Qemu { said } => write!(f, "{PROGRAM} said: {}", said.trim()),
            Self::Control(problem) => write!(f, "the connection to {PROGRAM}: {problem}"),
            Self::Report(problem) => write!(f, "the device's report: {problem}"),
            Self::Wire(error) => error.fmt(f),
            Self::NoLine { waited, log } => {
                match waited {
                    Some(waited) => write!(f, "not in the log after {waited:?}")?,
                    None => f.write_str("not in the log, which has ended")?,
                }
                tail(f, log)
            }
            Self::Server(error) => write!(f, "the server: {error}"),
            Self::Unfinished { what, log } => {
                write!(f, "the trial: {what}")?;
                tail(f, log)
            }
            Self::StillRunning { waited, log } => {
                write!(f, "the device still runs after {waited:?}")?;
                tail(f, log)
            }
        }
    }
}

/// The end of a log, which tells what happened instead.
fn tail(f: &mut fmt::Formatter<'_>, log: &[Line]) -> fmt::Result {
    let skipped = log.len().saturating_sub(SHOWN);
    write!(f, "; the log")?;
    if skipped > 0 {
        write!(f, " after {skipped} lines")?;
    }
    f.write_str(":")?;
    for line in &log[skipped..] {
        write!(f, "\n{line}")?;
    }
    Ok(())
}

impl std::error::Error for FirmwareError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Image { source, .. } | Self::Io { source, .. } => Some(source),
            Self::Log { source, .. } => Some(source),
            Self::Settings(error) => Some(error),
            Self::Wire(error) => Some(error),
            Self::Server(error) => Some(error),
            _ => None,
        }
    }
}

/// Names what failed.
pub(super) fn io(what: &'static str) -> impl FnOnce(io::Error) -> FirmwareError {
    move |source| FirmwareError::Io { what, source }
}
