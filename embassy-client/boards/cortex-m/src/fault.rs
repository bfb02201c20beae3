//! The ends that are nobody's plan: panics, faults, interrupts without a
//! handler. Each says on the log what and where, leaves it as last words, and
//! starts the device anew.

use core::arch::naked_asm;
use core::fmt;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m_rt::exception;

use wigwag_embassy::health::Stuck;
use wigwag_embassy::last_words::Cause;

use crate::last_words;

unsafe extern "Rust" {
    /// Resets the chip: all of it that can go wrong, not the processor alone.
    /// Each board defines it.
    safe fn wigwag_reset() -> !;
}

/// Records and logs `words`, unless it was that which failed, and resets.
fn end(cause: Cause, words: fmt::Arguments<'_>) -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);

    if !ENDING.swap(true, Ordering::Relaxed) {
        last_words::record(cause, words);
        defmt::error!("{}", defmt::Display2Format(&words));
        defmt::flush();
    }
    wigwag_reset()
}

/// Ends the run because something makes no progress: what
/// [`health::watch`](wigwag_embassy::health::watch) is told to do then.
pub fn stuck(stuck: &Stuck) {
    end(Cause::Stuck, format_args!("{stuck}"))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    end(Cause::Panic, format_args!("{info}"))
}

/// What `defmt::panic!` and the like call; they have logged the reason.
#[defmt::panic_handler]
fn defmt_panic() -> ! {
    end(Cause::Panic, format_args!("only the log says why"))
}

#[exception]
unsafe fn DefaultHandler(number: i16) -> ! {
    end(
        Cause::Fault,
        format_args!("interrupt {number} has no handler"),
    )
}

/// Bytes of stack that [`hard_fault`] needs to say what happened.
const ENOUGH: usize = 2048;

/// The entry of the hard fault handler. A stack that has overflowed cannot
/// carry another call: then, and when it is nearly used up, the handler starts
/// at the stack's other end, over what is of no use any more.
#[unsafe(naked)]
#[unsafe(export_name = "HardFault")]
extern "C" fn enter_hard_fault() -> ! {
    naked_asm!(
        "mrs r0, msp",
        "ldr r1, =_stack_end + {enough}",
        "cmp r0, r1",
        "bhs 1f",
        "ldr r2, =_stack_start",
        "msr msp, r2",
        "1: b {handler}",
        enough = const ENOUGH,
        handler = sym hard_fault,
    )
}

unsafe extern "C" {
    /// The lower end of the stack, from memory.x.
    static _stack_end: u32;
}

/// `frame` is where the processor put its registers (Arm DDI 0403, section
/// B1.5.6), if there was room: r0 to r3, r12, lr, pc, xpsr.
extern "C" fn hard_fault(frame: *const u32) -> ! {
    const PC: usize = 6;
    // Configurable Fault Status Register (section B3.2.15): what went wrong.
    const CFSR: *const u32 = 0xE000_ED28 as *const u32;
    // Its bits for registers that could not be put on the stack, and, on an
    // Armv8-M, for a stack pointer below its limit.
    const STACKING: u32 = 1 << 4 | 1 << 12 | 1 << 20;

    // SAFETY: the register is there on every Armv7-M and Armv8-M with the main
    // extension; reading has no effect.
    let status = unsafe { CFSR.read_volatile() };
    if status & STACKING != 0 || frame < &raw const _stack_end {
        end(
            Cause::Fault,
            format_args!("stack overflow (fault status {status:#010x})"),
        )
    }
    // SAFETY: above the stack's end there was room for the frame.
    let pc = unsafe { frame.add(PC).read_volatile() };
    end(
        Cause::Fault,
        format_args!("hard fault at {pc:#010x} (fault status {status:#010x})"),
    )
}
