//! A device's program in an emulator: the very image that is flashed, run by
//! QEMU on the host, its network card on the virtual network of this crate.
//!
//! The emulated board's Ethernet frames come to the same gateway as those of a
//! device within the process ([`VirtualNet::carry_wire`]), so DHCP, DNS and
//! every accident of [`Faults`] are there; pulling the cable out of its socket
//! is [`Run::set_link`]. The log is decoded into [`Line`]s, the exit status
//! into a [`Status`].
//!
//! QEMU 7.2 or later is needed: `qemu-system-arm` on the path. The image talks
//! to the host by semihosting, which opens the host's files to it: run only
//! images you trust.
//!
//! ```no_run
//! use std::time::Duration;
//! use wigwag_harness::device::Settings;
//! use wigwag_harness::firmware::{Firmware, Net, Status, Trial};
//! use wigwag_harness::mock::MockNgtt;
//! use wigwag_harness::pki::Pki;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let pki = Pki::generate();
//! let server = MockNgtt::start(&pki).await?;
//! server.enqueue("device-0001", [0x40]); // an order: the minijson value []
//!
//! let port = server.addr().port();
//! let settings = Settings::of(&pki, "device-0001", "ngtt.test", port).unwrap();
//! let mut run = Firmware::new("embassy-client/boards/target/thumbv7em-none-eabihf/release/qemu-mps2-an386")
//!     .settings(settings)
//!     .trial(Trial { orders: Some(1), ..Trial::default() })
//!     .start(Net::to("ngtt.test", server.addr()))
//!     .await?;
//!
//! let limit = Duration::from_secs(60);
//! run.wait_for_line(limit, |line| line.text.contains("connected")).await?;
//! run.set_link(false).await?; // the cable is pulled
//! run.set_link(true).await?;
//! let outcome = run.finish(limit).await?;
//! assert_eq!(outcome.status, Status::Done);
//! # Ok(())
//! # }
//! ```
//!
//! [`VirtualNet::carry_wire`]: crate::vnet::VirtualNet::carry_wire
//! [`Faults`]: crate::faults::Faults

pub mod books;
mod error;
mod gateway;
pub mod log;
mod measure;
mod measure_ncp;
mod ncp;
mod output;
mod qemu;
mod qmp;
mod report;
mod run;
mod settings;
mod status;
mod watchdog;

pub use error::FirmwareError;
pub use log::{Level, Line};
pub use measure::measure;
pub use measure_ncp::measure_ncp;
pub use ncp::{NcpReport, NcpTrial};
pub use qemu::{HARDWARE_ADDRESS, PROGRAM};
pub use report::{Count, Report};
pub use run::{Outcome, Run};
pub use settings::{REGION, flash_settings, image};
pub use status::Status;

use crate::device::Settings;
use crate::vnet::{self, Dial};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

/// The name of the host's loopback in QEMU's user network: what a device on
/// [`Net::User`] connects to, and what the server's certificate has to carry.
pub const USER_NET_HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);

/// What a device has to do before it ends. All `None`: it runs for ever, as
/// one in the field does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trial {
    /// Orders to execute and have settled.
    pub orders: Option<u32>,
    /// Batches of 1 KiB of pathpoints to send after that, one after the other,
    /// each confirmed before the next.
    pub batches: Option<u32>,
    /// Seconds of the device's clock after which it gives up.
    pub seconds: Option<u32>,
    /// Refusals, by the server or of it, at which it gives up; 0 is none. Without
    /// it the first one is the last.
    pub refusals: Option<u32>,
    /// The time of day it starts with, in seconds since 1970, instead of the
    /// host's. 0 is what a clock without a battery says.
    pub unix: Option<u64>,
}

