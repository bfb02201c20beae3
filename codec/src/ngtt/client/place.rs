//! An option that is all zeros when it is empty.

/// Something, or nothing.
///
/// The bytes of `None` depend on what the compiler finds room for in `T`; here
/// nothing is zeros. A session in a `static` is then zeros as a whole, which the
/// start-up code writes: otherwise its first value, buffers and all, would take
/// as much flash as RAM.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Place<T> {
    /// Nothing.
    Free,
    /// Something.
    Taken(T),
}

impl<T> Place<T> {
    pub(super) const fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Free => None,
            Self::Taken(thing) => Some(thing),
        }
    }

    pub(super) const fn as_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Free => None,
            Self::Taken(thing) => Some(thing),
        }
    }

    pub(super) const fn is_free(&self) -> bool {
        matches!(self, Self::Free)
    }
}
