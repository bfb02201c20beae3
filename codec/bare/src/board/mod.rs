//! Counting instructions on the emulated board: QEMU's `-icount shift=0` lets its clock
//! go on by a nanosecond an instruction, and a timer of 25 MHz counts those.

pub mod document;
pub mod work;

use semihosting::println;

/// Counts down from 2^32 - 1, 25 times a microsecond (CMSDK APB timer 0, Arm DDI 0479
/// section 4.3).
const TIMER: *mut u32 = 0x4000_0000 as *mut u32;

/// Instructions of a count.
const INSTRUCTIONS: u32 = 40;

fn start() {
    // SAFETY: this board has the timer, with its reload value at 8, its value at 4 and
    // its control at 0, and nobody else uses it.
    unsafe {
        TIMER.add(2).write_volatile(u32::MAX);
        TIMER.add(1).write_volatile(u32::MAX);
        TIMER.write_volatile(1);
    }
}

fn now() -> u32 {
    // SAFETY: as above; reading has no effect.
    unsafe { TIMER.add(1).read_volatile() }
}

/// Prints the instructions that one round of `work` takes: what many rounds take more
/// than few, in hundredths.
pub fn report(name: &str, bytes: usize, mut work: impl FnMut()) {
    const FEW: u32 = 20;
    const MANY: u32 = 120;
    let mut rounds = |count: u32| {
        let began = now();
        for _ in 0..count {
            work();
        }
        began.wrapping_sub(now())
    };
    // What is done once is done now.
    rounds(1);
    let few = rounds(FEW);
    let more = rounds(MANY).saturating_sub(few);
    let each = u64::from(more) * u64::from(INSTRUCTIONS) * 100 / u64::from(MANY - FEW);
    println!("{name} {bytes} {each}");
}

/// Measures everything, and ends the emulator.
pub fn measure() -> ! {
    start();
    work::measure();
    semihosting::process::exit(0)
}
