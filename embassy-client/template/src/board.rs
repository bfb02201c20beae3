//! What the board is made of: a Raspberry Pi Pico 2 with a W5500, or WIZnet's
//! W5500-EVB-Pico2. For another board this file and flash.rs change.

use core::fmt::Display;
use core::panic::PanicInfo;
use core::slice;

use defmt_rtt as _;
use embassy_net_wiznet::chip::W5500;
use embassy_net_wiznet::{Device, Runner, State};
use embassy_rp::gpio::{Input, Level, Output, Pull};
use embassy_rp::pac::{PSM, WATCHDOG};
use embassy_rp::peripherals::{DMA_CH0, DMA_CH1, SPI0, TRNG};
use embassy_rp::spi::{self, Async, Spi};
use embassy_rp::trng::{self, Trng};
use embassy_rp::{bind_interrupts, dma, otp, watchdog};
use embassy_time::{Delay, Duration, Instant, block_for};
use embedded_hal_bus::spi::ExclusiveDevice;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sha2::{Digest as _, Sha256};
use static_cell::ConstStaticCell;
use wigwag_embassy::health::{Period, handshake_ms};

use crate::flash::Journal;

bind_interrupts!(struct Interrupts {
    DMA_IRQ_0 => dma::InterruptHandler<DMA_CH0>, dma::InterruptHandler<DMA_CH1>;
    TRNG_IRQ => trng::InterruptHandler<TRNG>;
});

// What stands before each line of the log: seconds since the start.
defmt::timestamp!("{=u64:us}", Instant::now().as_micros());

type Bus = ExclusiveDevice<Spi<'static, SPI0, Async>, Output<'static>, Delay>;

/// The network driver.
pub type Ethernet = Device<'static>;

/// Moves packets between the driver and the W5500.
pub type Mover = Runner<'static, W5500, Bus, Input<'static>, Output<'static>>;

/// A cryptographic random generator.
pub type Random = ChaCha20Rng;

/// What `main` needs.
pub struct Board {
    pub ethernet: Ethernet,
    pub mover: Mover,
    pub random: Random,
    pub flash: Journal,
    pub watchdog: Watchdog,
}

/// Once started, resets the chip when it is not fed for 16 s.
pub struct Watchdog(watchdog::Watchdog);

impl Watchdog {
    const PATIENCE: Duration = Duration::from_secs(16);

    /// How often it is fed. The executor may be busy with a handshake, and with
    /// the erasure of two sectors.
    pub const PERIOD: Period = Period::new::<16_000, { handshake_ms(150_000_000) + 800 }>();

    pub fn start(&mut self) {
        self.0.pause_on_debug(true);
        self.0.start(Self::PATIENCE);
    }

    pub fn feed(&mut self) {
        self.0.feed(Self::PATIENCE);
    }
}

/// Starts the board. Ends in a wait where it cannot be used.
pub async fn start() -> Board {
    static PACKETS: ConstStaticCell<State<4, 4>> = ConstStaticCell::new(State::new());

    let chip = embassy_rp::init(Default::default());

    let mut config = spi::Config::default();
    config.frequency = 20_000_000;
    let spi = Spi::new(
        chip.SPI0,
        chip.PIN_18,
        chip.PIN_19,
        chip.PIN_16,
        chip.DMA_CH0,
        chip.DMA_CH1,
        Interrupts,
        config,
    );
    let chip_select = Output::new(chip.PIN_17, Level::High);
    let bus = match ExclusiveDevice::new(spi, chip_select, Delay) {
        Ok(bus) => bus,
        Err(never) => match never {},
    };
    let interrupt = Input::new(chip.PIN_21, Pull::Up);
    let reset = Output::new(chip.PIN_20, Level::High);
    let address = address(or_wait(
        otp::get_chipid().map_err(|_| "no chip number in OTP"),
    ));
    let started = embassy_net_wiznet::new(address, PACKETS.take(), bus, interrupt, reset).await;
    let (ethernet, mover) = or_wait(started.map_err(|_| "no W5500 answers on SPI0"));

    // Twelve times as much noise as a seed has bytes, made even by a hash.
    let mut noise = [0; 384];
    Trng::new(chip.TRNG, Interrupts, trng::Config::default())
        .fill_bytes(&mut noise)
        .await;
    let random = ChaCha20Rng::from_seed(Sha256::digest(noise).into());

    Board {
        ethernet,
        mover,
        random,
        flash: Journal::new(chip.FLASH),
        watchdog: Watchdog(watchdog::Watchdog::new(chip.WATCHDOG)),
    }
}

/// A locally administered address out of the chip's own number.
fn address(chip_id: u64) -> [u8; 6] {
    let hash: [u8; 32] = Sha256::digest(chip_id.to_be_bytes()).into();
    let [a, b, c, d, e, ..] = hash;
    [0x02, a, b, c, d, e]
}

/// The region of flash with the settings, from memory.x.
pub fn settings() -> &'static [u8] {
    unsafe extern "C" {
        static _settings_start: u8;
        static _settings_end: u8;
    }
    let start = &raw const _settings_start;
    let length = (&raw const _settings_end).addr() - start.addr();
    // SAFETY: memory.x sets these bytes apart; nothing writes them while the
    // program runs.
    unsafe { slice::from_raw_parts(start, length) }
}

/// The value; without one it says why again and again, and waits for somebody to
/// help (to write settings, to mend a wire), who then resets the board.
pub fn or_wait<T, E: Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| {
        loop {
            defmt::error!("cannot start: {}", defmt::Display2Format(&error));
            block_for(Duration::from_secs(10));
        }
    })
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    defmt::flush();
    reset()
}

/// Starts the chip anew, all of it but its two oscillators, by the watchdog.
pub fn reset() -> ! {
    PSM.wdsel().write(|parts| {
        parts.0 = 0x01ff_ffff;
        parts.set_rosc(false);
        parts.set_xosc(false);
    });
    WATCHDOG.ctrl().write(|control| control.set_trigger(true));
    loop {
        cortex_m::asm::nop();
    }
}
