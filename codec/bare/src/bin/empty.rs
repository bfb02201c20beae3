//! Nothing: what every program weighs. The bytes and the value are there.
#![no_std]
#![no_main]

use core::hint::black_box;

#[wigwag_bare::cortex_m_rt::entry]
fn main() -> ! {
    let mut place = [0_u8; 64];
    black_box(wigwag_bare::input());
    black_box(&wigwag_bare::reading::unknown());
    black_box(&mut place);
    wigwag_bare::rest()
}
