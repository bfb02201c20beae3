//! NCP packets: arrays, values, names, the writer, the framer, and all of
//! them on anything.

mod any;
mod arrays;
mod faults;
mod framer;
mod names;
mod values;
mod writer;
