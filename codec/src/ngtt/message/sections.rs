use super::{NgttError, number, parse};
use crate::minijson::{Items, Kind, Value};

/// The payload of an ORDER: sections, each with commands.
///
/// ```
/// use wigwag_codec::ngtt::message::{Command, Sections};
///
/// let payload = b"\x41\x51\x06orders\x41\x52\x04type\x84wait\x04time\x03\x05";
/// for section in Sections::parse(payload)? {
///     for command in section.commands() {
///         assert!(matches!(command, Command::Wait { seconds: 5.0 }));
///     }
/// }
/// # Ok::<(), wigwag_codec::ngtt::NgttError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sections<'a> {
    items: Items<'a>,
}

impl<'a> Sections<'a> {
    /// Reads the payload of an ORDER.
    ///
    /// # Errors
    /// [`NgttError::InvalidFrame`] if it is not one minijson list.
    pub fn parse(payload: &'a [u8]) -> Result<Self, NgttError> {
        Ok(Self {
            items: parse(payload, Kind::List)?.items(),
        })
    }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Section<'a>;

    fn next(&mut self) -> Option<Section<'a>> {
        self.items.next().map(|value| Section { value })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Sections<'_> {}

/// Commands that can be thought to be executed at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    value: Value<'a>,
}

impl<'a> Section<'a> {
    /// The commands in order; none if the section has an unknown shape.
    pub fn commands(&self) -> impl Iterator<Item = Command<'a>> + Clone + use<'a> {
        self.value
            .get("orders")
            .into_iter()
            .flat_map(|orders| orders.items())
            .map(Command::new)
    }

    /// Whether it may be joined with its neighbours; `None` for a number that
    /// is not known. A section that does not say may be.
    #[must_use]
    pub fn disposition(&self) -> Option<Disposition> {
        match self.value.get("disposition").map(|value| value.as_i64()) {
            None | Some(Some(0)) => Some(Disposition::Joinable),
            Some(Some(1)) => Some(Disposition::CannotJoin),
            Some(_) => None,
        }
    }

    /// The section as it came.
    #[must_use]
    pub const fn value(&self) -> Value<'a> {
        self.value
    }
}

/// Whether a section may be joined with its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Disposition {
    /// 0: with neighbours of the same disposition.
    Joinable,
    /// 1: all its commands are executed before the next section.
    CannotJoin,
}

/// How hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Advise {
    /// 0: best effort.
    Advise,
    /// 1: retry, even if other commands have to wait.
    Force,
}

/// One command.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    /// Write a value to a pathpoint.
    Write {
        /// The pathpoint's name.
        path: &'a str,
        /// The value to write.
        value: Value<'a>,
        /// How hard to try; best effort if the command does not say.
        advise: Advise,
        /// Do not execute later than this, in seconds since 1970.
        stale_after: Option<f64>,
    },
    /// Read a pathpoint.
    Read {
        /// The pathpoint's name.
        path: &'a str,
        /// How hard to try; best effort if the command does not say.
        advise: Advise,
    },
    /// Wait before the next command.
    Wait {
        /// How many seconds. Not checked: may be negative or not a number.
        seconds: f64,
    },
    /// Something that the user's own program defines.
    Sysctl {
        /// What to do.
        op_type: &'a str,
        /// With what, usually text.
        op_args: Value<'a>,
    },
    /// Fetch and execute a message.
    Message {
        /// Which one.
        uuid: &'a str,
    },
    /// A command of an unknown type or shape, as it came.
    Other(Value<'a>),
}

impl<'a> Command<'a> {
    /// Reads one command of a section. Never fails: what is not understood is
    /// [`Command::Other`].
    #[must_use]
    pub fn new(value: Value<'a>) -> Self {
        Self::typed(value).unwrap_or(Self::Other(value))
    }

    fn typed(value: Value<'a>) -> Option<Self> {
        let text = |key| value.get(key).and_then(|value| value.as_str());
        let advise = || match value.get("advise").map(|value| value.as_i64()) {
            None | Some(Some(0)) => Some(Advise::Advise),
            Some(Some(1)) => Some(Advise::Force),
            Some(_) => None,
        };
        Some(match text("type")? {
            "write" => Self::Write {
                path: text("path")?,
                value: value.get("value")?,
                advise: advise()?,
                stale_after: match value.get("stale_after") {
                    None => None,
                    Some(none) if none.is_null() => None,
                    Some(time) => Some(number(time)?),
                },
            },
            "read" => Self::Read {
                path: text("path")?,
                advise: advise()?,
            },
            "wait" => Self::Wait {
                seconds: number(value.get("time")?)?,
            },
            "sysctl" => Self::Sysctl {
                op_type: text("op_type")?,
                op_args: value.get("op_args")?,
            },
            "message" => Self::Message {
                uuid: text("uuid")?,
            },
            _ => return None,
        })
    }
}
