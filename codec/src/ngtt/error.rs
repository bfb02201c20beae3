use core::fmt;

use crate::minijson;

/// What can go wrong for a user of NGTT.
///
/// `ConnectionFailed`, `DataStreamSyncFailed` and `InvalidFrame` have the names
/// and the meaning that the protocol's documentation gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NgttError {
    /// There is no connection to the server, or it was lost.
    ConnectionFailed {
        /// True if the network itself is missing: no link, no address from
        /// DHCP, no answer from DNS, no route. False if the server could not be
        /// talked to: connection refused or lost, TLS failed.
        is_due_to_no_internet: bool,
    },
    /// The server refused a batch of pathpoints.
    DataStreamSyncFailed,
    /// A frame or its payload cannot be understood.
    InvalidFrame {
        /// Where, in bytes from the start of what was read.
        offset: usize,
    },
    /// What is to be sent is larger than the place for it.
    TooLarge {
        /// How many bytes there is room for.
        limit: usize,
    },
    /// The queue was full and its rule dropped this request.
    Dropped,
}

impl fmt::Display for NgttError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionFailed {
                is_due_to_no_internet: true,
            } => {
                f.write_str("no connection: the network is not there (link, address, DNS or route)")
            }
            Self::ConnectionFailed {
                is_due_to_no_internet: false,
            } => f.write_str("no connection: the server refused it, TLS failed, or it was lost"),
            Self::DataStreamSyncFailed => f.write_str("the server refused the pathpoints"),
            Self::InvalidFrame { offset } => write!(f, "invalid frame at byte {offset}"),
            Self::TooLarge { limit } => {
                write!(
                    f,
                    "the message does not fit into the {limit} bytes kept for it"
                )
            }
            Self::Dropped => f.write_str("the queue was full and the request was dropped"),
        }
    }
}

impl core::error::Error for NgttError {}

impl From<minijson::Error> for NgttError {
    /// The payload is not minijson.
    fn from(error: minijson::Error) -> Self {
        Self::InvalidFrame {
            offset: error.offset,
        }
    }
}
