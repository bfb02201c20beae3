//! NCP's client session.
#![no_std]
#![no_main]

#[wigwag_bare::cortex_m_rt::entry]
fn main() -> ! {
    wigwag_bare::device::ncp();
    wigwag_bare::rest()
}
