//! What can be written as one value: [`Encode`].

use super::encoder::Encoder;
use super::error::Error;
use super::pen::BLOCK;
use super::refusal::Refusal;

/// A type of which the [`Encoder`] writes a whole value at once:
/// [`Encoder::value`], [`Encoder::entry`].
///
/// It is there for what the format has: numbers, text, [`Bytes`], `Option` (nothing is
/// null), and slices, arrays and tuples of these, which become lists. They are written
/// faster than by one call for each element, because a list of numbers needs no account
/// of what is due.
///
/// For a type of your own, say what is to be called:
///
/// ```
/// use wigwag_codec::minijson::{Encode, Encoder, Error};
///
/// struct Reading<'a> {
///     path: &'a str,
///     /// Milliseconds since 1970, and what was measured.
///     values: &'a [(i64, f32)],
/// }
///
/// impl Encode for Reading<'_> {
///     fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
///         encoder.map(2)?.entry("path", self.path)?.entry("values", self.values)?;
///         Ok(())
///     }
/// }
///
/// let readings = [Reading { path: "W1", values: &[(7, 0.5)] }];
/// let mut buffer = [0; 64];
/// let mut encoder = Encoder::new(&mut buffer);
/// encoder.value(&readings)?;
/// assert_eq!(
///     encoder.finish()?,
///     b"\x41\x52\x04path\x82W1\x06values\x41\x42\x03\x07\x09\x3f\0\0\0"
/// );
/// # Ok::<(), Error>(())
/// ```
pub trait Encode {
    /// Writes exactly one value: a scalar, or a container with all that it announces.
    ///
    /// # Errors
    /// Those of what it calls.
    fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error>;

    /// If [`write`](Self::write) is there: how deep containers are nested in the value at
    /// most.
    #[doc(hidden)]
    const FLAT: Option<u16> = None;

    /// How deep containers are nested in the value.
    #[doc(hidden)]
    #[inline]
    fn depth(&self) -> u16 {
        Self::FLAT.unwrap_or(0)
    }

    /// Writes the value to `out` from `at` on, whatever is due: where it ends.
    #[doc(hidden)]
    #[inline]
    fn write(&self, out: &mut [u8], at: usize) -> Result<usize, Refusal> {
        let _ = out;
        Ok(at)
    }

    /// Writes the value into a block, if it is short enough: where it ends.
    #[doc(hidden)]
    #[inline]
    fn quick(&self, block: &mut [u8; BLOCK], at: usize) -> Option<usize> {
        let _ = (block, at);
        None
    }
}

/// Bytes as one value; a slice of numbers is a list of numbers, bytes or not.
///
/// ```
/// use wigwag_codec::minijson::{Bytes, Encoder};
///
/// let mut buffer = [0; 16];
/// let mut encoder = Encoder::new(&mut buffer);
/// encoder.value(&(Bytes(&[1, 2]), [1_u8, 2]))?;
/// assert_eq!(encoder.finish()?, b"\x42\x19\x02\x01\x02\x42\x03\x01\x03\x02");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bytes<'a>(
    /// The bytes.
    pub &'a [u8],
);
