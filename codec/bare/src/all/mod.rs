//! Every public function of the codec, so that all of them are in one image.
//!
//! A function whose address is in a table has to be there as a whole, for any argument:
//! the compiler cannot work out that a caller never passes this or that. So an image in
//! which no function of these can panic promises that none of them ever does.
//!
//! A test in `harness/xtask` compares the names with the codec's public API
//! (`codec/public-api.txt`). A function with type parameters is there with types that
//! have something to do; one that takes or gives what has no name (`impl Trait`) is
//! called by one here that has its name behind it in a comment.

mod capture;
mod framer;
mod link;
mod minijson;
mod ncp;
mod ngtt;
mod serde;
mod session;

/// The address of a function.
pub struct Function(#[expect(dead_code, reason = "it is in the image, which is all")] *const ());

// SAFETY: the address of a function is the same for all, and nobody writes to it.
unsafe impl Sync for Function {}

/// A table of functions.
macro_rules! functions {
    ($($function:expr),* $(,)?) => {
        /// The functions of this module.
        pub(super) static FUNCTIONS: &[$crate::all::Function] =
            &[$($crate::all::Function($function as *const ())),*];
    };
}
pub(crate) use functions;

/// All tables.
pub static FUNCTIONS: [&[Function]; 8] = [
    capture::FUNCTIONS,
    framer::FUNCTIONS,
    link::FUNCTIONS,
    minijson::FUNCTIONS,
    ncp::FUNCTIONS,
    ngtt::FUNCTIONS,
    serde::FUNCTIONS,
    session::FUNCTIONS,
];
