//! The ends that are nobody's plan: panics, faults, interrupts without a
//! handler. Each says on the log what and where, and keeps it as last words. A
//! trial ends with status 101 then; a device in the field starts anew.

use core::arch::naked_asm;
use core::fmt;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::{MPU, SCB};
use cortex_m_rt::exception;
use wigwag_app::trial::PANICKED;
use wigwag_embassy::last_words::Cause;

use crate::last_words;

/// Keeps `words` and logs them, unless it was that which failed, and ends the run.
fn end(cause: Cause, words: fmt::Arguments<'_>) -> ! {
    end_after(cause, words, || {
        defmt::error!("{}", defmt::Display2Format(&words));
    })
}

/// The same with more on the log.
fn end_after(cause: Cause, words: fmt::Arguments<'_>, log: impl FnOnce()) -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);

    cortex_m::interrupt::disable();
    if !ENDING.swap(true, Ordering::Relaxed) {
        last_words::keep(cause, words);
        log();
    }
    if last_words::restarts() {
        SCB::sys_reset();
    }
    semihosting::process::exit(PANICKED)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // The message is for the log alone: kept, it would take 23 KB of flash in an
    // image without a log, most of it for writing numbers.
    let log = || defmt::error!("{}", defmt::Display2Format(info));
    match info.location() {
        Some(at) => end_after(
            Cause::Panic,
            format_args!("{}:{}", at.file(), at.line()),
            log,
        ),
        None => end_after(Cause::Panic, format_args!("nobody knows where"), log),
    }
}

/// What `defmt::panic!` and the like call; they have logged the reason.
#[defmt::panic_handler]
fn defmt_panic() -> ! {
    end(Cause::Panic, format_args!("the log tells why"))
}

#[exception]
unsafe fn DefaultHandler(number: i16) -> ! {
    end(
        Cause::Fault,
        format_args!("interrupt {number} has no handler"),
    )
}

/// Makes the empty addresses below the stack fault. On the board itself they do;
/// QEMU lets writes there vanish, and an overflowing stack with them. Call it
/// first of all.
///
/// The memory protection unit (Arm DDI 0403, section B3.5) gets one region, 256
/// MiB below the RAM, where nothing may be read or written. All else stays as
/// it is without the unit.
pub(crate) fn guard_stack(mpu: &mut MPU) {
    const REGION: u32 = 0;
    const START: u32 = 0x1000_0000;
    /// Execute never, no access, 2^(27 + 1) bytes, enabled.
    const ATTRIBUTES: u32 = 1 << 28 | 27 << 1 | 1;
    /// Enabled, outside of hard faults, with the default map as background.
    const CONTROL: u32 = 1 << 2 | 1;

    // SAFETY: there is no memory of the program in the region.
    unsafe {
        mpu.rnr.write(REGION);
        mpu.rbar.write(START);
        mpu.rasr.write(ATTRIBUTES);
        mpu.ctrl.write(CONTROL);
    }
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
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
    // Its bits for data that the memory protection unit kept from us, by the
    // program itself, and on the way into and out of an exception.
    const PROTECTED: u32 = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5;

    // SAFETY: the register is there on every Armv7-M; reading has no effect.
    let status = unsafe { CFSR.read_volatile() };
    if status & PROTECTED != 0 || frame < &raw const _stack_end {
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
