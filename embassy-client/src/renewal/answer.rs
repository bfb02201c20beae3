//! What a renewal tells the application.

/// What came of an order about the device's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'b> {
    /// The request for a certificate: base64 (RFC 4648 section 4) of PKCS #10 in
    /// DER, for the authority.
    Request(&'b str),
    /// The certificate is stored, and will be shown on the next connection.
    Stored,
    /// There is no next identity any more.
    Cancelled,
}

/// Where a renewal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Stage {
    /// There is none.
    None,
    /// A key waits for its certificate.
    Requested,
    /// No server has said anything about the new certificate yet.
    Untried,
    /// A server has refused it; it is tried again, in turn with the present one.
    Refused,
    /// A server has accepted it. It takes over at the next
    /// [`Keeper::heed`](super::Keeper::heed).
    Proved,
}

impl Stage {
    /// One word: `none`, `requested`, `untried`, `refused` or `proved`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Requested => "requested",
            Self::Untried => "untried",
            Self::Refused => "refused",
            Self::Proved => "proved",
        }
    }
}

impl core::fmt::Display for Stage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}
