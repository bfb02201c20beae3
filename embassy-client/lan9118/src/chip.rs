//! The part of a chip that its interrupt handler, its driver and the
//! application share: registers, waker, counters.

use core::sync::atomic::{AtomicU32, Ordering};

use embassy_sync::waitqueue::AtomicWaker;

use crate::access::Registers;
use crate::bus::Bus;
use crate::registers::Register;

/// One chip: a `static` of the program, shared by the interrupt handler
/// ([`on_interrupt`](Self::on_interrupt)), the driver
/// ([`Lan9118`](crate::Lan9118)) and whoever reads the
/// [`counters`](Self::counters).
///
/// One driver a chip: a second [`Lan9118::new`](crate::Lan9118::new) resets the
/// chip under the first.
pub struct Chip<R> {
    registers: R,
    pub(crate) waker: AtomicWaker,
    pub(crate) tally: Tally,
}

impl<R: Registers> Chip<R> {
    /// A chip, not touched yet.
    pub const fn new(registers: R) -> Self {
        Self {
            registers,
            waker: AtomicWaker::new(),
            tally: Tally::new(),
        }
    }

    /// To be called by the handler of the chip's interrupt.
    ///
    /// Releases the interrupt line (INT_EN = 0: one store, and one load that
    /// makes sure it has arrived) and wakes the task that runs the driver,
    /// which does the work and listens again. It may be called at any time,
    /// also when nothing happened and before the driver is started.
    pub fn on_interrupt(&self) {
        self.registers.write(Register::INT_EN, 0);
        self.registers.read(Register::BYTE_TEST);
        self.waker.wake();
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.tally.read()
    }

    pub(crate) fn bus(&self) -> Bus<'_, R> {
        Bus(&self.registers)
    }
}

/// What a chip and its driver have counted since the program began. Each number
/// wraps around at 2^32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Counters {
    /// Frames handed to the network stack.
    pub received: u32,
    /// Frames handed to the chip.
    pub sent: u32,
    /// Received frames thrown away because they were damaged: check sum,
    /// collision, runt, length field, cut off.
    pub receive_errors: u32,
    /// Received frames thrown away because they are no Ethernet frames by
    /// their length: below 14 or above 1514 bytes without the check sum.
    pub receive_lengths: u32,
    /// Frames that the chip dropped because its receive FIFOs were full
    /// (RX_DROP).
    pub receive_drops: u32,
    /// Frames that the chip could not send, by its transmit status: collisions,
    /// lost carrier.
    pub transmit_errors: u32,
    /// Frames that were not given to the chip: the link was down.
    pub transmit_drops: u32,
    /// Times that a direction was emptied and started again because the chip
    /// reported an error there, or because frame statuses and data did not
    /// fit together.
    pub restarts: u32,
    /// Times that the chip did not answer: a MAC or PHY register that stayed
    /// busy, or a BYTE_TEST that read wrong.
    pub faults: u32,
    /// Times that the link went up or down.
    pub link_changes: u32,
}

/// The counters where they are counted. The driver alone writes them, so load
/// and store will do, which every Cortex-M has.
pub(crate) struct Tally {
    pub(crate) received: Count,
    pub(crate) sent: Count,
    pub(crate) receive_errors: Count,
    pub(crate) receive_lengths: Count,
    pub(crate) receive_drops: Count,
    pub(crate) transmit_errors: Count,
    pub(crate) transmit_drops: Count,
    pub(crate) restarts: Count,
    pub(crate) faults: Count,
    pub(crate) link_changes: Count,
}

pub(crate) struct Count(AtomicU32);

impl Count {
    pub(crate) fn add(&self, number: u32) {
        let value = self.0.load(Ordering::Relaxed).wrapping_add(number);
        self.0.store(value, Ordering::Relaxed);
    }

    const fn zero() -> Self {
        Self(AtomicU32::new(0))
    }

    fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    const fn new() -> Self {
        Self {
            received: Count::zero(),
            sent: Count::zero(),
            receive_errors: Count::zero(),
            receive_lengths: Count::zero(),
            receive_drops: Count::zero(),
            transmit_errors: Count::zero(),
            transmit_drops: Count::zero(),
            restarts: Count::zero(),
            faults: Count::zero(),
            link_changes: Count::zero(),
        }
    }

    fn read(&self) -> Counters {
        Counters {
            received: self.received.get(),
            sent: self.sent.get(),
            receive_errors: self.receive_errors.get(),
            receive_lengths: self.receive_lengths.get(),
            receive_drops: self.receive_drops.get(),
            transmit_errors: self.transmit_errors.get(),
            transmit_drops: self.transmit_drops.get(),
            restarts: self.restarts.get(),
            faults: self.faults.get(),
            link_changes: self.link_changes.get(),
        }
    }
}