impl Trial {
    /// The words of the command line that the device reads.
    fn words(&self) -> Vec<String> {
        let word = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
        [
            word("orders", self.orders.map(u64::from)),
            word("batches", self.batches.map(u64::from)),
            word("seconds", self.seconds.map(u64::from)),
            word("refusals", self.refusals.map(u64::from)),
            word("unix", self.unix),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The network that the board is on.
#[non_exhaustive]
pub enum Net {
    /// The virtual network of [`vnet`]: DHCP, DNS and faults from this process.
    Gateway {
        /// Its addresses, names and faults.
        options: vnet::Options,
        /// Where connections go. Called on the gateway's own thread.
        dial: Box<dyn Dial + Send>,
        /// Sockets of the host, each with the port of the device that it leads
        /// to.
        forwards: Vec<(TcpListener, u16)>,
    },
    /// QEMU's own user network. Simple, and all of QEMU's making: the host's
    /// loopback is [`USER_NET_HOST`], names are those of the host's resolver,
    /// and there are no faults but [`Run::set_link`]. QEMU notices a new
    /// connection only when it wakes, so without `icount` an idle device's
    /// connection may take up to a second longer.
    User,
}

impl Net {
    /// A virtual network whose every connection goes to `server`, which DNS
    /// knows as `name`.
    #[must_use]
    pub fn to(name: &str, server: SocketAddr) -> Self {
        let options = vnet::Options::default();
        // A documentation address (RFC 5737); the gateway leads it to the server.
        options.names.set(name, [Ipv4Addr::new(192, 0, 2, 1)]);
        Self::gateway(options, vnet::always(server))
    }

    /// A virtual network of any kind.
    pub fn gateway(options: vnet::Options, dial: impl Dial + Send + 'static) -> Self {
        Self::Gateway {
            options,
            dial: Box::new(dial),
            forwards: Vec::new(),
        }
    }

    /// Takes what connects to `listener` to a port of the device, by
    /// [`VirtualNet::forward`](vnet::VirtualNet::forward).
    ///
    /// # Panics
    /// On QEMU's user network.
    #[must_use]
    pub fn forward(mut self, listener: TcpListener, port: u16) -> Self {
        match &mut self {
            Self::Gateway { forwards, .. } => forwards.push((listener, port)),
            Self::User => panic!("there is no gateway on QEMU's user network"),
        }
        self
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway {
                options, forwards, ..
            } => f
                .debug_struct("Gateway")
                .field("options", options)
                .field("forwards", forwards)
                .finish_non_exhaustive(),
            Self::User => f.write_str("User"),
        }
    }
}

/// What stands in the device's flash beside its program.
#[derive(Debug, Clone)]
enum Flash {
    Erased,
    Settings(Settings),
    Image(Vec<u8>),
}

/// What the device is told, by the protocol that it speaks.
#[derive(Debug, Clone)]
enum Work {
    Ngtt(Trial),
    Ncp(NcpTrial),
}

/// An image, and how it is to be run. See the [module](self).
#[derive(Debug, Clone)]
pub struct Firmware {
    image: PathBuf,
    work: Work,
    flash: Flash,
    icount: bool,
    fast_forward: bool,
    report: bool,
    flash_file: Option<PathBuf>,
    power_cut: Option<PowerCut>,
    mishap: Option<Mishap>,
}

/// An accident in the device's own program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It panics.
    Panic,
    /// It turns in circles for ever.
    Hang,
}

/// A power failure in the middle of a change of the flash.
#[derive(Debug, Clone, Copy)]
struct PowerCut {
    change: u32,
    tear: u32,
}

impl Firmware {
    /// The image of the board `mps2-an386` (Cortex-M4F) in this ELF file, with
    /// erased settings and no trial.
    pub fn new(image: impl Into<PathBuf>) -> Self {
        Self {
            image: image.into(),
            work: Work::Ngtt(Trial::default()),
            flash: Flash::Erased,
            icount: false,
            fast_forward: false,
            report: false,
            flash_file: None,
            power_cut: None,
            mishap: None,
        }
    }

    /// Gives a device of NGTT something to do, and an end.
    #[must_use]
    pub fn trial(mut self, trial: Trial) -> Self {
        self.work = Work::Ngtt(trial);
        self
    }

    /// The same for a device of NCP.
    #[must_use]
    pub fn ncp(mut self, trial: NcpTrial) -> Self {
        self.work = Work::Ncp(trial);
        self
    }

    /// Writes the device's settings to its flash.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.flash = Flash::Settings(settings);
        self
    }

    /// Writes these bytes to the flash where settings should be: damaged ones,
    /// say. [`image`] makes good ones.
    #[must_use]
    pub fn settings_image(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.flash = Flash::Image(bytes.into());
        self
    }

    /// Counts instructions: the device's clock advances by one nanosecond an
    /// instruction, whatever the host's load. For measurements; the run takes
    /// longer.
    #[must_use]
    pub fn icount(mut self, icount: bool) -> Self {
        self.icount = icount;
        self
    }

    /// Skips the time in which the device sleeps: hours of its clock pass in
    /// seconds. Instructions are counted, as with [`icount`](Self::icount). For
    /// what a device does alone: an answer that takes the host a millisecond may
    /// come after all of its time-outs.
    #[must_use]
    pub fn fast_forward(mut self, fast_forward: bool) -> Self {
        self.fast_forward = fast_forward;
        self
    }

    /// Asks the device for a [`Report`] or [`NcpReport`] at its end.
    #[must_use]
    pub fn report(mut self, report: bool) -> Self {
        self.report = report;
        self
    }

    /// Keeps the flash that the device writes in this file, which is made when it
    /// is not there: the next run with it finds what this one has left, however
    /// it ends. Without it the device begins with erased flash.
    #[must_use]
    pub fn flash_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.flash_file = Some(path.into());
        self
    }

    /// Has the power fail in one of the writes and erasures of that flash,
    /// counted from 1, and the run end with [`Status::PowerCut`]. The change is
    /// done by half; of `tear`, any number, follows how.
    #[must_use]
    pub fn power_cut(mut self, change: u32, tear: u32) -> Self {
        self.power_cut = Some(PowerCut { change, tear });
        self
    }

    /// Has the device's program have an accident two seconds after power came. A
    /// device without a trial starts anew then, as one in the field does; a trial
    /// ends.
    #[must_use]
    pub fn mishap(mut self, mishap: Mishap) -> Self {
        self.mishap = Some(mishap);
        self
    }

    /// Starts the emulator with this image on `net`. Needs a tokio runtime with
    /// I/O and time enabled.
    ///
    /// # Errors
    /// [`FirmwareError`]: no QEMU, no image, settings that cannot be written, or
    /// QEMU's own reason not to start.
    pub async fn start(&self, net: Net) -> Result<Run, FirmwareError> {
        run::start(self, net).await
    }
}
