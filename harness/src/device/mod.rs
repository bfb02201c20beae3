//! A device on the host: the real client of the `embassy-client` crate on the
//! real embassy-net stack, with an application that executes orders, sends what
//! it is given, and keeps a [`Book`] of it all.
//!
//! `wigwag device ngtt` and the demo run it; so do tests that need a whole
//! device. [`ncp`] is a device that asks servers of NCP.

pub mod batch;
mod book;
mod event;
pub mod ncp;
mod tasks;

pub use book::{Book, Execution, Fate, Sent};
pub use event::{CommandFault, DeviceEvent};

use std::cell::RefCell;
use std::time::Duration;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::{Config as SessionConfig, QueueRule, WhenFull};
use wigwag_embassy::journal::Journal;
use wigwag_embassy::net::{EmbassyNetwork, Network};
use wigwag_embassy::ngtt::{self, Buffers, Config};
use wigwag_embassy::tls::{ClockPolicy, Identity, SoftwareKey, TrustAnchors};

use crate::pki::Pki;
use crate::vnet::{VirtualNet, alongside};
use batch::Batch;
use tasks::Application;

/// Most bytes of one order.
pub const ORDER_BYTES: usize = 8 * 1024;
/// Most bytes of one batch of pathpoints or logs.
pub const BATCH_BYTES: usize = 16 * 1024;

const ORDERS: usize = 8;
const SENDS: usize = 12;
/// Orders that a device remembers.
pub const MARKS: usize = 64;

/// Longest wait for the server to have read everything before the device goes.
const DRAIN: Duration = Duration::from_secs(10);

type Slots = ngtt::Slots<ORDERS, ORDER_BYTES, SENDS, BATCH_BYTES, MARKS>;
type State = ngtt::State<NoopRawMutex, Slots>;
type Client<'a> = ngtt::Client<'a, NoopRawMutex, Slots>;
type Order<'a> = ngtt::Order<'a, NoopRawMutex, Slots>;
type Memory = Buffers<16_401, 4096, 32_768, 32_768, { ORDER_BYTES + 64 }, 16_384>;

/// A device on the host has time: logs wait for room instead of making some.
const SESSION: SessionConfig = {
    let mut config = SessionConfig::new();
    config.logs = QueueRule::new(WhenFull::Block);
    config
};

/// Whom a device talks to, and who it is. Certificates and key are DER.
#[derive(Clone)]
pub struct Settings {
    /// The name that the server must prove, a DNS name or an IP address. The
    /// network resolves it.
    pub server_name: String,
    /// The server's port.
    pub port: u16,
    /// The roots that the server's certificate must lead to.
    pub roots: Vec<Vec<u8>>,
    /// The device's certificate.
    pub certificate: Vec<u8>,
    /// Its private key, PKCS #8 or SEC 1.
    pub key: Vec<u8>,
}

impl Settings {
    /// What a device of `pki` needs to find the server of that infrastructure;
    /// None when there is no device of that id.
    #[must_use]
    pub fn of(pki: &Pki, device: &str, server_name: &str, port: u16) -> Option<Self> {
        let identity = pki.device(device)?;
        Some(Self {
            server_name: server_name.into(),
            port,
            roots: vec![pki.server_ca().to_vec()],
            certificate: identity.certificate().to_vec(),
            key: identity.key().secret_pkcs8_der().to_vec(),
        })
    }
}

impl std::fmt::Debug for Settings {
    /// Without the key, which is secret, and the certificates, which are long.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("server_name", &self.server_name)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// How the application answers orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It executes and acknowledges them.
    Acknowledge,
    /// It refuses them.
    Reject,
    /// It takes them and never answers, as an application that hangs.
    Nothing,
}

/// What the device has to do.
#[derive(Debug, Clone)]
pub struct Work {
    /// How orders are answered.
    pub reply: Reply,
    /// An order with this payload takes so long; others are executed meanwhile.
    pub slow: Option<(Digest, Duration)>,
    /// Batches of pathpoints to send, of up to [`BATCH_BYTES`] each.
    pub pathpoints: Vec<Batch>,
    /// Batches of log entries to send, of up to [`BATCH_BYTES`] each.
    pub logs: Vec<Batch>,
    /// A map of names and versions of binary objects to ask the server about.
    pub baobs: Option<Vec<u8>>,
    /// The device takes no more orders than this, and is done when it has
    /// answered them and everything was sent; `None`: only when it is told to
    /// stop.
    pub max_orders: Option<u64>,
}

/// The settings cannot be used.
#[derive(Debug, Clone)]
pub struct SettingsError(String);

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

