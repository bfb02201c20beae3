//! From the receive FIFOs to the network stack.

use core::task::Context;

use embassy_net_driver::RxToken;

use crate::access::Registers;
use crate::driver::{Lan9118, MTU};
use crate::error::Error;
use crate::registers::{Register, RxStatus, int_sts, mac_cr, rx_cfg};

/// Bytes of the check sum at the end of a received frame.
const CRC: usize = 4;

/// Two addresses and a type: no frame is shorter.
const HEADER: usize = 14;

/// Bytes that the chip stores of a frame at most: its watchdog cuts off between
/// 2048 and 2560. A longer one does not exist.
const LONGEST: usize = 2560 + CRC;

/// Bad frames thrown away in one call before other tasks get their turn.
const BURST: usize = 32;

/// A received frame, without its check sum.
pub struct ReceiveToken<'a>(pub(crate) &'a mut [u8]);

impl RxToken for ReceiveToken<'_> {
    fn consume<T, F: FnOnce(&mut [u8]) -> T>(self, f: F) -> T {
        f(self.0)
    }
}

/// What became of a waiting frame.
enum Taken {
    /// It is in the buffer: so many bytes.
    Frame(usize),
    /// It was thrown away.
    Nothing,
    /// The chip does not answer.
    Fault,
}

impl<R: Registers> Lan9118<'_, R> {
    /// Takes the next good frame into the receive buffer and returns its
    /// length; if there is none, an interrupt will tell when there is.
    pub(crate) fn next_frame(&mut self, cx: &Context<'_>) -> Option<usize> {
        let bus = self.chip.bus();
        for _ in 0..BURST {
            let mut waiting = bus.read(Register::RX_FIFO_INF);
            if frames(waiting) == 0 {
                // The chip tells of an arrival once. So: acknowledge the past
                // ones, listen, and look again for one that came in between.
                bus.write(Register::INT_STS, int_sts::RSFL_INT);
                self.listen();
                waiting = bus.read(Register::RX_FIFO_INF);
                if frames(waiting) == 0 {
                    return None;
                }
            }
            match self.take(waiting) {
                Taken::Frame(length) => return Some(length),
                Taken::Nothing => {}
                Taken::Fault => {
                    // For the timer, should the chip come back.
                    self.listen();
                    return None;
                }
            }
        }
        cx.waker().wake_by_ref();
        None
    }

    /// Takes one frame, given what RX_FIFO_INF says.
    fn take(&mut self, waiting: u32) -> Taken {
        let bus = self.chip.bus();
        let status = RxStatus(bus.read(Register::RX_STATUS_FIFO));
        let length = status.length();
        let words = length.div_ceil(4);
        let stored = (waiting & 0xFFFF) as usize;
        if length > LONGEST || words * 4 > stored {
            // Where the next frame begins is unknown.
            if !self.answers() {
                return Taken::Fault;
            }
            if self.restart_receiver().is_err() {
                self.fault();
                return Taken::Fault;
            }
            return Taken::Nothing;
        }
        if status.is_error() {
            self.chip.tally.receive_errors.add(1);
        } else if !(HEADER + CRC..=MTU + CRC).contains(&length) {
            self.chip.tally.receive_lengths.add(1);
        } else {
            let frame = length - CRC;
            bus.0.read_fifo(&mut self.buffers.receive[..frame]);
            bus.skip(words - frame.div_ceil(4));
            self.chip.tally.received.add(1);
            return Taken::Frame(frame);
        }
        // Word by word: RX_DP_CTRL's fast forward does not work for frames of
        // less than four words, and in QEMU not at all.
        bus.skip(words);
        Taken::Nothing
    }

    /// Stops the receiver, empties its FIFOs, starts it again.
    pub(crate) fn restart_receiver(&mut self) -> Result<(), Error> {
        self.chip.tally.restarts.add(1);
        let bus = self.chip.bus();
        bus.write(Register::INT_STS, int_sts::RXSTOP_INT);
        let enabled = self.mac_cr;
        self.write_mac_cr(enabled & !mac_cr::RXEN)?;
        // It finishes the frame that is coming in. Should it not say so, or
        // the FIFOs not get empty, then a status will fit no data again.
        bus.wait_event(int_sts::RXSTOP_INT);
        bus.write(Register::RX_CFG, rx_cfg::RX_DUMP);
        bus.wait_clear(Register::RX_CFG, rx_cfg::RX_DUMP);
        bus.write(
            Register::INT_STS,
            int_sts::RXSTOP_INT | int_sts::RXE_INT | int_sts::RSFL_INT,
        );
        self.write_mac_cr(enabled)
    }
}

/// Frames waiting, by RX_FIFO_INF.
fn frames(waiting: u32) -> u32 {
    (waiting >> 16) & 0xFF
}
