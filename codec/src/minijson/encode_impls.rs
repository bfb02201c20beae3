//! What the format has by itself, as [`Encode`].

use core::mem;

use super::container::Container;
use super::encode::{Bytes, Encode};
use super::encoder::Encoder;
use super::error::Error;
use super::pen::{BLOCK, Pen, append};
use super::refusal::Refusal;
use super::value::Value;
use super::{block, code, head};

/// A scalar: what the encoder is to be called for it, what the pen, and what writes it
/// into a block.
macro_rules! scalar {
    ($type:ty, $value:ident, $encoder:ident, $pen:ident, $argument:expr,
     ($block:ident, $at:ident) => $quick:expr) => {
        impl Encode for $type {
            const FLAT: Option<u16> = Some(0);

            #[inline]
            fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
                let $value = self;
                encoder.$encoder($argument)?;
                Ok(())
            }

            #[cfg_attr(target_pointer_width = "64", inline(always))]
            #[cfg_attr(not(target_pointer_width = "64"), inline)]
            fn write(&self, out: &mut [u8], at: usize) -> Result<usize, Refusal> {
                let $value = self;
                let mut pen = Pen::at(out, at);
                pen.$pen($argument)?;
                Ok(pen.len())
            }

            #[cfg_attr(target_pointer_width = "64", inline(always))]
            #[cfg_attr(not(target_pointer_width = "64"), inline)]
            fn quick(&self, $block: &mut [u8; BLOCK], $at: usize) -> Option<usize> {
                let $value = self;
                $quick
            }
        }
    };
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        scalar!($type, value, int, int, i64::from(*value), (block, at) => {
            block::int(block, at, i64::from(*value))
        });
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32);
scalar!(u64, value, uint, uint, *value, (block, at) => {
    block::int(block, at, i64::try_from(*value).ok()?)
});
scalar!(f32, value, f32, single, *value, (block, at) => block::single(block, at, *value));
scalar!(f64, value, f64, double, *value, (block, at) => block::double(block, at, *value));
scalar!(bool, value, bool, bool, *value, (block, at) => {
    block::byte(block, at, if *value { code::TRUE } else { code::FALSE })
});
scalar!(str, value, str, text, value, (block, at) => {
    block::text(block, at, code::TEXT7, value.as_bytes())
});

impl Encode for Bytes<'_> {
    const FLAT: Option<u16> = Some(0);

    #[inline]
    fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
        encoder.bytes(self.0)?;
        Ok(())
    }

    #[inline]
    fn write(&self, out: &mut [u8], at: usize) -> Result<usize, Refusal> {
        let mut pen = Pen::at(out, at);
        pen.bytes(self.0)?;
        Ok(pen.len())
    }
}

