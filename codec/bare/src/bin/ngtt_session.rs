//! NGTT's client session.
#![no_std]
#![no_main]

#[wigwag_bare::cortex_m_rt::entry]
fn main() -> ! {
    wigwag_bare::device::ngtt();
    wigwag_bare::rest()
}
