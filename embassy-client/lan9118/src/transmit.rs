//! From the network stack to the transmit FIFO.

use embassy_net_driver::{LinkState, TxToken};

use crate::access::Registers;
use crate::chip::Chip;
use crate::driver::{Lan9118, MTU, ROOM};
use crate::error::Error;
use crate::registers::{Register, TxStatus, int_sts, tx_cfg, tx_cmd_a, tx_cmd_b};

/// Room for one frame in the transmit FIFO.
pub struct TransmitToken<'a, R> {
    chip: &'a Chip<R>,
    buffer: &'a mut [u8],
    link: LinkState,
}

impl<'a, R> TransmitToken<'a, R> {
    pub(crate) fn new(chip: &'a Chip<R>, buffer: &'a mut [u8], link: LinkState) -> Self {
        Self { chip, buffer, link }
    }
}

impl<R: Registers> TxToken for TransmitToken<'_, R> {
    fn consume<T, F: FnOnce(&mut [u8]) -> T>(self, length: usize, f: F) -> T {
        // Nobody asks for more than the capabilities allow.
        let frame = &mut self.buffer[..length.min(MTU)];
        let result = f(frame);
        if self.link == LinkState::Down {
            self.chip.tally.transmit_drops.add(1);
            return result;
        }
        // At most MTU, which fits the 11 bits.
        let size = frame.len() as u32;
        let bus = self.chip.bus();
        bus.write(
            Register::TX_DATA_FIFO,
            tx_cmd_a::FIRST_SEGMENT | tx_cmd_a::LAST_SEGMENT | size,
        );
        bus.write(
            Register::TX_DATA_FIFO,
            size << tx_cmd_b::PACKET_TAG_SHIFT | size,
        );
        bus.0.write_fifo(frame);
        self.chip.tally.sent.add(1);
        result
    }
}

impl<R: Registers> Lan9118<'_, R> {
    /// Whether the longest frame fits; if not, an interrupt will tell when it
    /// does.
    pub(crate) fn has_room(&mut self) -> bool {
        if self.link == LinkState::Down {
            // What is sent without a link is lost, and never fills the FIFO.
            // The stack's timers go on as they would on a bad line.
            return true;
        }
        let mut room = self.take_statuses() > ROOM;
        // A chip that is gone may look full for ever.
        if !room && self.answers() {
            // As in receiving: acknowledge, listen, look again.
            self.chip.bus().write(Register::INT_STS, int_sts::TDFA_INT);
            self.set_blocked(true);
            room = self.take_statuses() > ROOM;
        }
        if room {
            self.set_blocked(false);
        }
        room || self.link == LinkState::Down
    }

    /// Takes the statuses of sent frames; returns the free bytes in the FIFO.
    fn take_statuses(&mut self) -> u32 {
        let bus = self.chip.bus();
        let info = bus.read(Register::TX_FIFO_INF);
        for _ in 0..(info >> 16) & 0xFF {
            if TxStatus(bus.read(Register::TX_STATUS_FIFO)).is_error() {
                self.chip.tally.transmit_errors.add(1);
            }
        }
        info & 0xFFFF
    }

    /// Stops the transmitter, empties its FIFOs, starts it again.
    pub(crate) fn restart_transmitter(&mut self) -> Result<(), Error> {
        self.chip.tally.restarts.add(1);
        let bus = self.chip.bus();
        bus.write(Register::INT_STS, int_sts::TXSTOP_INT);
        bus.write(
            Register::TX_CFG,
            tx_cfg::TXSAO | tx_cfg::TX_ON | tx_cfg::STOP_TX,
        );
        bus.wait_event(int_sts::TXSTOP_INT);
        bus.write(
            Register::TX_CFG,
            tx_cfg::TXSAO | tx_cfg::TXS_DUMP | tx_cfg::TXD_DUMP,
        );
        bus.wait_clear(Register::TX_CFG, tx_cfg::TXS_DUMP | tx_cfg::TXD_DUMP);
        bus.write(
            Register::INT_STS,
            int_sts::TXSTOP_INT | int_sts::TXE_INT | int_sts::TDFO_INT,
        );
        bus.write(Register::TX_CFG, tx_cfg::TXSAO | tx_cfg::TX_ON);
        Ok(())
    }
}
