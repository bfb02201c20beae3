//! The chip's registers and their bits, by the names of the data sheet.
//!
//! Source: SMSC/Microchip LAN9118 data sheet, section 5 (register
//! descriptions), section 3.12 and 3.13 (transmit and receive data path), and
//! section 6.1 (timing); the PHY's registers 0 to 6 are those of IEEE 802.3,
//! clause 22.2.4.

/// A directly addressed register of the chip: a 32-bit word at a fixed offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Register {
    offset: u8,
    settle: u8,
}

impl Register {
    /// RX Data FIFO Port: the words of received frames.
    pub const RX_DATA_FIFO: Self = Self::new(0x00, 0);
    /// TX Data FIFO Port: two command words, then the words of a frame.
    pub const TX_DATA_FIFO: Self = Self::new(0x20, 0);
    /// RX Status FIFO Port: one [`RxStatus`] a frame; reading removes it.
    pub const RX_STATUS_FIFO: Self = Self::new(0x40, 0);
    /// TX Status FIFO Port: one [`TxStatus`] a frame; reading removes it.
    pub const TX_STATUS_FIFO: Self = Self::new(0x48, 0);
    /// Chip identifier (upper half) and revision.
    pub const ID_REV: Self = Self::new(0x50, 0);
    /// The interrupt line: see [`irq_cfg`].
    pub const IRQ_CFG: Self = Self::new(0x54, 3);
    /// What happened: see [`int_sts`]. Writing a 1 clears the bit.
    pub const INT_STS: Self = Self::new(0x58, 2);
    /// Which of the bits of [`int_sts`] raise the interrupt line.
    pub const INT_EN: Self = Self::new(0x5C, 1);
    /// Always [`BYTE_TEST`].
    pub const BYTE_TEST: Self = Self::new(0x64, 0);
    /// Levels of the FIFO interrupts: see [`fifo_int`].
    pub const FIFO_INT: Self = Self::new(0x68, 1);
    /// Receive configuration: see [`rx_cfg`].
    pub const RX_CFG: Self = Self::new(0x6C, 1);
    /// Transmit configuration: see [`tx_cfg`].
    pub const TX_CFG: Self = Self::new(0x70, 1);
    /// Hardware configuration: see [`hw_cfg`].
    pub const HW_CFG: Self = Self::new(0x74, 1);
    /// Frames waiting in bits 23:16, bytes of receive data in bits 15:0.
    pub const RX_FIFO_INF: Self = Self::new(0x7C, 3);
    /// Transmit statuses waiting in bits 23:16, free bytes in bits 15:0.
    pub const TX_FIFO_INF: Self = Self::new(0x80, 3);
    /// Power management: see [`pmt_ctrl`].
    pub const PMT_CTRL: Self = Self::new(0x84, 7);
    /// General purpose timer: see [`gpt_cfg`].
    pub const GPT_CFG: Self = Self::new(0x8C, 1);
    /// Frames dropped because the receive FIFOs were full; reading clears it.
    pub const RX_DROP: Self = Self::new(0xA0, 4);
    /// Starts a transfer to or from a [`MacRegister`]: see [`mac_csr_cmd`].
    pub const MAC_CSR_CMD: Self = Self::new(0xA4, 1);
    /// The word that [`MAC_CSR_CMD`](Self::MAC_CSR_CMD) transfers.
    pub const MAC_CSR_DATA: Self = Self::new(0xA8, 1);
    /// EEPROM access: see [`e2p_cmd`].
    pub const E2P_CMD: Self = Self::new(0xB0, 1);

    const fn new(offset: u8, settle: u8) -> Self {
        Self { offset, settle }
    }

    /// Distance from the chip's base address, in bytes: a multiple of 4 below
    /// 0x100.
    pub const fn offset(self) -> usize {
        self.offset as usize
    }

    /// How many reads of BYTE_TEST (45 ns each at the chip's fastest) must come
    /// before this register is read, so that it shows the effect of what was
    /// written, or taken from a FIFO, just before (data sheet, tables 6.1 and
    /// 6.2).
    pub const fn settle_reads(self) -> u8 {
        self.settle
    }
}

