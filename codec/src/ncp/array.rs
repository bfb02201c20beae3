//! Arrays of numbers, where they lie in a packet.

use core::marker::PhantomData;

/// A number that arrays are made of: the integers of 8, 16, 32 and 64 bits with
/// and without sign, `f32` and `f64`.
pub trait Element: sealed::Wire + Copy {}

impl<T: sealed::Wire + Copy> Element for T {}

mod sealed {
    /// How a number is read from its bytes, the least first.
    pub trait Wire {
        /// Its bytes.
        type Bytes: Copy + core::fmt::Debug + 'static;
        /// How many those are.
        const LEN: usize = size_of::<Self::Bytes>();
        /// The numbers that begin in `bytes` and are whole.
        fn chunks(bytes: &[u8]) -> &[Self::Bytes];
        /// Reads one.
        fn read(bytes: &Self::Bytes) -> Self;
    }
}

macro_rules! wire {
    ($($number:ty),*) => {$(
        impl sealed::Wire for $number {
            type Bytes = [u8; size_of::<Self>()];

            #[inline]
            fn chunks(bytes: &[u8]) -> &[Self::Bytes] {
                bytes.as_chunks().0
            }

            #[inline]
            fn read(bytes: &Self::Bytes) -> Self {
                Self::from_le_bytes(*bytes)
            }
        }
    )*};
}

wire!(u8, i8, u16, i16, u32, i32, u64, i64, f32, f64);

/// An array of numbers: a typed view of little-endian bytes, which need not be
/// aligned. Nothing is copied until [`copy_to`](Self::copy_to) is asked to.
///
/// A parameter has no element count, and its value is padded to a whole word of
/// four bytes. So an array of 8-bit or 16-bit numbers may come back longer than
/// it was sent, with zeros at its end; how many there were before is for the
/// protocol above to say.
///
/// Two arrays are equal if their numbers are: as with all floats, NaN equals
/// nothing, and 0.0 equals -0.0.
///
/// ```
/// use wigwag_codec::ncp::Array;
///
/// let bytes = [1, 0, 0xff, 0xff];
/// let array: Array<'_, i16> = Array::new(&bytes);
/// assert_eq!(array.len(), 2);
/// assert_eq!(array.get(1), Some(-1));
/// assert!(array.iter().eq([1, -1]));
/// assert_eq!(array, [1, -1]);
/// let mut numbers = [0; 2];
/// assert_eq!(array.copy_to(&mut numbers), 2);
/// assert_eq!(numbers, [1, -1]);
/// ```
#[derive(Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Array<'a, T> {
    bytes: &'a [u8],
    number: PhantomData<T>,
}

impl<'a, T: Element> Array<'a, T> {
    /// The numbers in `bytes`, the least significant byte of each first. What is
    /// less than a whole number at the end is left out.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        let odd = match bytes.len().checked_rem(T::LEN) {
            Some(odd) => odd,
            None => 0,
        };
        let bytes = match bytes.split_at_checked(bytes.len().saturating_sub(odd)) {
            Some((whole, _)) => whole,
            None => bytes,
        };
        Self {
            bytes,
            number: PhantomData,
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.bytes.len().checked_div(T::LEN) {
            Some(count) => count,
            None => 0,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at `index`, counted from 0; `None` behind the last.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        T::chunks(self.bytes).get(index).map(T::read)
    }

    /// All of them, in their order; from the back too.
    #[must_use]
    pub fn iter(&self) -> Elements<'a, T> {
        Elements {
            chunks: T::chunks(self.bytes).iter(),
        }
    }

    /// Copies the first ones, as many as there is room for, and says how many
    /// that are.
    pub fn copy_to(&self, into: &mut [T]) -> usize {
        for (place, bytes) in into.iter_mut().zip(T::chunks(self.bytes)) {
            *place = T::read(bytes);
        }
        self.len().min(into.len())
    }

    /// The bytes as they lie in the packet, a whole number of numbers.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<T: Element + PartialEq> PartialEq for Array<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Element + Eq> Eq for Array<'_, T> {}

impl<T: Element + PartialEq> PartialEq<[T]> for Array<'_, T> {
    fn eq(&self, other: &[T]) -> bool {
        self.iter().eq(other.iter().copied())
    }
}

impl<T: Element + PartialEq, const N: usize> PartialEq<[T; N]> for Array<'_, T> {
    fn eq(&self, other: &[T; N]) -> bool {
        *self == *other.as_slice()
    }
}

impl<T: Element + core::fmt::Debug> core::fmt::Debug for Array<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Element> IntoIterator for Array<'a, T> {
    type Item = T;
    type IntoIter = Elements<'a, T>;

    fn into_iter(self) -> Elements<'a, T> {
        self.iter()
    }
}

/// The numbers of an [`Array`].
#[derive(Clone, Debug)]
pub struct Elements<'a, T: Element> {
    chunks: core::slice::Iter<'a, T::Bytes>,
}

impl<T: Element> Iterator for Elements<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.chunks.next().map(T::read)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chunks.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<T> {
        self.chunks.nth(n).map(T::read)
    }

    fn fold<B, F: FnMut(B, T) -> B>(self, start: B, mut each: F) -> B {
        self.chunks
            .fold(start, |before, bytes| each(before, T::read(bytes)))
    }
}

impl<T: Element> DoubleEndedIterator for Elements<'_, T> {
    fn next_back(&mut self) -> Option<T> {
        self.chunks.next_back().map(T::read)
    }
}

impl<T: Element> ExactSizeIterator for Elements<'_, T> {}

impl<T: Element> core::iter::FusedIterator for Elements<'_, T> {}
