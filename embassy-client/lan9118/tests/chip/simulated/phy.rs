//! The simulated PHY.

pub(crate) struct Phy {
    /// Looks that a reset lasts.
    pub(crate) reset_looks: u32,
    /// What the other side can: 100 and 10 Mbit/s, full and half duplex.
    pub(crate) partner: u16,
    /// Interrupts are lost on their way.
    pub(crate) mute: bool,
    /// The link is lost right after the next reading of the interrupt source.
    pub(crate) lost_after_source: bool,
    pub(crate) link: bool,
    /// A loss that no reading of the status has told yet.
    loss: bool,
    reset_left: u32,
    advertised: u16,
    negotiating: bool,
    source: u16,
    mask: u16,
}

impl Phy {
    pub(crate) fn new() -> Self {
        Self {
            reset_looks: 2,
            partner: 0x01E1,
            mute: false,
            lost_after_source: false,
            link: true,
            loss: false,
            reset_left: 0,
            advertised: 0,
            negotiating: false,
            source: 0,
            mask: 0,
        }
    }

    pub(crate) fn set_link(&mut self, up: bool) {
        if self.link && !up {
            self.loss = true;
            // LINK_DOWN
            self.raise(0x10);
        } else if up && !self.link {
            // ENERGYON, auto-negotiation complete
            self.raise(0xC0);
        }
        self.link = up;
    }

    fn raise(&mut self, source: u16) {
        if !self.mute {
            self.source |= source;
        }
    }

    pub(crate) fn interrupt(&self) -> bool {
        self.source & self.mask != 0
    }

    pub(crate) fn read(&mut self, number: usize) -> u16 {
        match number {
            0 => u16::from(super::busy(&mut self.reset_left)) << 15,
            1 => {
                let up = self.link && self.negotiating && !std::mem::take(&mut self.loss);
                0x7809 | u16::from(up) << 2 | u16::from(up) << 5
            }
            4 => self.advertised,
            5 => self.partner,
            29 => {
                let source = std::mem::take(&mut self.source);
                if std::mem::take(&mut self.lost_after_source) {
                    self.set_link(false);
                }
                source
            }
            30 => self.mask,
            _ => panic!("read of PHY register {number}"),
        }
    }

    pub(crate) fn write(&mut self, number: usize, value: u16) {
        match number {
            0 if value & 0x8000 != 0 => {
                self.reset_left = self.reset_looks;
                (self.mask, self.source, self.negotiating) = (0, 0, false);
            }
            // Auto-negotiation enable, restart
            0 => self.negotiating = value == 0x1200,
            4 => self.advertised = value,
            30 => self.mask = value,
            _ => panic!("write of {value:#x} to PHY register {number}"),
        }
    }
}
