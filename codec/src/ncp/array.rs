//! Arrays of numbers, where they lie in a packet.

use core::marker::PhantomData;

/// A number that arrays are made of.
pub trait Element: sealed::Wire + Copy {}

impl<T: sealed::Wire + Copy> Element for T {}

mod sealed {
    /// How a number is read from its bytes, the least first.
    pub trait Wire {
        /// Its bytes.
        const LEN: usize;
        /// Reads one; `bytes` has as many as that.
        fn read(bytes: &[u8]) -> Self;
    }
}

macro_rules! wire {
    ($($number:ty),*) => {$(
        impl sealed::Wire for $number {
            const LEN: usize = size_of::<Self>();

            fn read(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or(Self::default(), |bytes| Self::from_le_bytes(*bytes))
            }
        }
    )*};
}

wire!(u8, i8, u16, i16, u32, i32, u64, i64, f32, f64);

/// An array of numbers: a view of bytes that need not be aligned.
///
/// The wire has no count, and pads to a whole word. So an array of bytes or
/// 16-bit numbers may come back longer than it was sent, with zeros.
///
/// ```
/// use wigwag_codec::ncp::Array;
///
/// let bytes = [1, 0, 0xff, 0xff];
/// let array: Array<'_, i16> = Array::new(&bytes);
/// assert_eq!(array.len(), 2);
/// assert_eq!(array.get(1), Some(-1));
/// assert!(array.iter().eq([1, -1]));
/// let mut numbers = [0; 2];
/// assert_eq!(array.copy_to(&mut numbers), 2);
/// assert_eq!(numbers, [1, -1]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Array<'a, T> {
    bytes: &'a [u8],
    number: PhantomData<T>,
}

impl<'a, T: Element> Array<'a, T> {
    /// The numbers in `bytes`; what is less than one at the end is left out.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
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

    /// The number at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        let start = index.checked_mul(T::LEN)?;
        let bytes = self.bytes.get(start..start.checked_add(T::LEN)?)?;
        Some(T::read(bytes))
    }

    /// All of them.
    #[must_use]
    pub fn iter(&self) -> Elements<'a, T> {
        Elements {
            chunks: self.bytes.chunks_exact(T::LEN),
            number: PhantomData,
        }
    }

    /// Copies as many as there is room for, and says how many.
    pub fn copy_to(&self, into: &mut [T]) -> usize {
        let mut count = 0_usize;
        for (place, number) in into.iter_mut().zip(self.iter()) {
            *place = number;
            count = count.saturating_add(1);
        }
        count
    }

    /// The bytes as they lie in the packet.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
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
pub struct Elements<'a, T> {
    chunks: core::slice::ChunksExact<'a, u8>,
    number: PhantomData<T>,
}

impl<T: Element> Iterator for Elements<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.chunks.next().map(T::read)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chunks.size_hint()
    }
}

impl<T: Element> DoubleEndedIterator for Elements<'_, T> {
    fn next_back(&mut self) -> Option<T> {
        self.chunks.next_back().map(T::read)
    }
}

impl<T: Element> ExactSizeIterator for Elements<'_, T> {}
