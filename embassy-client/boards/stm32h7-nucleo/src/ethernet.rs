//! The chip's Ethernet controller with the board's LAN8742A on RMII.

use embassy_stm32::eth::{self, GenericPhy, InterruptHandler, PacketQueue, Sma};
use embassy_stm32::peripherals::{ETH, ETH_SMA, PA1, PA2, PA7, PB13, PC1, PC4, PC5, PG11, PG13};
use embassy_stm32::{Peri, bind_interrupts, uid};
use static_cell::ConstStaticCell;

/// The driver that the network stack gets.
pub type Ethernet = eth::Ethernet<'static, ETH, GenericPhy<Sma<'static, ETH_SMA>>>;

bind_interrupts!(struct Interrupts {
    ETH => InterruptHandler;
});

/// Packets that wait for the wire, and for the network stack.
const SENT: usize = 4;
const RECEIVED: usize = 8;

/// How the board connects chip and LAN8742A (UM2407, table "Ethernet pins").
pub struct Pins {
    /// Reference clock of 50 MHz, from the LAN8742A.
    pub ref_clk: Peri<'static, PA1>,
    /// Management data.
    pub mdio: Peri<'static, PA2>,
    /// Carrier, and data valid.
    pub crs_dv: Peri<'static, PA7>,
    /// Management clock.
    pub mdc: Peri<'static, PC1>,
    /// Received data, bit 0.
    pub rxd0: Peri<'static, PC4>,
    /// Received data, bit 1.
    pub rxd1: Peri<'static, PC5>,
    /// Transmission enabled.
    pub tx_en: Peri<'static, PG11>,
    /// Data to send, bit 0.
    pub txd0: Peri<'static, PG13>,
    /// Data to send, bit 1.
    pub txd1: Peri<'static, PB13>,
}

/// Starts the controller.
///
/// # Panics
/// When it is called a second time, or no Ethernet chip answers.
pub fn start(
    controller: Peri<'static, ETH>,
    management: Peri<'static, ETH_SMA>,
    pins: Pins,
) -> Ethernet {
    static PACKETS: ConstStaticCell<PacketQueue<SENT, RECEIVED>> =
        ConstStaticCell::new(PacketQueue::new());

    eth::Ethernet::new(
        PACKETS.take(),
        controller,
        Interrupts,
        pins.ref_clk,
        pins.crs_dv,
        pins.rxd0,
        pins.rxd1,
        pins.txd0,
        pins.txd1,
        pins.tx_en,
        address(uid::uid()),
        management,
        pins.mdio,
        pins.mdc,
    )
}

/// A locally administered address out of the number that ST has given this chip
/// (RM0433, section 61.1), so that no two boards of a network have the same.
fn address(unique: [u8; 12]) -> [u8; 6] {
    // FNV-1a: wafer and place on the wafer differ in a few bits only.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in unique {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let [a, b, c, d, e, ..] = hash.to_be_bytes();
    [0x02, a, b, c, d, e]
}
