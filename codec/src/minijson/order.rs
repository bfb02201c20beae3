//! The order of map keys: Python's `<`, and a sort that needs no memory.

use core::cmp::Ordering;

use super::bigint::BigInt;
use super::bigint_buf::BigIntBuf;
use super::budget::Budget;
use super::container::Container;
use super::error::ErrorKind;
use super::float;
use super::limits::MAX_DEPTH;
use super::pass::{TextCheck, pass_over};
use super::reader::{Head, Reader};

/// Sorts the entries of one map, which fill `body`, by their keys.
///
/// Text goes by code point (which is the order of its UTF-8 bytes), bytes by
/// value, numbers (true and false among them) by size. Equal keys keep their
/// order. The work grows with n log² n; the stack with log n.
///
/// # Errors
/// [`ErrorKind::UnorderedKeys`] for two keys that Python would not compare: text
/// and numbers, null with anything, and NaN (which it would, without sense).
pub(crate) fn sort_entries(body: &mut [u8], count: u32, form: Container) -> Result<(), ErrorKind> {
    if is_sorted(body, count, form)? {
        return Ok(());
    }
    sort(body, count, form)
}

fn is_sorted(body: &[u8], count: u32, form: Container) -> Result<bool, ErrorKind> {
    let mut reader = Reader::new(body);
    let mut last = None;
    for _ in 0..count {
        let key = read_entry(&mut reader, form)?;
        if let Some(last) = last
            && compare(&last, &key)? == Ordering::Greater
        {
            return Ok(false);
        }
        last = Some(key);
    }
    Ok(true)
}

fn sort(body: &mut [u8], count: u32, form: Container) -> Result<(), ErrorKind> {
    if count < 2 {
        return Ok(());
    }
    let half = count / 2;
    let rest = count.saturating_sub(half);
    let middle = bytes_of(body, half, form)?;
    let (left, right) = split(body, middle)?;
    sort(left, half, form)?;
    sort(right, rest, form)?;
    merge(body, half, middle, rest, form)
}

/// Merges two sorted runs in place: halves the longer, finds where its middle
/// belongs in the other, turns the two inner pieces around, and goes on with
/// either side.
fn merge(
    body: &mut [u8],
    left: u32,
    middle: usize,
    right: u32,
    form: Container,
) -> Result<(), ErrorKind> {
    if left == 0 || right == 0 {
        return Ok(());
    }
    let (a, b) = body
        .split_at_checked(middle)
        .ok_or(ErrorKind::UnexpectedEnd)?;
    if left == 1 && right == 1 {
        let a = read_entry(&mut Reader::new(a), form)?;
        let b = read_entry(&mut Reader::new(b), form)?;
        if compare(&a, &b)? == Ordering::Greater {
            crate::bytes::turn(body, middle);
        }
        return Ok(());
    }
    let (upper, lower);
    if left >= right {
        let at = left / 2;
        let pivot_at = bytes_of(a, at, form)?;
        let pivot = entry_at(a, pivot_at, form)?;
        upper = (at, pivot_at);
        lower = run_below(b, right, &pivot, Ordering::Less, form)?;
    } else {
        let at = right / 2;
        let pivot_at = bytes_of(b, at, form)?;
        let pivot = entry_at(b, pivot_at, form)?;
        // Of equals the left ones stay first.
        upper = run_below(a, left, &pivot, Ordering::Equal, form)?;
        lower = (at, pivot_at);
    }
    let end = middle.saturating_add(lower.1);
    if let Some(inner) = body.get_mut(upper.1..end) {
        crate::bytes::turn(inner, middle.saturating_sub(upper.1));
    }
    let (first, second) = split(body, upper.1.saturating_add(lower.1))?;
    merge(first, upper.0, upper.1, lower.0, form)?;
    merge(
        second,
        left.saturating_sub(upper.0),
        middle.saturating_sub(upper.1),
        right.saturating_sub(lower.0),
        form,
    )
}

/// How many entries from the start, and bytes, are below the pivot (or equal to
/// it, if `most` says so).
fn run_below(
    run: &[u8],
    count: u32,
    pivot: &Head<'_>,
    most: Ordering,
    form: Container,
) -> Result<(u32, usize), ErrorKind> {
    let mut reader = Reader::new(run);
    for entry in 0..count {
        let before = reader.position();
        let key = read_entry(&mut reader, form)?;
        if compare(&key, pivot)? > most {
            return Ok((entry, before));
        }
    }
    Ok((count, reader.position()))
}

