//! Bringing the chip up, up to a running receiver and transmitter.

use embedded_hal::delay::DelayNs;

use crate::access::Registers;
use crate::bus::Bus;
use crate::config::{Config, InterruptLine};
use crate::driver::ROOM;
use crate::error::{Error, Step};
use crate::registers::{
    BYTE_TEST, MacRegister, PhyRegister, Register, anar, bcr, e2p_cmd, fifo_int, hw_cfg, irq_cfg,
    phy_int, pmt_ctrl, tx_cfg,
};

/// Chip identifiers of the family: upper half of ID_REV.
const FAMILY: [u16; 12] = [
    0x0115, 0x0116, 0x0117, 0x0118, // LAN9115 to LAN9118
    0x115A, 0x116A, 0x117A, 0x118A, // LAN9215 to LAN9218
    0x9210, 0x9211, 0x9220, 0x9221,
];

/// KiB of the chip's 16 KiB of FIFO for sending: 4608 bytes of data and 512 of
/// statuses, which leaves 10560 and 704 for receiving.
const TX_FIFO_KIB: u32 = 5;

/// Goes through the whole sequence; returns the station address.
pub(crate) fn start<R: Registers>(
    bus: &Bus<'_, R>,
    config: &Config,
    delay: &mut impl DelayNs,
) -> Result<[u8; 6], Error> {
    wake(bus, delay)?;
    identify(bus)?;
    reset(bus, delay)?;
    configure(bus, config);
    let address = station_address(bus, config)?;
    start_phy(bus, delay)?;
    // No pause frames: neither asked for nor understood.
    bus.mac_write(MacRegister::FLOW, 0)?;
    Ok(address)
}

/// BYTE_TEST and PMT_CTRL are the only registers that may be read before the
/// chip is ready.
fn wake<R: Registers>(bus: &Bus<'_, R>, delay: &mut impl DelayNs) -> Result<(), Error> {
    // A chip that has just got its power may not drive the bus yet.
    let right = || bus.read(Register::BYTE_TEST) == BYTE_TEST;
    if !poll(delay, 100, right) {
        let byte_test = bus.read(Register::BYTE_TEST);
        let half_words = BYTE_TEST.rotate_left(16);
        let orders = [BYTE_TEST.swap_bytes(), half_words, half_words.swap_bytes()];
        return Err(if orders.contains(&byte_test) {
            Error::ByteOrder { byte_test }
        } else {
            Error::NoChip { byte_test }
        });
    }
    let ready = || bus.read(Register::PMT_CTRL) & pmt_ctrl::READY != 0;
    if ready() {
        return Ok(());
    }
    // It was put to sleep: a write to BYTE_TEST, of anything, wakes it.
    bus.write(Register::BYTE_TEST, 0);
    done(poll(delay, 100, ready), Step::Ready)
}

fn identify<R: Registers>(bus: &Bus<'_, R>) -> Result<(), Error> {
    let id_rev = bus.read(Register::ID_REV);
    if FAMILY.iter().any(|id| u32::from(*id) == id_rev >> 16) {
        Ok(())
    } else {
        Err(Error::UnknownChip { id_rev })
    }
}

fn reset<R: Registers>(bus: &Bus<'_, R>, delay: &mut impl DelayNs) -> Result<(), Error> {
    bus.write(Register::HW_CFG, hw_cfg::SRST);
    let over = || bus.read(Register::HW_CFG) & hw_cfg::SRST == 0;
    done(poll(delay, 10, over), Step::SoftReset)?;
    let ready = || bus.read(Register::PMT_CTRL) & pmt_ctrl::READY != 0;
    done(poll(delay, 100, ready), Step::Ready)?;
    // The chip may be fetching its address from the EEPROM.
    let idle = || bus.read(Register::E2P_CMD) & e2p_cmd::EPC_BUSY == 0;
    done(poll(delay, 100, idle), Step::Eeprom)
}

fn configure<R: Registers>(bus: &Bus<'_, R>, config: &Config) {
    bus.write(
        Register::HW_CFG,
        hw_cfg::MBO | TX_FIFO_KIB << hw_cfg::TX_FIF_SZ_SHIFT,
    );
    // The interrupt handler may not be called before the driver is first
    // polled: until then nobody looks.
    bus.write(Register::INT_EN, 0);
    bus.write(Register::INT_STS, u32::MAX);
    let line = match config.interrupt_line {
        InterruptLine::ActiveHigh => irq_cfg::IRQ_POL | irq_cfg::IRQ_TYPE,
        InterruptLine::ActiveLow => irq_cfg::IRQ_TYPE,
        InterruptLine::ActiveLowOpenDrain => 0,
    };
    bus.write(Register::IRQ_CFG, irq_cfg::IRQ_EN | line);
    // RX level 0: one waiting frame is enough.
    let level = ROOM / fifo_int::TDAL_UNIT;
    bus.write(Register::FIFO_INT, level << fifo_int::TDAL_SHIFT);
    // No offset before a frame and no filling after its last word.
    bus.write(Register::RX_CFG, 0);
    bus.write(Register::TX_CFG, tx_cfg::TXSAO | tx_cfg::TX_ON);
}

fn station_address<R: Registers>(bus: &Bus<'_, R>, config: &Config) -> Result<[u8; 6], Error> {
    let address = match config.address {
        Some(address) => address,
        None => {
            let [a, b, c, d] = bus.mac_read(MacRegister::ADDRL)?.to_le_bytes();
            let [e, f, ..] = bus.mac_read(MacRegister::ADDRH)?.to_le_bytes();
            [a, b, c, d, e, f]
        }
    };
    if address == [0; 6] || address[0] & 1 != 0 {
        return Err(Error::Address(address));
    }
    let [a, b, c, d, e, f] = address;
    bus.mac_write(MacRegister::ADDRL, u32::from_le_bytes([a, b, c, d]))?;
    bus.mac_write(MacRegister::ADDRH, u32::from_le_bytes([e, f, 0, 0]))?;
    Ok(address)
}

/// Resets the PHY and lets it negotiate; how that ends is told by its interrupt.
fn start_phy<R: Registers>(bus: &Bus<'_, R>, delay: &mut impl DelayNs) -> Result<(), Error> {
    bus.phy_write(PhyRegister::BCR, bcr::RESET)?;
    let mut over = false;
    for _ in 0..500 {
        delay.delay_ms(1);
        over = bus.phy_read(PhyRegister::BCR)? & bcr::RESET == 0;
        if over {
            break;
        }
    }
    done(over, Step::PhyReset)?;
    bus.phy_write(
        PhyRegister::ANAR,
        anar::TX_FULL_DUPLEX | anar::TX | anar::T10_FULL_DUPLEX | anar::T10 | anar::SELECTOR_802_3,
    )?;
    bus.phy_write(
        PhyRegister::INTERRUPT_MASK,
        phy_int::ENERGYON | phy_int::AUTO_NEGOTIATION_COMPLETE | phy_int::LINK_DOWN,
    )?;
    bus.phy_write(
        PhyRegister::BCR,
        bcr::AUTO_NEGOTIATION_ENABLE | bcr::RESTART_AUTO_NEGOTIATION,
    )
}

/// Looks every 100 µs until `ready`, for `millis` milliseconds at most.
fn poll(delay: &mut impl DelayNs, millis: u32, ready: impl Fn() -> bool) -> bool {
    for _ in 0..millis * 10 {
        if ready() {
            return true;
        }
        delay.delay_us(100);
    }
    ready()
}

fn done(over: bool, step: Step) -> Result<(), Error> {
    if over {
        Ok(())
    } else {
        Err(Error::Timeout(step))
    }
}
