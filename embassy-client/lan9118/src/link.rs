//! The link: up or down, full or half duplex, by what the PHY says.

use embassy_net_driver::LinkState;

use crate::access::Registers;
use crate::driver::Lan9118;
use crate::error::Error;
use crate::registers::{MacRegister, PhyRegister, anar, bsr, mac_cr};

impl<R: Registers> Lan9118<'_, R> {
    /// Asks the PHY how the link is, and sets the MAC's duplex accordingly.
    pub(crate) fn read_link(&mut self) -> Result<(), Error> {
        let bus = self.chip.bus();
        // Reading clears the flags. This comes first: what changes after it
        // raises a new interrupt.
        bus.phy_read(PhyRegister::INTERRUPT_SOURCE)?;
        // Latched low: the first read may tell of the past.
        bus.phy_read(PhyRegister::BSR)?;
        if bus.phy_read(PhyRegister::BSR)? & bsr::LINK_STATUS == 0 {
            self.set_link(LinkState::Down);
            return Ok(());
        }
        let common = bus.phy_read(PhyRegister::ANAR)? & bus.phy_read(PhyRegister::ANLPAR)?;
        self.enable_mac(is_full_duplex(common))?;
        self.set_link(LinkState::Up);
        Ok(())
    }

    pub(crate) fn set_link(&mut self, link: LinkState) {
        if self.link != link {
            self.link = link;
            self.chip.tally.link_changes.add(1);
            self.set_timer();
        }
    }

    /// Enables the MAC's receiver and transmitter.
    pub(crate) fn enable_mac(&mut self, full_duplex: bool) -> Result<(), Error> {
        let mut wanted = mac_cr::TXEN | mac_cr::RXEN;
        // In half duplex the MAC would hear its own frames.
        wanted |= if full_duplex {
            mac_cr::FDPX
        } else {
            mac_cr::RCVOWN
        };
        if self.all_multicast {
            wanted |= mac_cr::MCPAS;
        }
        if wanted == self.mac_cr {
            return Ok(());
        }
        self.write_mac_cr(wanted)
    }

    pub(crate) fn write_mac_cr(&mut self, value: u32) -> Result<(), Error> {
        // Until it is certain, unknown: the next attempt writes it again.
        self.mac_cr = 0;
        self.chip.bus().mac_write(MacRegister::MAC_CR, value)?;
        self.mac_cr = value;
        Ok(())
    }
}

/// The best of what both sides can (IEEE 802.3, annex 28B.3): 100 Mbit/s before
/// 10, full duplex before half.
fn is_full_duplex(common: u16) -> bool {
    if common & (anar::TX_FULL_DUPLEX | anar::TX) != 0 {
        common & anar::TX_FULL_DUPLEX != 0
    } else {
        common & anar::T10_FULL_DUPLEX != 0
    }
}

#[cfg(test)]
mod tests {
    use super::is_full_duplex;

    #[test]
    fn the_best_common_mode_decides() {
        assert!(is_full_duplex(0x1E1));
        assert!(is_full_duplex(0x100));
        assert!(!is_full_duplex(0x0C0), "100 half comes before 10 full");
        assert!(is_full_duplex(0x060));
        assert!(!is_full_duplex(0x020));
        assert!(!is_full_duplex(0), "a partner that does not negotiate");
    }
}
