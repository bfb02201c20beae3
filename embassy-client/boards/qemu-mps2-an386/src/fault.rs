//! The ends that are nobody's plan: panics, faults, interrupts without a
//! handler. Each says on the log what and where, and exits with status 101.

use core::arch::naked_asm;
use core::panic::PanicInfo;

use cortex_m_rt::exception;

/// The exit status of all of them.
const STATUS: i32 = 101;

fn exit() -> ! {
    semihosting::process::exit(STATUS)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    defmt::error!("{}", defmt::Display2Format(info));
    exit()
}

/// What `defmt::unwrap!` and the like call; they have logged the reason.
#[defmt::panic_handler]
fn defmt_panic() -> ! {
    exit()
}

#[exception]
unsafe fn DefaultHandler(number: i16) -> ! {
    defmt::error!("interrupt {} has no handler", number);
    exit()
}

/// Bytes of stack that [`hard_fault`] needs to say what happened.
const ENOUGH: usize = 2048;

/// The entry of the hard fault handler. A stack that has overflowed cannot
/// carry another call: then, and when it is nearly used up, the handler starts
/// on the stack's other end, over what is of no use any more.
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
    // Configurable Fault Status Register: what went wrong.
    const CFSR: *const u32 = 0xE000_ED28 as *const u32;
    // SAFETY: the register is there on every Armv7-M; reading has no effect.
    let status = unsafe { CFSR.read_volatile() };
    if frame < &raw const _stack_end {
        defmt::error!("stack overflow (fault status {=u32:#010x})", status);
    } else {
        // SAFETY: above the stack's end there was room for the frame.
        let pc = unsafe { frame.add(PC).read_volatile() };
        defmt::error!(
            "hard fault at {=u32:#010x} (fault status {=u32:#010x})",
            pc,
            status
        );
    }
    exit()
}
