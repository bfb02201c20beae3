//! What can go wrong when the chip is started.

use core::fmt;

/// Why the chip could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// There is no chip, or the bus to it is not set up.
    NoChip {
        /// What BYTE_TEST read instead of 0x87654321.
        byte_test: u32,
    },
    /// There is a chip, and bytes or half-words arrive in another order.
    ByteOrder {
        /// What BYTE_TEST read instead of 0x87654321.
        byte_test: u32,
    },
    /// The chip is none that this driver knows.
    UnknownChip {
        /// What ID_REV read: identifier in the upper half, revision in the
        /// lower.
        id_rev: u32,
    },
    /// The chip did not get ready in time.
    Timeout(Step),
    /// The address is no station's: all zeros or a group address. Without an
    /// address in the [`Config`](crate::Config) it is what the chip holds:
    /// an empty or missing EEPROM gives `ff:ff:ff:ff:ff:ff`.
    Address([u8; 6]),
}

/// What the chip was asked for when it did not answer in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Step {
    /// To wake up: PMT_CTRL.READY, within 100 ms.
    Ready,
    /// To finish its soft reset: HW_CFG.SRST, within 10 ms.
    SoftReset,
    /// To finish reading its EEPROM: E2P_CMD.EPC_BUSY, within 100 ms.
    Eeprom,
    /// To reach a register of the MAC: MAC_CSR_CMD.BUSY.
    MacCsr,
    /// To reach a register of the PHY: MII_ACC.MIIBZY.
    Mii,
    /// To finish the reset of the PHY: BCR.RESET, within 500 ms (IEEE 802.3,
    /// 22.2.4.1.1).
    PhyReset,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChip { byte_test } => write!(
                f,
                "no LAN9118: BYTE_TEST reads {byte_test:#010x} instead of 0x87654321; check base address, chip select and bus timing"
            ),
            Self::ByteOrder { byte_test } => write!(
                f,
                "BYTE_TEST reads {byte_test:#010x} instead of 0x87654321; check bus width and byte order"
            ),
            Self::UnknownChip { id_rev } => {
                write!(
                    f,
                    "no chip of the LAN9118 family: ID_REV reads {id_rev:#010x}"
                )
            }
            Self::Timeout(step) => write!(f, "the chip did not answer in time: {step}"),
            Self::Address(address) => {
                write!(f, "not the address of a station: ")?;
                for (n, byte) in address.iter().enumerate() {
                    let colon = if n == 0 { "" } else { ":" };
                    write!(f, "{colon}{byte:02x}")?;
                }
                write!(f, "; give one in Config::address")
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "PMT_CTRL.READY stayed 0",
            Self::SoftReset => "HW_CFG.SRST stayed 1",
            Self::Eeprom => "E2P_CMD.EPC_BUSY stayed 1",
            Self::MacCsr => "MAC_CSR_CMD.BUSY stayed 1",
            Self::Mii => "MII_ACC.MIIBZY stayed 1",
            Self::PhyReset => "the PHY's BCR.RESET stayed 1",
        })
    }
}

impl core::error::Error for Error {}