fn split(body: &mut [u8], at: usize) -> Result<(&mut [u8], &mut [u8]), ErrorKind> {
    body.split_at_mut_checked(at)
        .ok_or(ErrorKind::UnexpectedEnd)
}

fn bytes_of(body: &[u8], count: u32, form: Container) -> Result<usize, ErrorKind> {
    let mut reader = Reader::new(body);
    for _ in 0..count {
        read_entry(&mut reader, form)?;
    }
    Ok(reader.position())
}

fn entry_at(body: &[u8], at: usize, form: Container) -> Result<Head<'_>, ErrorKind> {
    let rest = body.get(at..).ok_or(ErrorKind::UnexpectedEnd)?;
    read_entry(&mut Reader::new(rest), form)
}

/// Reads one entry and returns its key.
pub(crate) fn read_entry<'a>(
    reader: &mut Reader<'a>,
    form: Container,
) -> Result<Head<'a>, ErrorKind> {
    let key = match form {
        Container::Map => reader.text_key().map(Head::Text),
        Container::List | Container::Sdict => reader.head(),
    };
    let key = key.map_err(|error| error.kind)?;
    let mut budget = Budget(u32::MAX);
    pass_over(reader, MAX_DEPTH, &mut budget, TextCheck::None).map_err(|error| error.kind)?;
    Ok(key)
}

fn compare(a: &Head<'_>, b: &Head<'_>) -> Result<Ordering, ErrorKind> {
    match (a, b) {
        (Head::Text(a), Head::Text(b)) | (Head::Bytes(a), Head::Bytes(b)) => Ok(a.cmp(b)),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => compare_numbers(a, b).ok_or(ErrorKind::UnorderedKeys),
            _ => Err(ErrorKind::UnorderedKeys),
        },
    }
}

#[derive(Clone, Copy)]
enum Number<'a> {
    Int(i64),
    Big(BigInt<'a>),
    Float(f64),
}

fn number<'a>(head: &Head<'a>) -> Option<Number<'a>> {
    match *head {
        Head::Bool(value) => Some(Number::Int(i64::from(value))),
        Head::Int(value) => Some(Number::Int(value)),
        Head::Big(value) => Some(Number::Big(value)),
        Head::Single(value) => Some(Number::Float(float::widen(value))),
        Head::Double(value) => Some(Number::Float(value)),
        _ => None,
    }
}

/// Compares exactly, whatever the kinds; `None` for NaN.
fn compare_numbers(a: Number<'_>, b: Number<'_>) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
        (Number::Float(a), b) => compare_numbers(b, Number::Float(a)).map(Ordering::reverse),
        (Number::Int(a), b) => compare_big(BigInt::from_be_bytes(&a.to_be_bytes()), b),
        (Number::Big(a), b) => compare_big(a, b),
    }
}

fn compare_big(a: BigInt<'_>, b: Number<'_>) -> Option<Ordering> {
    match b {
        Number::Int(b) => Some(a.cmp(&BigInt::from_be_bytes(&b.to_be_bytes()))),
        Number::Big(b) => Some(a.cmp(&b)),
        Number::Float(b) => compare_with_float(a, b),
    }
}

/// 2^127, the first number that an `i128` does not hold.
const I128_END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

fn compare_with_float(a: BigInt<'_>, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    if b.is_infinite() {
        return 0.0.partial_cmp(&b);
    }
    if (-I128_END..I128_END).contains(&b) {
        // Cut off, not rounded; a float with a fraction is far smaller than 2^127.
        let whole = b as i128;
        let fraction = b - whole as f64;
        let ordering = a.cmp(&BigInt::from_be_bytes(&whole.to_be_bytes()));
        return Some(ordering.then(0.0.partial_cmp(&fraction)?));
    }
    // A whole number: 53 bits, shifted by 75 to 971 places.
    let bits = b.to_bits();
    let mantissa = (bits & 0x000F_FFFF_FFFF_FFFF) | 0x0010_0000_0000_0000;
    let exponent = ((bits >> 52) & 0x7FF) as usize;
    let shift = exponent.saturating_sub(1023 + 52);
    // 971 places are 121 bytes and 3 bits; 16 bytes stand before them.
    let mut magnitude = [0_u8; 121 + 16];
    let digits = (u128::from(mantissa) << (shift % 8)).to_be_bytes();
    let end = magnitude.len().saturating_sub(shift / 8);
    let place = magnitude.get_mut(..end)?;
    *place.last_chunk_mut()? = digits;
    let b = BigIntBuf::from_magnitude(b < 0.0, &magnitude).ok()?;
    Some(a.cmp(&b.view()))
}
