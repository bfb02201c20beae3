//! The codec on a bare Cortex-M4: what the programs in `bin` share.
//!
//! Each program does one thing with input that the compiler cannot know, so that what
//! is in the image is what that thing takes. `empty` does nothing: the others are
//! weighed without what it weighs.
#![no_std]

#[cfg(feature = "all")]
pub mod all;
pub mod board;
pub mod device;
pub mod reading;

use core::hint::black_box;
use core::panic::PanicInfo;

#[doc(hidden)]
pub use cortex_m_rt;
// Its vector table's handlers are linked in.
use cortex_m as _;

/// A program that decodes: the function gets bytes of which nothing is known.
#[macro_export]
macro_rules! decodes {
    ($work:path) => {
        #[$crate::cortex_m_rt::entry]
        fn main() -> ! {
            core::hint::black_box($work($crate::input()));
            $crate::rest()
        }
    };
}

/// A program that encodes: the function gets a value of which nothing is known, and
/// a place to write it to.
#[macro_export]
macro_rules! encodes {
    ($work:path) => {
        #[$crate::cortex_m_rt::entry]
        fn main() -> ! {
            let mut place = [0; 64];
            core::hint::black_box($work(&$crate::reading::unknown(), &mut place));
            core::hint::black_box(&place);
            $crate::rest()
        }
    };
}

/// A program that does both.
#[macro_export]
macro_rules! decodes_and_encodes {
    ($decode:path, $encode:path) => {
        #[$crate::cortex_m_rt::entry]
        fn main() -> ! {
            let mut place = [0; 64];
            core::hint::black_box($decode($crate::input()));
            core::hint::black_box($encode(&$crate::reading::unknown(), &mut place));
            core::hint::black_box(&place);
            $crate::rest()
        }
    };
}

/// Bytes that came from somewhere.
#[must_use]
pub fn input() -> &'static [u8] {
    black_box(&[0; 64])
}

/// Nothing more to do.
pub fn rest() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    rest()
}
