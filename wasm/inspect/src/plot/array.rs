//! The array of one frame, as a line.

use super::series::each_number;
use crate::detail::{Path, Scalar};
use crate::table::Frame;

/// The most numbers that are taken of one frame.
const MAX_NUMBERS: usize = 1 << 20;

/// The numbers that a path finds in a frame: elements of NCP's arrays, the items of
/// a list, single numbers; at most 1,048,576. What is no finite number is left out.
#[must_use]
pub fn array(frame: Frame<'_>, path: &Path) -> Vec<f64> {
    let mut numbers = Vec::new();
    let mut list = false;
    path.find(frame, &mut |scalar| {
        list |= matches!(scalar, Scalar::List(_));
        take(scalar, &mut numbers);
    });
    // Of a list that the path ends at, its items.
    if list
        && numbers.is_empty()
        && let Ok(items) = Path::parse(&format!("{path}[*]"))
    {
        items.find(frame, &mut |scalar| take(scalar, &mut numbers));
    }
    numbers
}

fn take(scalar: Scalar<'_>, numbers: &mut Vec<f64>) {
    each_number(scalar, &mut |number| {
        if number.is_finite() && numbers.len() < MAX_NUMBERS {
            numbers.push(number);
        }
    });
}