/// As it stands.
impl Encode for Value<'_> {
    #[inline]
    fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
        encoder.raw(*self)?;
        Ok(())
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    const FLAT: Option<u16> = T::FLAT;

    #[inline]
    fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
        (**self).encode(encoder)
    }

    #[inline]
    fn depth(&self) -> u16 {
        (**self).depth()
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn write(&self, out: &mut [u8], at: usize) -> Result<usize, Refusal> {
        (**self).write(out, at)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn quick(&self, block: &mut [u8; BLOCK], at: usize) -> Option<usize> {
        (**self).quick(block, at)
    }
}

/// Nothing is null.
impl<T: Encode> Encode for Option<T> {
    const FLAT: Option<u16> = T::FLAT;

    #[inline]
    fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
        match self {
            Some(value) => value.encode(encoder),
            None => encoder.null().map(|_| ()),
        }
    }

    #[inline]
    fn depth(&self) -> u16 {
        self.as_ref().map_or(0, T::depth)
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn write(&self, out: &mut [u8], at: usize) -> Result<usize, Refusal> {
        match self {
            Some(value) => value.write(out, at),
            None => {
                let mut pen = Pen::at(out, at);
                pen.null()?;
                Ok(pen.len())
            }
        }
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn quick(&self, block: &mut [u8; BLOCK], at: usize) -> Option<usize> {
        match self {
            Some(value) => value.quick(block, at),
            None => block::byte(block, at, code::NULL),
        }
    }
}

impl<T: Encode> Encode for [T] {
    const FLAT: Option<u16> = deeper(T::FLAT);

    #[inline]
    fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
        encoder.list(self.len())?;
        for value in self {
            encoder.value(value)?;
        }
        Ok(())
    }

    #[inline]
    fn depth(&self) -> u16 {
        let elements = self.iter().map(T::depth).max();
        elements.unwrap_or(0).saturating_add(1)
    }

    #[inline]
    fn write(&self, out: &mut [u8], at: usize) -> Result<usize, Refusal> {
        let mut pen = Pen::at(out, at);
        pen.open_list(self.len())?;
        let end = pen.len();
        let whole = out.len();
        let mut rest = out.get_mut(end..).unwrap_or_default();
        for value in self {
            let end = append(rest, 0, value)?;
            (_, rest) = mem::take(&mut rest)
                .split_at_mut_checked(end)
                .ok_or(Refusal::BufferFull)?;
        }
        Ok(whole.wrapping_sub(rest.len()))
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    const FLAT: Option<u16> = deeper(T::FLAT);

    #[inline]
    fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
        self.as_slice().encode(encoder)
    }

    #[inline]
    fn depth(&self) -> u16 {
        self.as_slice().depth()
    }

    #[inline]
    fn write(&self, out: &mut [u8], at: usize) -> Result<usize, Refusal> {
        self.as_slice().write(out, at)
    }
}

/// A list of what is nested so deep.
const fn deeper(elements: Option<u16>) -> Option<u16> {
    match elements {
        Some(depth) => depth.checked_add(1),
        None => None,
    }
}

/// The deeper one of two.
const fn both(one: Option<u16>, other: Option<u16>) -> Option<u16> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if one > other { one } else { other }),
        _ => None,
    }
}

macro_rules! tuples {
    ($($count:literal: $($type:ident $value:ident),*;)*) => {$(
        impl<$($type: Encode),*> Encode for ($($type,)*) {
            const FLAT: Option<u16> = {
                let depth = Some(0);
                $(let depth = both(depth, $type::FLAT);)*
                deeper(depth)
            };

            #[inline]
            fn encode(&self, encoder: &mut Encoder<'_>) -> Result<(), Error> {
                let ($($value,)*) = self;
                encoder.list($count)?;
                $(encoder.value($value)?;)*
                Ok(())
            }

            #[inline]
            fn depth(&self) -> u16 {
                let ($($value,)*) = self;
                let depth = 0_u16;
                $(let depth = depth.max($value.depth());)*
                depth.saturating_add(1)
            }

            #[cfg_attr(target_pointer_width = "64", inline(always))]
            #[cfg_attr(not(target_pointer_width = "64"), inline)]
            fn write(&self, out: &mut [u8], at: usize) -> Result<usize, Refusal> {
                let ($($value,)*) = self;
                let mut pen = Pen::at(out, at);
                pen.open_list($count)?;
                let at = pen.len();
                $(let at = append(out, at, $value)?;)*
                Ok(at)
            }

            #[cfg_attr(target_pointer_width = "64", inline(always))]
            #[cfg_attr(not(target_pointer_width = "64"), inline)]
            fn quick(&self, block: &mut [u8; BLOCK], at: usize) -> Option<usize> {
                let ($($value,)*) = self;
                let at = block::byte(block, at, head::short_container(Container::List, $count)?)?;
                $(let at = $value.quick(block, at)?;)*
                Some(at)
            }
        }
    )*};
}

tuples! {
    1: A a;
    2: A a, B b;
    3: A a, B b, C c;
    4: A a, B b, C c, D d;
    5: A a, B b, C c, D d, E e;
    6: A a, B b, C c, D d, E e, F f;
}
