//! Numbers over time: what plots are drawn from.
//!
//! [`Series`] collects the values of a field, [`Series::reduced`] draws them
//! together in buckets that keep every spike; [`Rate`] counts frames and bytes;
//! [`array()`] takes one frame's array as a line; [`fields`] tells what there is
//! to draw. All work in slices, and none ever
//! holds a value that is not a finite number.

mod array;
mod fields;
mod rate;
mod series;
#[cfg(test)]
mod tests;

pub use array::array;
pub(crate) use fields::general;
pub use fields::{Seen, fields};
pub use rate::Rate;
pub use series::{Quantity, Reduced, Series};
