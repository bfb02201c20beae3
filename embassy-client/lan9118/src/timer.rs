//! The chip's own timer, so that the driver waits for nothing without an end.

use embassy_net_driver::LinkState;

use crate::access::Registers;
use crate::driver::Lan9118;
use crate::error::Error;
use crate::registers::{Register, gpt_cfg};

/// While the link is down, the PHY is asked again after this time, in units of
/// 100 µs: should the end of the negotiation be told before the link is there,
/// or a chip in trouble come back.
const LINK: u32 = 10_000;

/// So long may a full transmit FIFO stay full, in units of 100 µs. The longest
/// frames of a full FIFO, each with 16 attempts at 10 Mbit/s, take 1.5 s.
const STUCK: u32 = 20_000;

impl<R: Registers> Lan9118<'_, R> {
    /// Starts or stops the timer after a change of what it is for.
    pub(crate) fn set_timer(&self) {
        let timer = if self.link == LinkState::Down {
            gpt_cfg::TIMER_EN | LINK
        } else if self.blocked {
            gpt_cfg::TIMER_EN | STUCK
        } else {
            0
        };
        // A running timer takes a new value only after it was stopped.
        let bus = self.chip.bus();
        bus.write(Register::GPT_CFG, 0);
        if timer != 0 {
            bus.write(Register::GPT_CFG, timer);
        }
    }

    /// The timer has run out.
    pub(crate) fn on_timer(&mut self) -> Result<(), Error> {
        if self.link == LinkState::Down {
            self.read_link()
        } else if self.blocked {
            self.restart_transmitter()
        } else {
            Ok(())
        }
    }

    /// Notes whether the stack waits for room in the transmit FIFO, and listens
    /// for what it waits for.
    pub(crate) fn set_blocked(&mut self, blocked: bool) {
        let changed = self.blocked != blocked;
        self.blocked = blocked;
        if changed {
            self.set_timer();
        }
        if changed || blocked {
            self.listen();
        }
    }
}
