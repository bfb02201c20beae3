use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

use super::TARGET;
use crate::framer::{FrameError, FrameErrorKind, Out};
use crate::ncp::link::NameError;

/// Most bytes of a user and of a password.
const PART: usize = 64;

/// Both, with the ':' between them.
const WHOLE: usize = 2 * PART + 1;

/// A user and a password.
///
/// `Debug` leaves the password out.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    user: &'a str,
    password: &'a str,
}

impl<'a> Login<'a> {
    /// No login, in a tunnel that wants none: an empty user and an empty
    /// password, as ncplib says it.
    pub const NONE: Self = Self {
        user: "",
        password: "",
    };

    /// A user, without a ':' in it, and a password; of at most 64 bytes each.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(user: &'a str, password: &'a str) -> Result<Self, NameError> {
        NameError::check(user, PART)?;
        NameError::check(password, PART)?;
        if user.contains(':') {
            return Err(NameError::Colon);
        }
        Ok(Self { user, password })
    }

    /// Says the request for a tunnel.
    pub(in crate::ncp::link) fn request(&self, out: &mut Out<'_>) -> Result<(), FrameError> {
        let no_space = FrameError::new(FrameErrorKind::NoSpace, WHOLE);
        let mut plain = heapless::Vec::<u8, WHOLE>::new();
        for part in [self.user, ":", self.password] {
            plain
                .extend_from_slice(part.as_bytes())
                .map_err(|_| no_space)?;
        }
        let mut coded = [0; WHOLE.div_ceil(3) * 4];
        let length = STANDARD
            .encode_slice(&plain, &mut coded)
            .map_err(|_| no_space)?;
        out.put_parts(&[
            b"CONNECT ",
            TARGET.as_bytes(),
            b" HTTP/1.1\r\nProxy-Authorization: Basic ",
            coded.get(..length).unwrap_or_default(),
            b"\r\n\r\n",
        ])
    }
}

impl core::fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Says who may use a server.
///
/// ```
/// use wigwag_codec::ncp::link::{Authenticate, Login};
///
/// let login = Login::new("operator", "a:b")?;
/// assert!(login.authenticate("operator", "a:b"));
/// assert!(!login.authenticate("operator", "a"));
///
/// // Several users.
/// let either = |user: &str, password: &str| {
///     [("one", "1"), ("two", "2")]
///         .iter()
///         .any(|(u, p)| Login::new(u, p).is_ok_and(|login| login.authenticate(user, password)))
/// };
/// assert!(either.authenticate("two", "2"));
/// # Ok::<(), wigwag_codec::ncp::link::NameError>(())
/// ```
pub trait Authenticate {
    /// Whether this user has this password. Who compares by `==` tells by the
    /// time it takes how much was right: a [`Login`] does not.
    fn authenticate(&self, user: &str, password: &str) -> bool;
}

/// In a time that depends on lengths only, and on both parts in any case.
impl Authenticate for Login<'_> {
    fn authenticate(&self, user: &str, password: &str) -> bool {
        let is_user = self.user.as_bytes().ct_eq(user.as_bytes());
        let is_password = self.password.as_bytes().ct_eq(password.as_bytes());
        (is_user & is_password).into()
    }
}

impl<F: Fn(&str, &str) -> bool> Authenticate for F {
    fn authenticate(&self, user: &str, password: &str) -> bool {
        self(user, password)
    }
}