/// What [`Register::BYTE_TEST`] reads when bus width and byte order are right.
pub const BYTE_TEST: u32 = 0x8765_4321;

/// Bits of [`Register::IRQ_CFG`].
pub mod irq_cfg {
    /// The interrupt line is driven at all.
    pub const IRQ_EN: u32 = 1 << 8;
    /// Active high; only with [`IRQ_TYPE`] set.
    pub const IRQ_POL: u32 = 1 << 4;
    /// Push-pull instead of open drain.
    pub const IRQ_TYPE: u32 = 1 << 0;
}

/// Bits of [`Register::INT_STS`] and [`Register::INT_EN`].
pub mod int_sts {
    /// The receiver has stopped.
    pub const RXSTOP_INT: u32 = 1 << 24;
    /// The transmitter has stopped.
    pub const TXSTOP_INT: u32 = 1 << 25;
    /// The general purpose timer has run out.
    pub const GPT_INT: u32 = 1 << 19;
    /// The PHY has something to say: its interrupt source register tells what.
    pub const PHY_INT: u32 = 1 << 18;
    /// Receiver error: a FIFO was read while empty.
    pub const RXE_INT: u32 = 1 << 14;
    /// Transmitter error: the command words did not fit the data.
    pub const TXE_INT: u32 = 1 << 13;
    /// The transmit data FIFO was written while full.
    pub const TDFO_INT: u32 = 1 << 10;
    /// More free space in the transmit data FIFO than the level in FIFO_INT.
    pub const TDFA_INT: u32 = 1 << 9;
    /// A received frame was dropped.
    pub const RXDF_INT: u32 = 1 << 6;
    /// More received frames waiting than the level in FIFO_INT.
    pub const RSFL_INT: u32 = 1 << 3;
}

/// Fields of [`Register::FIFO_INT`].
pub mod fifo_int {
    /// TX Data Available Level: bits 31:24, in units of 64 bytes.
    pub const TDAL_SHIFT: u32 = 24;
    /// Bytes in one unit of the level.
    pub const TDAL_UNIT: u32 = 64;
}

/// Bits of [`Register::RX_CFG`].
pub mod rx_cfg {
    /// Empties the receive FIFOs; clears itself. Only while the receiver is
    /// stopped.
    pub const RX_DUMP: u32 = 1 << 15;
}

/// Bits of [`Register::TX_CFG`].
pub mod tx_cfg {
    /// Empties the transmit status FIFO; clears itself.
    pub const TXS_DUMP: u32 = 1 << 15;
    /// Empties the transmit data FIFO; clears itself.
    pub const TXD_DUMP: u32 = 1 << 14;
    /// Go on sending when the status FIFO is full.
    pub const TXSAO: u32 = 1 << 2;
    /// The transmitter runs.
    pub const TX_ON: u32 = 1 << 1;
    /// Stops the transmitter after the frame it is sending; clears itself.
    pub const STOP_TX: u32 = 1 << 0;
}

/// Bits of [`Register::HW_CFG`].
pub mod hw_cfg {
    /// Must be one (in older data sheets SF, store and forward: a frame is sent
    /// once the FIFO holds all of it).
    pub const MBO: u32 = 1 << 20;
    /// TX FIFO size: bits 19:16, in KiB of the 16 KiB that both directions
    /// share.
    pub const TX_FIF_SZ_SHIFT: u32 = 16;
    /// Soft reset; clears itself.
    pub const SRST: u32 = 1 << 0;
}

/// Bits of [`Register::PMT_CTRL`].
pub mod pmt_ctrl {
    /// The chip can be used.
    pub const READY: u32 = 1 << 0;
}

/// Fields of [`Register::GPT_CFG`].
pub mod gpt_cfg {
    /// The timer counts down from bits 15:0, in units of 100 µs.
    pub const TIMER_EN: u32 = 1 << 29;
}

/// Bits of [`Register::MAC_CSR_CMD`]. The register's number is in bits 7:0.
pub mod mac_csr_cmd {
    /// Start the transfer; reads as one until it is over.
    pub const BUSY: u32 = 1 << 31;
    /// Read instead of write.
    pub const R_NOT_W: u32 = 1 << 30;
}

