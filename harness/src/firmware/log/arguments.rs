//! The arguments of a log frame, taken apart as its format string says.

use defmt_parser::{Fragment, Parameter, Type, get_max_bitfield_range};

use super::table::Table;
use super::text;

/// Nested format strings: a structure in a structure.
const MAX_DEPTH: usize = 32;

/// Arguments of one frame, all levels together. Elements of a list may take no
/// bytes at all, so bytes alone do not limit them.
const MAX_ARGUMENTS: usize = 4096;

/// One argument.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument<'t> {
    Bool(bool),
    Unsigned(u128),
    /// And the width of its type, in bits, for those who want it in hexadecimal.
    Signed(i128, u32),
    Single(f32),
    Double(f64),
    Char(char),
    Text(String),
    Bytes(Vec<u8>),
    /// A value with a format string of its own.
    Nested(Nested<'t>),
    /// Several, shown as a list.
    List(Vec<Nested<'t>>),
    /// Several, shown one behind the other.
    Sequence(Vec<Nested<'t>>),
}

/// A value with a format string of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nested<'t> {
    pub(super) format: &'t str,
    pub(super) arguments: Vec<Argument<'t>>,
}

/// What is left of a frame. Every method takes from its start, and None is a
/// frame that makes no sense.
pub(super) struct Arguments<'t, 'b> {
    table: &'t Table,
    bytes: &'b [u8],
    depth: usize,
    left: usize,
}

impl<'t, 'b> Arguments<'t, 'b> {
    pub(super) fn new(table: &'t Table, bytes: &'b [u8]) -> Self {
        Self {
            table,
            bytes,
            depth: 0,
            left: MAX_ARGUMENTS,
        }
    }

    /// The number of a format string.
    pub(super) fn index(&mut self) -> Option<u16> {
        self.little_endian(2)?.try_into().ok()
    }

    /// The arguments of a format string, by their index.
    pub(super) fn of(&mut self, format: &str) -> Option<Vec<Argument<'t>>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut arguments = Vec::new();
        for kind in types(format)? {
            self.left = self.left.checked_sub(1)?;
            arguments.push(self.argument(&kind)?);
        }
        self.depth -= 1;
        Some(arguments)
    }

    fn argument(&mut self, kind: &Type) -> Option<Argument<'t>> {
        Some(match kind {
            Type::U8 => Argument::Unsigned(self.little_endian(1)?),
            Type::U16 => Argument::Unsigned(self.little_endian(2)?),
            // The device's pointers have 32 bits.
            Type::U32 | Type::Usize => Argument::Unsigned(self.little_endian(4)?),
            Type::U64 => Argument::Unsigned(self.little_endian(8)?),
            Type::U128 => Argument::Unsigned(self.little_endian(16)?),
            Type::I8 => self.signed(1)?,
            Type::I16 => self.signed(2)?,
            Type::I32 | Type::Isize => self.signed(4)?,
            Type::I64 => self.signed(8)?,
            Type::I128 => self.signed(16)?,
            Type::F32 => Argument::Single(f32::from_bits(self.length()?)),
            Type::F64 => Argument::Double(f64::from_bits(self.little_endian(8)?.try_into().ok()?)),
            Type::Bool => Argument::Bool(match self.little_endian(1)? {
                0 => false,
                1 => true,
                _ => return None,
            }),
            Type::Char => Argument::Char(char::from_u32(self.length()?)?),
            Type::Str => {
                let length = self.length()?;
                Argument::Text(self.text(length as usize)?)
            }
            Type::IStr => {
                let index = self.index()?;
                Argument::Text(self.table.part(index)?.into())
            }
            // Text without a length, up to a byte that UTF-8 does not have.
            Type::Debug | Type::Display => {
                let length = self.bytes.iter().position(|byte| *byte == 0xff)?;
                let text = self.text(length)?;
                self.take(1)?;
                Argument::Text(text)
            }
            Type::U8Slice => {
                let length = self.length()?;
                Argument::Bytes(self.take(length as usize)?.to_vec())
            }
            Type::U8Array(length) => Argument::Bytes(self.take(*length)?.to_vec()),
            Type::Format => {
                let index = self.index()?;
                let format = self.table.part(index)?;
                Argument::Nested(self.nested(format)?)
            }
            Type::FormatSlice => {
                let count = self.length()?;
                Argument::List(self.elements(count as usize)?)
            }
            Type::FormatArray(count) => Argument::List(self.elements(*count)?),
            Type::FormatSequence => Argument::Sequence(self.sequence()?),
            Type::BitField(bits) => {
                let low = bits.start / 8;
                let bytes = usize::from((bits.end.checked_sub(1)? / 8).checked_sub(low)? + 1);
                let number = self.little_endian(bytes.next_power_of_two())?;
                Argument::Unsigned(number.checked_shl(u32::from(low) * 8)?)
            }
        })
    }

    /// A value with its own format string: one of several when it is an `enum`.
    fn nested(&mut self, format: &'t str) -> Option<Nested<'t>> {
        let format = if format.contains('|') {
            let variants = format.split('|').count();
            // The number of the variant is as long as the last one's.
            let bytes = match variants - 1 {
                ..=0xff => 1,
                0x100..=0xffff => 2,
                _ => 4,
            };
            let variant = usize::try_from(self.little_endian(bytes)?).ok()?;
            format.split('|').nth(variant)?
        } else {
            format
        };
        let arguments = self.of(format)?;
        Some(Nested { format, arguments })
    }

    /// A list's elements: one format string for all of them.
    fn elements(&mut self, count: usize) -> Option<Vec<Nested<'t>>> {
        let index = self.index()?;
        let format = self.table.part(index)?;
        let mut elements = Vec::new();
        for _ in 0..count {
            self.left = self.left.checked_sub(1)?;
            elements.push(self.nested(format)?);
        }
        Some(elements)
    }

    /// Values up to one of format string 0, which there is none of.
    fn sequence(&mut self) -> Option<Vec<Nested<'t>>> {
        let mut values = Vec::new();
        loop {
            let index = self.index()?;
            if index == 0 {
                return Some(values);
            }
            self.left = self.left.checked_sub(1)?;
            let format = self.table.part(index)?;
            let arguments = self.of(format)?;
            values.push(Nested { format, arguments });
        }
    }

    fn signed(&mut self, bytes: usize) -> Option<Argument<'t>> {
        let bits = bytes as u32 * 8;
        let number = self.little_endian(bytes)?;
        let unused = 128 - bits;
        let number = (number << unused).cast_signed() >> unused;
        Some(Argument::Signed(number, bits))
    }

    fn text(&mut self, length: usize) -> Option<String> {
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn length(&mut self) -> Option<u32> {
        self.little_endian(4)?.try_into().ok()
    }

    fn little_endian(&mut self, bytes: usize) -> Option<u128> {
        let taken = self.take(bytes)?;
        let mut number = [0; 16];
        number.get_mut(..bytes)?.copy_from_slice(taken);
        Some(u128::from_le_bytes(number))
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }
}

/// The types of a format string's arguments, by index. One that is shown twice
/// is sent once; bit fields of one number are sent as the bytes that hold all
/// of them.
fn types(format: &str) -> Option<Vec<Type>> {
    let fragments = text::parse(format)?;
    let parameters: Vec<&Parameter> = fragments
        .iter()
        .filter_map(|fragment| match fragment {
            Fragment::Parameter(parameter) => Some(parameter),
            Fragment::Literal(_) => None,
        })
        .collect();
    let count = parameters.iter().map(|it| it.index + 1).max().unwrap_or(0);
    (0..count)
        .map(|index| {
            let of_index = || parameters.iter().copied().filter(|it| it.index == index);
            let first = of_index().next()?;
            if !matches!(first.ty, Type::BitField(_)) {
                return Some(first.ty.clone());
            }
            let (low, high) = get_max_bitfield_range(of_index())?;
            Some(Type::BitField(low..high))
        })
        .collect()
}
