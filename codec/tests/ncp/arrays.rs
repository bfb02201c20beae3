//! Arrays of numbers lie anywhere and are read without being copied.

use std::fmt::Debug;

use wigwag_codec::ncp::{Array, Element};

/// Reads `numbers` from each alignment, in every way there is.
fn every_way<T: Element + PartialEq + Debug + Default, const LEN: usize>(
    numbers: &[T],
    to_bytes: fn(T) -> [u8; LEN],
) {
    let bytes: Vec<u8> = numbers.iter().copied().flat_map(to_bytes).collect();
    for shift in 0..8 {
        let mut place = vec![0xee; shift];
        place.extend(&bytes);
        // Less than one number behind them.
        for odd in 0..LEN {
            place.truncate(shift + bytes.len());
            place.extend(vec![0xee; odd]);
            let array: Array<'_, T> = Array::new(&place[shift..]);
            assert_eq!(array, *numbers);
            assert_eq!(array.bytes(), bytes);
            assert_eq!(
                (array.len(), array.iter().len()),
                (numbers.len(), numbers.len())
            );
            assert_eq!(array.is_empty(), numbers.is_empty());
            assert!(array.iter().rev().eq(numbers.iter().rev().copied()));
            let folded = array.iter().fold(Vec::new(), |mut all, number| {
                all.push(number);
                all
            });
            assert_eq!(folded, numbers);
            for index in 0..numbers.len() + 2 {
                let wanted = numbers.get(index).copied();
                assert_eq!(array.get(index), wanted);
                assert_eq!(array.iter().nth(index), wanted);
            }
            assert_eq!(array.get(usize::MAX), None);
            for room in 0..numbers.len() + 2 {
                let mut into = vec![T::default(); room];
                let copied = array.copy_to(&mut into);
                assert_eq!(copied, room.min(numbers.len()));
                assert_eq!(into[..copied], numbers[..copied]);
                assert!(into[copied..].iter().all(|number| *number == T::default()));
            }
        }
    }
}

#[test]
fn all_ten_kinds_of_numbers_are_read_at_any_place() {
    every_way(&[0, 1, 0x80, u8::MAX], u8::to_le_bytes);
    every_way(&[0, -1, i8::MIN, i8::MAX, 5], i8::to_le_bytes);
    every_way(&[0, 1, 0x1234, u16::MAX], u16::to_le_bytes);
    every_way(&[0, -1, i16::MIN, i16::MAX, 5], i16::to_le_bytes);
    every_way(&[0, 1, 0x1234_5678, u32::MAX], u32::to_le_bytes);
    every_way(&[0, -1, i32::MIN, i32::MAX, 5], i32::to_le_bytes);
    every_way(&[0, 1, 0x0123_4567_89ab_cdef, u64::MAX], u64::to_le_bytes);
    every_way(&[0, -1, i64::MIN, i64::MAX, 5], i64::to_le_bytes);
    every_way(
        &[0.0, -1.5, f32::MIN, f32::MAX, f32::INFINITY],
        f32::to_le_bytes,
    );
    every_way(
        &[0.0, -1.5, f64::MIN, f64::MAX, f64::INFINITY],
        f64::to_le_bytes,
    );
    every_way(&[], u64::to_le_bytes);
}

#[test]
fn long_arrays_are_copied_whole() {
    for length in [15, 16, 17, 255, 4096] {
        let numbers: Vec<u16> = (0..length).map(|n| n * 13).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let mut into = vec![0; numbers.len()];
        assert_eq!(Array::new(&bytes).copy_to(&mut into), numbers.len());
        assert_eq!(into, numbers);
    }
}

#[test]
fn floats_keep_their_bits_and_compare_as_floats() {
    let odd = f32::from_bits(0x7fc1_2345);
    let bytes = [odd.to_le_bytes(), (-0.0_f32).to_le_bytes()].concat();
    let array: Array<'_, f32> = Array::new(&bytes);
    assert_eq!(array.get(0).map(f32::to_bits), Some(odd.to_bits()));
    assert_eq!(array.get(1).map(f32::to_bits), Some(0x8000_0000));
    assert_ne!(array, array, "NaN equals nothing");
    let zero: Array<'_, f32> = Array::new(&bytes[4..]);
    assert_eq!(zero, [0.0]);
}

#[test]
fn an_array_is_shown_as_a_list() {
    let array: Array<'_, i16> = Array::new(&[1, 0, 0xff, 0xff]);
    assert_eq!(format!("{array:?}"), "[1, -1]");
    let mut sum = 0;
    for number in array {
        sum += number;
    }
    assert_eq!(sum, 0);
}
