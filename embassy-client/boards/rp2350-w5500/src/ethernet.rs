//! The W5500, an Ethernet chip behind SPI. Of what it can do, only the moving of
//! frames is used; TCP/IP is embassy-net's.

use core::fmt;

use embassy_net_wiznet::chip::W5500;
use embassy_net_wiznet::{Device, InitError, Runner, State};
use embassy_rp::gpio::{Input, Level, Output, Pull};
use embassy_rp::peripherals::{
    DMA_CH0, DMA_CH1, PIN_16, PIN_17, PIN_18, PIN_19, PIN_20, PIN_21, SPI0,
};
use embassy_rp::spi::{self, Async, Spi};
use embassy_rp::{Peri, bind_interrupts, dma, otp};
use embassy_time::Delay;
use embedded_hal_bus::spi::ExclusiveDevice;
use static_cell::ConstStaticCell;

bind_interrupts!(struct Interrupts {
    DMA_IRQ_0 => dma::InterruptHandler<DMA_CH0>, dma::InterruptHandler<DMA_CH1>;
});

/// Packets that wait for the network stack, and for the W5500.
const RECEIVED: usize = 4;
const SENT: usize = 4;

/// Hertz. The W5500 stands 80 MHz (datasheet, section 5.5.4); wires between two
/// boards stand less.
const SPEED: u32 = 20_000_000;

type Bus = ExclusiveDevice<Spi<'static, SPI0, Async>, Output<'static>, Delay>;

/// The driver that the network stack gets.
pub type Ethernet = Device<'static>;

/// Moves packets between the driver and the W5500: `run` it in a task.
pub type Mover = Runner<'static, W5500, Bus, Input<'static>, Output<'static>>;

/// How chip and W5500 are connected: as on the W5500-EVB-Pico2.
pub struct Pins {
    /// Data from the W5500.
    pub miso: Peri<'static, PIN_16>,
    /// Low while the W5500 is spoken to.
    pub chip_select: Peri<'static, PIN_17>,
    /// Clock.
    pub clock: Peri<'static, PIN_18>,
    /// Data to the W5500.
    pub mosi: Peri<'static, PIN_19>,
    /// Low resets the W5500.
    pub reset: Peri<'static, PIN_20>,
    /// Low while the W5500 has a packet.
    pub interrupt: Peri<'static, PIN_21>,
}

/// Why there is no Ethernet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EthernetError {
    /// The chip's own number, which the address is made of, cannot be read.
    NoChipId,
    /// What answers by SPI says that it is no W5500.
    NoW5500 {
        /// The version that it says it has; a W5500 says 4.
        version: u8,
    },
    /// The SPI controller cannot do what it is asked for.
    Spi,
}

impl fmt::Display for EthernetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChipId => f.write_str("the chip's number in its OTP memory cannot be read"),
            Self::NoW5500 { version } => write!(
                f,
                "no W5500 on SPI0: version {version} instead of 4; look at its wires and its power"
            ),
            Self::Spi => f.write_str("SPI0 failed"),
        }
    }
}

impl core::error::Error for EthernetError {}

/// Resets the W5500 and starts it, which takes a tenth of a second.
///
/// # Errors
/// [`EthernetError`]: what is wrong with the W5500, or with the chip.
///
/// # Panics
/// When it is called a second time.
pub async fn start(
    controller: Peri<'static, SPI0>,
    sent: Peri<'static, DMA_CH0>,
    received: Peri<'static, DMA_CH1>,
    pins: Pins,
) -> Result<(Ethernet, Mover), EthernetError> {
    static STATE: ConstStaticCell<State<RECEIVED, SENT>> = ConstStaticCell::new(State::new());

    let chip_id = otp::get_chipid().map_err(|_| EthernetError::NoChipId)?;
    let mut config = spi::Config::default();
    config.frequency = SPEED;
    let spi = Spi::new(
        controller, pins.clock, pins.mosi, pins.miso, sent, received, Interrupts, config,
    );
    let chip_select = Output::new(pins.chip_select, Level::High);
    let bus = match ExclusiveDevice::new(spi, chip_select, Delay) {
        Ok(bus) => bus,
        Err(never) => match never {},
    };
    embassy_net_wiznet::new(
        address(chip_id),
        STATE.take(),
        bus,
        Input::new(pins.interrupt, Pull::Up),
        Output::new(pins.reset, Level::High),
    )
    .await
    .map_err(|error| match error {
        InitError::InvalidChipVersion { actual, .. } => EthernetError::NoW5500 { version: actual },
        InitError::SpiError(_) => EthernetError::Spi,
    })
}

/// A locally administered address out of the number that the chip was given when
/// it was made (RP2350 datasheet, section 13.8.1), so that no two boards of a
/// network have the same.
fn address(chip_id: u64) -> [u8; 6] {
    // FNV-1a, so that all bits of the number count.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in chip_id.to_be_bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let [a, b, c, d, e, ..] = hash.to_be_bytes();
    [0x02, a, b, c, d, e]
}
