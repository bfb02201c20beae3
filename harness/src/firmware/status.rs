//! How a device's run ended.

use std::fmt;
use std::process::ExitStatus;

/// How a device's run ended, by the exit status that the device gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// 0: the goal of the trial is reached.
    Done,
    /// 1: the trial's time is up.
    TimeUp,
    /// 2: refused, for a reason that trying again does not cure: the server's
    /// certificate or the device's, its clock, its configuration.
    Refused,
    /// 3: the settings are missing or unusable.
    NoSettings,
    /// 4: the power failed, as the board was told
    /// ([`Firmware::power_cut`](super::Firmware::power_cut)).
    PowerCut,
    /// 101: the program panicked. The log has its words.
    Panicked,
    /// Another number.
    Other(i32),
    /// Ended by a signal from outside.
    Killed,
}

impl Status {
    pub(super) fn of(status: ExitStatus) -> Self {
        match status.code() {
            Some(0) => Self::Done,
            Some(1) => Self::TimeUp,
            Some(2) => Self::Refused,
            Some(3) => Self::NoSettings,
            Some(4) => Self::PowerCut,
            Some(101) => Self::Panicked,
            Some(other) => Self::Other(other),
            None => Self::Killed,
        }
    }

    /// The number that the device gave; None when it could not give one.
    #[must_use]
    pub const fn code(self) -> Option<i32> {
        Some(match self {
            Self::Done => 0,
            Self::TimeUp => 1,
            Self::Refused => 2,
            Self::NoSettings => 3,
            Self::PowerCut => 4,
            Self::Panicked => 101,
            Self::Other(other) => other,
            Self::Killed => return None,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("the device did what it had to do"),
            Self::TimeUp => f.write_str("the device's time is up before it had done everything"),
            Self::Refused => f.write_str("refused: the device's log says why"),
            Self::NoSettings => f.write_str("the device has no usable settings"),
            Self::PowerCut => f.write_str("the power failed, as it was told to"),
            Self::Panicked => f.write_str("the device's program panicked"),
            Self::Other(status) => write!(f, "the device ended with status {status}"),
            Self::Killed => f.write_str("the emulator was ended from outside"),
        }
    }
}
