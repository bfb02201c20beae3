//! Register access with the chip's timing rules, and the two register files
//! behind it: the MAC's, and through that the PHY's.

use crate::access::Registers;
use crate::error::{Error, Step};
use crate::registers::{MacRegister, PhyRegister, Register, mac_csr_cmd, mii_acc};

/// Looks at a busy bit before the transfer counts as lost. A bus cycle takes
/// 45 ns at least and a look is two of them, so this is 90 µs or more; a MAC
/// register takes less than 1 µs.
const LOOKS: u32 = 1000;

/// The same for a transfer to the PHY: a look is a transfer to a MAC register,
/// six bus cycles, so this is 270 µs or more; 64 bits at 2.5 MHz take 26 µs.
const MII_LOOKS: u32 = 1000;

/// The same for the end of the frame on the wire: a look is three bus cycles,
/// so this is 4 ms or more; 2560 bytes at 10 Mbit/s take 2.1 ms.
const FRAME_LOOKS: u32 = 30_000;

/// The internal PHY's address on the MII bus.
const PHY: u32 = 1;

pub(crate) struct Bus<'a, R>(pub(crate) &'a R);

impl<R: Registers> Bus<'_, R> {
    /// Reads a register, after the pause that the data sheet asks for.
    pub(crate) fn read(&self, register: Register) -> u32 {
        for _ in 0..register.settle_reads() {
            self.0.read(Register::BYTE_TEST);
        }
        self.0.read(register)
    }

    pub(crate) fn write(&self, register: Register, value: u32) {
        self.0.write(register, value);
    }

    /// Takes `words` words from the RX data FIFO and forgets them.
    pub(crate) fn skip(&self, words: usize) {
        for _ in 0..words {
            self.0.read(Register::RX_DATA_FIFO);
        }
    }

    /// Waits for `bits` to become zero; false if they do not.
    pub(crate) fn wait_clear(&self, register: Register, bits: u32) -> bool {
        (0..LOOKS).any(|_| self.read(register) & bits == 0)
    }

    /// Waits for an event in INT_STS, as long as the frame on the wire may
    /// take.
    pub(crate) fn wait_event(&self, event: u32) -> bool {
        (0..FRAME_LOOKS).any(|_| self.read(Register::INT_STS) & event != 0)
    }

    fn mac_transfer(&self, command: u32) -> Result<(), Error> {
        self.write(Register::MAC_CSR_CMD, mac_csr_cmd::BUSY | command);
        self.mac_idle()
    }

    fn mac_idle(&self) -> Result<(), Error> {
        if self.wait_clear(Register::MAC_CSR_CMD, mac_csr_cmd::BUSY) {
            Ok(())
        } else {
            Err(Error::Timeout(Step::MacCsr))
        }
    }

    pub(crate) fn mac_read(&self, register: MacRegister) -> Result<u32, Error> {
        self.mac_idle()?;
        self.mac_transfer(mac_csr_cmd::R_NOT_W | u32::from(register.number()))?;
        Ok(self.read(Register::MAC_CSR_DATA))
    }

    pub(crate) fn mac_write(&self, register: MacRegister, value: u32) -> Result<(), Error> {
        self.mac_idle()?;
        self.write(Register::MAC_CSR_DATA, value);
        self.mac_transfer(u32::from(register.number()))
    }

    fn mii_idle(&self) -> Result<(), Error> {
        for _ in 0..MII_LOOKS {
            if self.mac_read(MacRegister::MII_ACC)? & mii_acc::MIIBZY == 0 {
                return Ok(());
            }
        }
        Err(Error::Timeout(Step::Mii))
    }

    fn mii_transfer(&self, register: PhyRegister, direction: u32) -> Result<(), Error> {
        let command = PHY << mii_acc::PHY_ADDRESS_SHIFT
            | u32::from(register.number()) << mii_acc::MIIRINDA_SHIFT
            | direction
            | mii_acc::MIIBZY;
        self.mac_write(MacRegister::MII_ACC, command)?;
        self.mii_idle()
    }

    pub(crate) fn phy_read(&self, register: PhyRegister) -> Result<u16, Error> {
        self.mii_idle()?;
        self.mii_transfer(register, 0)?;
        // The upper half is reserved.
        Ok((self.mac_read(MacRegister::MII_DATA)? & 0xFFFF) as u16)
    }

    pub(crate) fn phy_write(&self, register: PhyRegister, value: u16) -> Result<(), Error> {
        self.mii_idle()?;
        self.mac_write(MacRegister::MII_DATA, value.into())?;
        self.mii_transfer(register, mii_acc::MIIWNR)
    }
}
