//! The driver: what embassy-net calls, and what happens between the calls.
//!
//! Nothing here waits for the network. Each call looks at what has happened,
//! answers, and leaves the chip so that the next event raises an interrupt.

use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState};
use embedded_hal::delay::DelayNs;

use crate::access::Registers;
use crate::chip::Chip;
use crate::config::Config;
use crate::error::Error;
use crate::receive::ReceiveToken;
use crate::registers::{BYTE_TEST, Register, int_sts};
use crate::start;
use crate::transmit::TransmitToken;

/// Bytes in the longest frame, without its check sum.
pub const MTU: usize = 1514;

/// Free bytes in the transmit FIFO, to be exceeded before a frame is accepted:
/// the longest frame (1514, filled up to words) and its two command words need
/// 1524. A multiple of 64, the unit of the interrupt level.
pub(crate) const ROOM: u32 = 1536;

/// Room for one received and one outgoing frame: 3032 bytes.
///
/// Two, because the network stack writes its answer while it is still reading
/// the question. They are apart from the driver so that they can be a `static`
/// (`ConstStaticCell`) that never passes over the stack.
pub struct Buffers {
    pub(crate) receive: [u8; FRAME],
    pub(crate) transmit: [u8; FRAME],
}

/// [`MTU`] filled up to words.
const FRAME: usize = MTU.next_multiple_of(4);

impl Buffers {
    /// Empty buffers.
    pub const fn new() -> Self {
        Self {
            receive: [0; FRAME],
            transmit: [0; FRAME],
        }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

/// The events that are always listened for.
const EVENTS: u32 =
    int_sts::PHY_INT | int_sts::GPT_INT | int_sts::RXE_INT | int_sts::TXE_INT | int_sts::TDFO_INT;

/// A running chip: the driver to give to `embassy_net::new`.
pub struct Lan9118<'a, R> {
    pub(crate) chip: &'a Chip<R>,
    pub(crate) buffers: &'a mut Buffers,
    address: [u8; 6],
    pub(crate) all_multicast: bool,
    pub(crate) link: LinkState,
    /// The stack waits for room in the transmit FIFO.
    pub(crate) blocked: bool,
    /// What MAC_CR holds; 0 if that is not known.
    pub(crate) mac_cr: u32,
}

impl<'a, R: Registers> Lan9118<'a, R> {
    /// Resets and configures the chip, and starts its PHY negotiating.
    ///
    /// Takes some milliseconds with a healthy chip; `delay` is used for these
    /// only. The negotiation (two to three seconds) is not waited for: the link
    /// comes up by itself when the driver runs.
    ///
    /// No interrupt is raised before the driver is first polled, so the
    /// interrupt may be enabled in the interrupt controller before or after.
    ///
    /// # Errors
    ///
    /// [`Error`] says what did not answer. Every wait has an end, so this is
    /// over after a second or so in any case. It may be tried again.
    pub fn new(
        chip: &'a Chip<R>,
        buffers: &'a mut Buffers,
        config: Config,
        delay: &mut impl DelayNs,
    ) -> Result<Self, Error> {
        let address = start::start(&chip.bus(), &config, delay)?;
        let mut driver = Self {
            chip,
            buffers,
            address,
            all_multicast: config.all_multicast,
            link: LinkState::Down,
            blocked: false,
            mac_cr: 0,
        };
        driver.enable_mac(true)?;
        driver.set_timer();
        driver.read_link()?;
        Ok(driver)
    }

    /// Attends to everything that has happened but received frames.
    fn attend(&mut self) {
        const ATTENDED: u32 = int_sts::PHY_INT
            | int_sts::GPT_INT
            | int_sts::RXE_INT
            | int_sts::TXE_INT
            | int_sts::TDFO_INT
            | int_sts::RXDF_INT;
        let bus = self.chip.bus();
        let events = bus.read(Register::INT_STS) & ATTENDED;
        if events == 0 {
            return;
        }
        // Acknowledged first: what happens from here on is a new event.
        bus.write(Register::INT_STS, events);
        if !self.answers() {
            return;
        }
        if events & int_sts::RXDF_INT != 0 {
            let drops = bus.read(Register::RX_DROP);
            self.chip.tally.receive_drops.add(drops);
        }
        let mut outcome = Ok(());
        if events & int_sts::PHY_INT != 0 {
            outcome = outcome.and_then(|()| self.read_link());
        }
        if events & int_sts::GPT_INT != 0 {
            outcome = outcome.and_then(|()| self.on_timer());
        }
        if events & int_sts::RXE_INT != 0 {
            outcome = outcome.and_then(|()| self.restart_receiver());
        }
        if events & (int_sts::TXE_INT | int_sts::TDFO_INT) != 0 {
            outcome = outcome.and_then(|()| self.restart_transmitter());
        }
        if outcome.is_err() {
            self.fault();
        }
    }

    /// Whether there is still a chip; counts a fault if not.
    pub(crate) fn answers(&mut self) -> bool {
        let there = self.chip.bus().read(Register::BYTE_TEST) == BYTE_TEST;
        if !there {
            self.fault();
        }
        there
    }

    /// The chip did not do what it must: without it there is no link. The
    /// timer makes the driver look again.
    pub(crate) fn fault(&mut self) {
        self.chip.tally.faults.add(1);
        self.set_link(LinkState::Down);
    }

    /// Listens for events, and for received frames or for room for a frame to
    /// send: without that room received frames have to wait, and would only wake
    /// the driver in vain.
    pub(crate) fn listen(&self) {
        let awaited = if self.blocked {
            int_sts::TDFA_INT
        } else {
            int_sts::RSFL_INT
        };
        self.chip.bus().write(Register::INT_EN, EVENTS | awaited);
    }
}

impl<R: Registers> Driver for Lan9118<'_, R> {
    type RxToken<'t>
        = ReceiveToken<'t>
    where
        Self: 't;
    type TxToken<'t>
        = TransmitToken<'t, R>
    where
        Self: 't;

    fn receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Option<(ReceiveToken<'_>, TransmitToken<'_, R>)> {
        self.chip.waker.register(cx.waker());
        self.attend();
        // The answer must have room before the question is taken.
        if !self.has_room() {
            return None;
        }
        let length = self.next_frame(cx)?;
        let Buffers { receive, transmit } = &mut *self.buffers;
        Some((
            ReceiveToken(&mut receive[..length]),
            TransmitToken::new(self.chip, transmit, self.link),
        ))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<TransmitToken<'_, R>> {
        self.chip.waker.register(cx.waker());
        self.attend();
        self.has_room()
            .then(|| TransmitToken::new(self.chip, &mut self.buffers.transmit, self.link))
    }

    fn link_state(&mut self, cx: &mut Context<'_>) -> LinkState {
        self.chip.waker.register(cx.waker());
        self.attend();
        self.link
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = MTU;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.address)
    }
}