/// The memory of a client. Made by the compiler, or it would be copied on the stack
/// a few times over; and in a function of its own, whose place on the stack is free
/// again before anything runs.
#[inline(never)]
fn memories() -> (Box<State>, Box<Memory>) {
    let state = Box::new(const { State::with_config(SESSION) });
    (state, Box::new(const { Memory::new() }))
}

fn unusable(error: impl std::fmt::Display) -> SettingsError {
    SettingsError(error.to_string())
}

/// The time of the host's clock, in seconds since 1970.
#[must_use]
pub fn host_time() -> Option<u64> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.ok().map(|since| since.as_secs())
}

/// Boots the device on `net` and runs it until its work is done or `stop` is
/// ready; then waits until the server has read what is on the way, for ten
/// seconds at most, closes the connection in good order and switches off.
///
/// What it does is written to `book` and told to `emit` as it happens. With the
/// same `journal` again it is the same device after a reboot.
///
/// # Errors
/// [`SettingsError`] when the settings cannot be used; nothing has been sent
/// then. Everything that goes wrong later is an event, and tried again.
pub async fn run(
    net: &VirtualNet,
    settings: &Settings,
    work: &Work,
    journal: impl Journal,
    book: &RefCell<Book>,
    emit: &dyn Fn(DeviceEvent),
    stop: impl Future<Output = ()>,
) -> Result<(), SettingsError> {
    net.run(async |stack| {
        let network = EmbassyNetwork::new(stack);
        run_on(network, settings, work, journal, book, emit, stop).await
    })
    .await
}

/// The same device on another network, such as the host's own sockets
/// ([`HostNetwork`](crate::hostnet::HostNetwork)).
///
/// # Errors
/// As [`run`].
pub async fn run_on(
    network: impl Network,
    settings: &Settings,
    work: &Work,
    journal: impl Journal,
    book: &RefCell<Book>,
    emit: &dyn Fn(DeviceEvent),
    stop: impl Future<Output = ()>,
) -> Result<(), SettingsError> {
    let roots: Vec<&[u8]> = settings.roots.iter().map(Vec::as_slice).collect();
    let trust = TrustAnchors::new(&roots).map_err(unusable)?;
    let key = SoftwareKey::from_der(&settings.key).map_err(unusable)?;
    let identity = Identity::new(&settings.certificate, &key).map_err(unusable)?;
    let clock = ClockPolicy::real_time(host_time);
    let mut config =
        Config::for_server(&settings.server_name, trust, identity, clock).map_err(unusable)?;
    config.port = settings.port;

    let (state, mut memory) = memories();
    let (client, mut runner) = ngtt::new(&state, &mut *memory, network, config, OsRng, journal);
    let application = Application {
        client,
        server: &settings.server_name,
        work,
        book,
        emit,
    };
    alongside(
        async {
            application.work(stop).await;
            application.leave(DRAIN).await;
        },
        vec![
            Box::pin(async { runner.run().await }),
            Box::pin(application.watch_status()),
            Box::pin(application.watch_session()),
        ],
    )
    .await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::DEFAULT_DEVICE_ID;

    /// Every way in which the bytes of a key may show: as Debug prints a list,
    /// and as hexadecimal digits.
    fn shows(text: &str, secret: &[u8]) -> bool {
        let list = format!("{:?}", &secret[secret.len() / 2..][..8]);
        let list = list.trim_matches(['[', ']']);
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        text.contains(list) || text.to_lowercase().contains(&hex[hex.len() / 2..][..16])
    }

    #[test]
    fn what_holds_a_key_does_not_show_it() {
        let pki = Pki::generate();
        let identity = pki.device(DEFAULT_DEVICE_ID).unwrap();
        let der = identity.key().secret_pkcs8_der().to_vec();
        let settings = Settings {
            server_name: "ngtt.test".into(),
            port: 2405,
            roots: vec![pki.server_ca().to_vec()],
            certificate: identity.certificate().to_vec(),
            key: der.clone(),
        };
        let roots: [&[u8]; 1] = [&settings.roots[0]];
        let key = SoftwareKey::from_der(&der).unwrap();
        let device = Identity::new(&settings.certificate, &key).unwrap();
        let trust = TrustAnchors::new(&roots).unwrap();
        let clock = ClockPolicy::real_time(host_time);
        let config = Config::for_server("ngtt.test", trust, device, clock).unwrap();
        for text in [
            format!("{settings:?} {settings:#?}"),
            format!("{identity:?} {:?}", identity.key()),
            format!("{pki:?}"),
            format!("{key:?} {device:?} {config:?}"),
        ] {
            assert!(!shows(&text, &der), "{text}");
        }
        // The check itself can see a key.
        assert!(shows(&format!("{der:?}"), &der));
    }
}
