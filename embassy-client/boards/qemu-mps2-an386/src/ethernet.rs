//! The Ethernet chip of the board: a LAN9118 on the processor's bus.

use lan9118::{Buffers, Chip, Config, InterruptLine, Lan9118, Mmio};
use static_cell::ConstStaticCell;

use crate::vectors::Interrupt;

/// The running chip.
pub type Ethernet = Lan9118<'static, Mmio>;

/// Where its registers are (Arm DAI 0386, section "Memory map").
const BASE: usize = 0x4020_0000;

// SAFETY: on this board the chip is there, its bus needs no setting up, and the
// region is device memory by Armv7-M's default map; only this driver uses it.
static CHIP: Chip<Mmio> = Chip::new(unsafe { Mmio::new(BASE) });

/// Starts the chip with the station address in its EEPROM, which QEMU fills
/// from `-nic mac=..`, or with a default.
///
/// # Panics
/// When the chip does not answer, or this is the second call.
pub fn start() -> Ethernet {
    static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::new());

    // QEMU connects the line active high; otherwise it would interrupt for ever.
    let config = Config::new(InterruptLine::ActiveHigh);
    let ethernet = match Lan9118::new(&CHIP, BUFFERS.take(), config, &mut embassy_time::Delay) {
        Ok(ethernet) => ethernet,
        Err(error) => defmt::panic!("no network: {}", defmt::Display2Format(&error)),
    };
    // SAFETY: no critical section is held by masking this interrupt.
    unsafe { cortex_m::peripheral::NVIC::unmask(Interrupt::Ethernet) };
    ethernet
}

/// The handler of the chip's interrupt.
pub(crate) extern "C" fn on_interrupt() {
    CHIP.on_interrupt();
}
