//! What is wrong, in two bytes: what the hot paths hand up instead of a whole
//! [`ErrorKind`].

use super::error::ErrorKind;

/// The errors that reading can find. They mean what the kinds of the
/// same name mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    UnexpectedEnd,
    UnknownType(u8),
    CountTooLarge,
    InvalidUtf8,
    ContainerAsKey,
    TooDeep,
    TooManyItems,
}

impl From<Fault> for ErrorKind {
    #[cold]
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::UnexpectedEnd => Self::UnexpectedEnd,
            Fault::UnknownType(code) => Self::UnknownType(code),
            Fault::CountTooLarge => Self::CountTooLarge,
            Fault::InvalidUtf8 => Self::InvalidUtf8,
            Fault::ContainerAsKey => Self::ContainerAsKey,
            Fault::TooDeep => Self::TooDeep,
            Fault::TooManyItems => Self::TooManyItems,
        }
    }
}
