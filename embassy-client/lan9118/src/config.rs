//! What the board and the application decide.

/// How the chip is wired and what it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Config {
    /// How the chip drives its interrupt line.
    pub interrupt_line: InterruptLine,
    /// The station address; `None` takes what the chip has read from its
    /// EEPROM.
    pub address: Option<[u8; 6]>,
    /// Receive all multicast frames, not only broadcasts and those to the
    /// station's own address. IPv6, and multicast groups of IPv4, need it.
    pub all_multicast: bool,
}

impl Config {
    /// A chip with this interrupt line, its address from the EEPROM, no
    /// multicast.
    pub const fn new(interrupt_line: InterruptLine) -> Self {
        Self {
            interrupt_line,
            address: None,
            all_multicast: false,
        }
    }

    /// The same with this station address.
    #[must_use]
    pub const fn with_address(mut self, address: [u8; 6]) -> Self {
        self.address = Some(address);
        self
    }

    /// The same with all multicast frames received.
    #[must_use]
    pub const fn with_all_multicast(mut self) -> Self {
        self.all_multicast = true;
        self
    }
}

/// How the chip's IRQ pin is driven (IRQ_CFG.IRQ_POL and IRQ_TYPE). A wrong
/// choice shows as an interrupt that never comes, or never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InterruptLine {
    /// Driven high for an interrupt, low otherwise. QEMU's boards want this.
    ActiveHigh,
    /// Driven low for an interrupt, high otherwise.
    ActiveLow,
    /// Pulled low for an interrupt, left alone otherwise: needs a pull-up.
    ActiveLowOpenDrain,
}
