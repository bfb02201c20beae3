//! Counts the instructions of what the codec does, and of its peers: for QEMU.
#![no_std]
#![no_main]

#[wigwag_bare::cortex_m_rt::entry]
fn main() -> ! {
    wigwag_bare::board::measure()
}
