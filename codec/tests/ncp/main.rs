//! NCP packets: arrays, values, the writer, and both of them on anything.

mod any;
mod arrays;
mod names;
mod values;
mod writer;