/// Bits of [`Register::E2P_CMD`].
pub mod e2p_cmd {
    /// The chip is busy with the EEPROM.
    pub const EPC_BUSY: u32 = 1 << 31;
}

/// A register of the MAC, reached through [`Register::MAC_CSR_CMD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MacRegister(u8);

impl MacRegister {
    /// MAC control: see [`mac_cr`].
    pub const MAC_CR: Self = Self(1);
    /// Bytes 5 and 6 of the station address, first the lower.
    pub const ADDRH: Self = Self(2);
    /// Bytes 1 to 4 of the station address, byte 1 in bits 7:0.
    pub const ADDRL: Self = Self(3);
    /// Starts a transfer to or from a [`PhyRegister`]: see [`mii_acc`].
    pub const MII_ACC: Self = Self(6);
    /// The 16 bits that [`MII_ACC`](Self::MII_ACC) transfers.
    pub const MII_DATA: Self = Self(7);
    /// Flow control.
    pub const FLOW: Self = Self(8);

    /// The register's number, 1 to 12.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Bits of [`MacRegister::MAC_CR`].
pub mod mac_cr {
    /// Disable receive own: in half duplex, do not receive what is being sent.
    pub const RCVOWN: u32 = 1 << 23;
    /// Full duplex.
    pub const FDPX: u32 = 1 << 20;
    /// Pass all multicast frames.
    pub const MCPAS: u32 = 1 << 19;
    /// Transmitter enable.
    pub const TXEN: u32 = 1 << 3;
    /// Receiver enable.
    pub const RXEN: u32 = 1 << 2;
}

/// Bits of [`MacRegister::MII_ACC`].
pub mod mii_acc {
    /// PHY address: bits 15:11. The internal PHY is number 1.
    pub const PHY_ADDRESS_SHIFT: u32 = 11;
    /// Register number: bits 10:6.
    pub const MIIRINDA_SHIFT: u32 = 6;
    /// Write instead of read.
    pub const MIIWNR: u32 = 1 << 1;
    /// Start the transfer; reads as one until it is over.
    pub const MIIBZY: u32 = 1 << 0;
}

/// A 16-bit register of the internal PHY, reached through
/// [`MacRegister::MII_ACC`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PhyRegister(u8);

impl PhyRegister {
    /// Basic Control Register: see [`bcr`].
    pub const BCR: Self = Self(0);
    /// Basic Status Register: see [`bsr`].
    pub const BSR: Self = Self(1);
    /// Auto-Negotiation Advertisement Register: see [`anar`].
    pub const ANAR: Self = Self(4);
    /// Auto-Negotiation Link Partner Ability Register: bits as in [`anar`].
    pub const ANLPAR: Self = Self(5);
    /// Interrupt Source Flags: see [`phy_int`]. Reading clears them.
    pub const INTERRUPT_SOURCE: Self = Self(29);
    /// Which of the bits of [`phy_int`] raise [`int_sts::PHY_INT`].
    pub const INTERRUPT_MASK: Self = Self(30);

