use core::fmt;

use heapless::String;

use crate::ncp::{Field, Value};

/// Most bytes of a host name.
const HOSTNAME: usize = 64;
/// Most bytes of a user's and of a domain's name.
const NAME: usize = 32;

/// What a client says of itself in CCRE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names<'a> {
    /// The host: CIW in CCRE, CAR in CARE. At most 64 bytes.
    pub hostname: &'a str,
    /// The user: CUSR. At most 32 bytes.
    pub username: &'a str,
    /// The domain: CDOM. At most 32 bytes.
    pub domain: &'a str,
}

impl<'a> Names<'a> {
    /// A host, without user and domain.
    #[must_use]
    pub const fn of_host(hostname: &'a str) -> Self {
        Self {
            hostname,
            username: "",
            domain: "",
        }
    }

    /// Whether they can be said.
    pub(super) fn check(&self) -> Result<(), NameError> {
        for (name, limit) in [
            (self.hostname, HOSTNAME),
            (self.username, NAME),
            (self.domain, NAME),
        ] {
            NameError::check(name, limit)?;
        }
        Ok(())
    }
}

/// A name or a part of a login cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NameError {
    /// It has more bytes than this.
    TooLong {
        /// The most that it may have.
        limit: usize,
    },
    /// It has a NUL or another control character in it.
    Control,
    /// A user of a login has a ':' in it, which would be its end (RFC 7617
    /// section 2).
    Colon,
}

impl NameError {
    pub(super) fn check(name: &str, limit: usize) -> Result<(), Self> {
        if name.len() > limit {
            return Err(Self::TooLong { limit });
        }
        if name.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(Self::Control);
        }
        Ok(())
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => write!(f, "a name has more than {limit} bytes"),
            Self::Control => f.write_str("a name has a control character in it"),
            Self::Colon => f.write_str("a user with a ':' in it would end there"),
        }
    }
}

impl core::error::Error for NameError {}

/// What a server knows of the client at the other end, by the client's own word:
/// it proves nothing. Longer names are cut, and each control character is a `?`:
/// names go into logs and to terminals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The client's host.
    pub hostname: String<HOSTNAME>,
    /// Its user.
    pub username: String<NAME>,
    /// Its domain.
    pub domain: String<NAME>,
}

impl Peer {
    /// What a CCRE says.
    pub(super) fn of(field: &Field<'_>) -> Self {
        Self {
            hostname: text(field, "CIW"),
            username: text(field, "CUSR"),
            domain: text(field, "CDOM"),
        }
    }
}

fn text<const N: usize>(field: &Field<'_>, name: &str) -> String<N> {
    let mut text = String::new();
    if let Some(Ok(Value::Str(said))) = field.param(name).map(|param| param.value()) {
        for character in said.chars() {
            let is_control = character.is_control();
            if text.push(if is_control { '?' } else { character }).is_err() {
                break;
            }
        }
    }
    text
}
