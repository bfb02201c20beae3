//! The three forms of container.

/// The three forms of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// Values.
    List,
    /// Keys (u8 length and text, no type byte) and values in turn.
    Map,
    /// Keys (whole values, but no containers) and values in turn.
    Sdict,
}

impl Container {
    /// Whether `bytes` could hold so many elements (at least one byte each) or
    /// entries (at least two).
    #[inline]
    pub(crate) const fn fits(self, count: u32, bytes: usize) -> bool {
        let most = match self {
            Self::List => bytes,
            Self::Map | Self::Sdict => bytes / 2,
        };
        count as u64 <= most as u64
    }
}
