//! How many values an input may still hold.

use super::container::Container;
use super::fault::Fault;

/// Counts down [`Limits::items`](super::Limits::items).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(pub(crate) u32);

impl Budget {
    /// Takes one value.
    #[inline]
    pub(crate) fn one(&mut self) -> Result<(), Fault> {
        self.take(1)
    }

    /// Takes the elements of a container, before any of them is read.
    #[inline]
    pub(crate) fn elements(&mut self, form: Container, count: u32) -> Result<(), Fault> {
        match form {
            Container::List | Container::Map => self.take(count),
            Container::Sdict => self.take(count.saturating_mul(2)),
        }
    }

    #[inline]
    fn take(&mut self, count: u32) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(count).ok_or(Fault::TooManyItems)?;
        Ok(())
    }
}
