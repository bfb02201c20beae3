//! Why settings cannot be used, and what to do about it.

use core::fmt;

use wigwag_codec::minijson;

use super::MAX_FLOOR;
use super::wifi::MAX_NETWORK_NAME;

/// A field of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Field {
    /// `version`: an integer.
    Version,
    /// `server`: text.
    Server,
    /// `port`: an integer.
    Port,
    /// `roots`: a list of bytes.
    Roots,
    /// `certificate`: bytes.
    Certificate,
    /// `key`: bytes.
    Key,
    /// `time_servers`: a list of text.
    TimeServers,
    /// `wifi_network`: text.
    WifiNetwork,
    /// `wifi_passphrase`: text.
    WifiPassphrase,
    /// `floor`: an integer.
    Floor,
}

impl Field {
    /// In the order in which they are written.
    pub(super) const ALL: [Self; 10] = [
        Self::Version,
        Self::Server,
        Self::Port,
        Self::Roots,
        Self::Certificate,
        Self::Key,
        Self::TimeServers,
        Self::WifiNetwork,
        Self::WifiPassphrase,
        Self::Floor,
    ];

    /// Its key in the image.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Server => "server",
            Self::Port => "port",
            Self::Roots => "roots",
            Self::Certificate => "certificate",
            Self::Key => "key",
            Self::TimeServers => "time_servers",
            Self::WifiNetwork => "wifi_network",
            Self::WifiPassphrase => "wifi_passphrase",
            Self::Floor => "floor",
        }
    }

    pub(super) const fn error(self, problem: Problem) -> SettingsError {
        SettingsError::Field {
            field: self,
            problem,
        }
    }
}

/// What is wrong with a [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Problem {
    /// It is not there.
    Missing,
    /// It is there twice.
    Twice,
    /// It is of another minijson type than [`Field`] says.
    WrongType,
    /// It, or an entry of it, is empty.
    Empty,
    /// The list has too many entries.
    TooMany {
        /// As many as it may have.
        most: usize,
    },
    /// The number is not one of a TCP port, 1 to 65535.
    OutOfRange,
    /// The text, or one of the list, is neither a DNS name nor an IP address.
    NotAServerName,
    /// The text is empty or longer than
    /// [`MAX_NETWORK_NAME`](super::MAX_NETWORK_NAME) bytes.
    NotANetworkName,
    /// The text has not 8 to 63 printable characters of ASCII.
    NotAPassphrase,
    /// The number is not from 0 to [`MAX_FLOOR`](super::MAX_FLOOR).
    NotATime,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Twice => "is there twice",
            Self::WrongType => "is of the wrong type",
            Self::Empty => "is empty or has an empty entry",
            Self::TooMany { most } => return write!(f, "has more than {most} entries"),
            Self::OutOfRange => "is not a port from 1 to 65535",
            Self::NotAServerName => "is neither a DNS name nor an IP address",
            Self::NotANetworkName => {
                return write!(f, "has not 1 to {MAX_NETWORK_NAME} bytes");
            }
            Self::NotAPassphrase => "has not 8 to 63 printable characters of ASCII",
            Self::NotATime => {
                return write!(
                    f,
                    "is not a time in seconds since 1970, from 0 to {MAX_FLOOR}"
                );
            }
        })
    }
}

/// Why there are no settings to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SettingsError {
    /// The flash is erased: nobody has written settings yet.
    Missing,
    /// What stands there is not what somebody wrote: a write that was cut off,
    /// worn flash, or something that never was a settings image.
    Damaged,
    /// The payload is longer than the flash it would stand in.
    TooLong {
        /// Announced length of the payload, in bytes.
        length: u32,
        /// Bytes there are for it.
        room: usize,
    },
    /// The payload is intact but not minijson.
    Malformed(minijson::Error),
    /// The payload is minijson but not a map with text keys.
    NotAMap,
    /// The settings are of another version than 1.
    UnknownVersion {
        /// The version they are of.
        version: i64,
    },
    /// A field is not what it should be.
    Field {
        /// Which.
        field: Field,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Writing: the image does not fit.
    RegionFull {
        /// Bytes there were for it.
        region: usize,
    },
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no settings in flash: write them to this device first"),
            Self::Damaged => f.write_str("the settings in flash are damaged: write them again"),
            Self::TooLong { length, room } => write!(
                f,
                "settings of {length} bytes where only {room} are left: they are damaged, or \
                 written for a larger region; write them again"
            ),
            Self::Malformed(error) => {
                write!(
                    f,
                    "the settings are not minijson: {error}; write them again"
                )
            }
            Self::NotAMap => {
                f.write_str("the settings are not a map with text keys: write them again")
            }
            Self::UnknownVersion { version } => write!(
                f,
                "settings of version {version}, and this firmware reads version 1: update the \
                 firmware, or write settings of version 1"
            ),
            Self::Field { field, problem } => {
                let name = field.name();
                write!(
                    f,
                    "settings: `{name}` {problem}; correct it and write them again"
                )
            }
            Self::RegionFull { region } => write!(
                f,
                "the settings do not fit {region} bytes: use a larger region or fewer roots"
            ),
        }
    }
}

impl core::error::Error for SettingsError {}