    /// The register's number, 0 to 31.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Bits of [`PhyRegister::BCR`].
pub mod bcr {
    /// Reset; clears itself.
    pub const RESET: u16 = 1 << 15;
    /// Negotiate speed and duplex.
    pub const AUTO_NEGOTIATION_ENABLE: u16 = 1 << 12;
    /// Start negotiating anew; clears itself.
    pub const RESTART_AUTO_NEGOTIATION: u16 = 1 << 9;
}

/// Bits of [`PhyRegister::BSR`].
pub mod bsr {
    /// The link is up. Latched low: after a loss, the first read tells of the
    /// loss and the second how it is now.
    pub const LINK_STATUS: u16 = 1 << 2;
}

/// Bits of [`PhyRegister::ANAR`] and [`PhyRegister::ANLPAR`].
pub mod anar {
    /// 100BASE-TX full duplex.
    pub const TX_FULL_DUPLEX: u16 = 1 << 8;
    /// 100BASE-TX.
    pub const TX: u16 = 1 << 7;
    /// 10BASE-T full duplex.
    pub const T10_FULL_DUPLEX: u16 = 1 << 6;
    /// 10BASE-T.
    pub const T10: u16 = 1 << 5;
    /// Selector field: IEEE 802.3.
    pub const SELECTOR_802_3: u16 = 1;
}

/// Bits of [`PhyRegister::INTERRUPT_SOURCE`] and
/// [`PhyRegister::INTERRUPT_MASK`].
pub mod phy_int {
    /// Energy on the line.
    pub const ENERGYON: u16 = 1 << 7;
    /// Auto-negotiation has ended.
    pub const AUTO_NEGOTIATION_COMPLETE: u16 = 1 << 6;
    /// The link was lost.
    pub const LINK_DOWN: u16 = 1 << 4;
}

/// TX command 'A', the first word before a frame in the TX data FIFO.
pub mod tx_cmd_a {
    /// This buffer is the first of its frame.
    pub const FIRST_SEGMENT: u32 = 1 << 13;
    /// This buffer is the last of its frame.
    pub const LAST_SEGMENT: u32 = 1 << 12;
    /// Bytes in this buffer: bits 10:0.
    pub const BUFFER_SIZE_MASK: u32 = 0x7FF;
}

/// TX command 'B', the second word before a frame in the TX data FIFO.
pub mod tx_cmd_b {
    /// A number that comes back in [`TxStatus`](super::TxStatus): bits 31:16.
    pub const PACKET_TAG_SHIFT: u32 = 16;
    /// Bytes in the frame: bits 10:0.
    pub const PACKET_LENGTH_MASK: u32 = 0x7FF;
}

/// What the chip says of a received frame: a word of
/// [`Register::RX_STATUS_FIFO`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RxStatus(pub u32);

impl RxStatus {
    /// The frame is not for this station.
    pub const FILTERING_FAIL: u32 = 1 << 30;
    /// Error status: the MAC found the frame damaged.
    pub const ES: u32 = 1 << 15;
    /// The length field of an IEEE 802.3 frame is wrong.
    pub const LENGTH_ERROR: u32 = 1 << 12;
    /// The frame ended too early.
    pub const RUNT_FRAME: u32 = 1 << 11;
    /// The frame has more than 1518 bytes.
    pub const FRAME_TOO_LONG: u32 = 1 << 7;
    /// A collision after the first 64 bytes.
    pub const COLLISION_SEEN: u32 = 1 << 6;
    /// The field after the addresses is a type, not a length.
    pub const FRAME_TYPE: u32 = 1 << 5;
    /// The frame had more than 2048 bytes; it was cut off at 2560 or before.
    pub const RECEIVE_WATCHDOG: u32 = 1 << 4;
    /// The PHY reported an error.
    pub const MII_ERROR: u32 = 1 << 3;
    /// The check sum is wrong.
    pub const CRC_ERROR: u32 = 1 << 1;

    /// Bytes in the frame, with its check sum of 4 bytes: 0 to 16383.
    pub const fn length(self) -> usize {
        ((self.0 >> 16) & 0x3FFF) as usize
    }

    /// Whether the frame is to be thrown away.
    pub const fn is_error(self) -> bool {
        const DAMAGED: u32 = RxStatus::FILTERING_FAIL
            | RxStatus::ES
            | RxStatus::RUNT_FRAME
            | RxStatus::FRAME_TOO_LONG
            | RxStatus::COLLISION_SEEN
            | RxStatus::RECEIVE_WATCHDOG
            | RxStatus::MII_ERROR
            | RxStatus::CRC_ERROR;
        // A type is no length, so it cannot be a wrong one.
        let wrong_length = self.0 & (Self::LENGTH_ERROR | Self::FRAME_TYPE) == Self::LENGTH_ERROR;
        self.0 & DAMAGED != 0 || wrong_length
    }
}

/// What the chip says of a sent frame: a word of [`Register::TX_STATUS_FIFO`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TxStatus(pub u32);

impl TxStatus {
    /// Error status: the frame was not sent whole.
    pub const ES: u32 = 1 << 15;

    /// Whether the frame was lost.
    pub const fn is_error(self) -> bool {
        self.0 & Self::ES != 0
    }
}
