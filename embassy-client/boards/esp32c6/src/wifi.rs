//! The radio as a station of a wireless network.

use core::fmt;

use embassy_time::{Duration, Timer};
use esp_hal::peripherals::{FROM_CPU_INTR0, TIMG0, WIFI};
use esp_hal::rng::Trng;
use esp_hal::timer::timg::TimerGroup;
use esp_radio::wifi::sta::StationConfig;
use esp_radio::wifi::{
    AuthenticationMethodConfig, Config, ControllerConfig, Interface, WifiController, WifiError,
};
use wigwag_embassy::settings::Wifi;

/// Bytes of the heap, which is the radio's. Two thirds of it were the memory of
/// the bootloader until the program started.
const RECLAIMED_BYTES: usize = 64 * 1024;
const HEAP_BYTES: usize = 36 * 1024;

/// How long the device waits before it tries to join again.
const PAUSE: Duration = Duration::from_secs(5);

/// The driver that the network stack gets.
pub type Radio = Interface;

/// A cryptographic generator: the chip's, which gets its noise from the radio.
pub type Random = Trng;

/// Why there is no network.
#[derive(Debug)]
pub enum RadioError {
    /// The settings name no wireless network.
    NoNetwork,
    /// The settings' network or passphrase, or the radio itself, cannot be used.
    Radio(WifiError),
    /// The radio gives no noise for random numbers.
    NoNoise,
}

impl fmt::Display for RadioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNetwork => f.write_str(
                "the settings name no wireless network, and this device has no cable: write them \
                 again with one",
            ),
            Self::Radio(error) => write!(f, "the radio: {error:?}"),
            Self::NoNoise => f.write_str("the radio gives no noise for random numbers"),
        }
    }
}

impl core::error::Error for RadioError {}

impl From<WifiError> for RadioError {
    fn from(error: WifiError) -> Self {
        Self::Radio(error)
    }
}

/// Starts the threads that the radio needs, which the tasks run beside. Call it
/// before [`executor::run`](crate::executor::run).
pub fn start_threads(timers: TIMG0<'static>, interrupt: FROM_CPU_INTR0<'static>) {
    esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: RECLAIMED_BYTES);
    esp_alloc::heap_allocator!(size: HEAP_BYTES);
    esp_rtos::start(TimerGroup::new(timers).timer0, interrupt);
}

/// Keeps the device in its network: [`run`](Self::run) it in a task.
pub struct Station(WifiController<'static>);

/// Starts the radio. `network` is what the settings say.
///
/// # Errors
/// [`RadioError`]: what is wrong with the settings, or with the radio.
pub fn start(
    radio: WIFI<'static>,
    network: Option<Wifi<'_>>,
) -> Result<(Radio, Station, Random), RadioError> {
    let network = network.ok_or(RadioError::NoNetwork)?;
    let authentication = match network.passphrase {
        Some(passphrase) => AuthenticationMethodConfig::Wpa2Personal(passphrase.try_into()?),
        None => AuthenticationMethodConfig::Open,
    };
    let station = StationConfig::default()
        .with_ssid(network.network.try_into()?)
        .with_authentication(authentication);
    let config = ControllerConfig::default().with_initial_config(Config::Station(station));
    let controller = WifiController::new(radio, config)?;
    // From here on the radio feeds the generator.
    let random = Trng::try_new().map_err(|_| RadioError::NoNoise)?;
    Ok((Interface::station(), Station(controller), random))
}

impl Station {
    /// Joins the network whenever the device is not in it, for ever.
    pub async fn run(&mut self) -> ! {
        loop {
            match self.0.connect_async().await {
                Ok(joined) => {
                    defmt::info!("in the wireless network, on channel {=u8}", joined.channel);
                    defmt::info!(
                        "the radio's heap: {=usize} bytes free",
                        esp_alloc::HEAP.free()
                    );
                    if let Ok(left) = self.0.wait_for_disconnect_async().await {
                        defmt::warn!("out of the wireless network: {}", left.reason);
                    }
                }
                Err(error) => defmt::warn!("cannot join the wireless network: {}", error),
            }
            Timer::after(PAUSE).await;
        }
    }
}
