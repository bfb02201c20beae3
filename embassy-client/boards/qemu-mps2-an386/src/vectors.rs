//! The interrupts of the board (Arm DAI 0386, section "Interrupts"), by number
//! in the NVIC, and the table of their handlers.

use cortex_m::interrupt::InterruptNumber;

/// The interrupts that are used.
#[derive(Clone, Copy)]
#[repr(u16)]
pub(crate) enum Interrupt {
    /// CMSDK APB timer 0: the alarm.
    Timer0 = 8,
    /// The LAN9118.
    Ethernet = 13,
}

// SAFETY: the numbers are those of the board's interrupts, below 32.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

/// How many interrupts the board has.
const INTERRUPTS: usize = 32;

type Handler = unsafe extern "C" fn();

unsafe extern "C" {
    /// What cortex-m-rt calls for everything without a handler: our own
    /// [`DefaultHandler`](crate::fault).
    safe fn DefaultHandler();
}

/// The second part of the vector table: cortex-m-rt makes the first.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [Handler; INTERRUPTS] = {
    let mut table: [Handler; INTERRUPTS] = [DefaultHandler; INTERRUPTS];
    table[Interrupt::Timer0 as usize] = crate::clock::on_alarm;
    table[Interrupt::Ethernet as usize] = crate::ethernet::on_interrupt;
    table
};
