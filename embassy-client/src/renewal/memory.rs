//! The identities that a connection is given, in memory.

use super::record::{MAX_CERTIFICATE, Record};
use crate::tls::{Identity, SoftwareKey};

/// The device's identities while a connection uses them, for a `static`: 2.6 KB.
/// [`Keeper::load`](super::Keeper::load) fills it.
#[derive(Debug)]
pub struct Memory {
    /// The key of the settings.
    pub(super) first: Option<SoftwareKey>,
    pub(super) current: Held,
    pub(super) next: Held,
}

/// A key and its certificate.
#[derive(Debug)]
pub(super) struct Held {
    key: Option<SoftwareKey>,
    certificate: heapless::Vec<u8, MAX_CERTIFICATE>,
}

/// What a connection shows: [`Config::for_server`](crate::ngtt::Config::for_server)
/// and [`Config::with_next`](crate::ngtt::Config::with_next) take them.
#[derive(Clone, Copy, Debug)]
pub struct Identities<'m> {
    /// The one in use.
    pub current: Identity<'m>,
    /// The one that is to be proved.
    pub next: Option<Identity<'m>>,
}

impl Memory {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            first: None,
            current: Held::NONE,
            next: Held::NONE,
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Held {
    const NONE: Self = Self {
        key: None,
        certificate: heapless::Vec::new(),
    };

    pub(super) fn clear(&mut self) {
        self.key = None;
        self.certificate.clear();
    }

    /// Takes over what a record says.
    pub(super) fn fill(&mut self, record: &Record<'_>) {
        self.key = SoftwareKey::of_secret(record.secret);
        self.certificate.clear();
        // Records are no longer than the longest certificate and its key.
        let _ = self.certificate.extend_from_slice(record.certificate);
    }

    /// The identity, if it is one that fits a TLS send buffer of so many bytes.
    pub(super) fn identity(&self, send_buffer: usize) -> Option<Identity<'_>> {
        let identity = Identity::new(&self.certificate, self.key.as_ref()?).ok()?;
        (identity.send_buffer_needed() <= send_buffer).then_some(identity)
    }
}
