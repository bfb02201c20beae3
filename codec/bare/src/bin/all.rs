//! Every public function of the codec, to be searched for panics.
#![no_std]
#![no_main]

#[wigwag_bare::cortex_m_rt::entry]
fn main() -> ! {
    core::hint::black_box(&wigwag_bare::all::FUNCTIONS);
    wigwag_bare::rest()
}
