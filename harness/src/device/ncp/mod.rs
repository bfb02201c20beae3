//! A device that asks a server of NCP: the real client of the `embassy-client`
//! crate on the real embassy-net stack, with an application that sends commands,
//! takes what comes, and keeps a [`Book`] of it.
//!
//! `wigwag device ncp` and the demo run it; so do tests that need a whole
//! device.

mod book;
mod command;
mod session;
mod words;

pub use book::{Book, Entry, Fate, digest};
pub use command::{COMMAND_BYTES, Command};

use std::cell::RefCell;
use std::time::Duration;

use rand_core::OsRng;
use wigwag_codec::ncp::Time;
use wigwag_embassy::ncp::{self, Client, ClientMemory, Login};
use wigwag_embassy::net::{EmbassyNetwork, Network};
use wigwag_embassy::taps::{Security, SecurityParameters, TransportConfig};
use wigwag_embassy::tls::{ClockPolicy, Identity, SoftwareKey, TrustAnchors};

use super::{DeviceEvent, SettingsError, host_time, unusable};
use crate::vnet::{VirtualNet, alongside};
use session::Application;

/// Most bytes of a packet that the device takes.
pub const PACKET_BYTES: usize = 128 * 1024;

/// Commands that wait for their answers at a time.
pub const OUTSTANDING: usize = 32;

/// Longest wait for a close in good order when the device is told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// One connection, and the one before that still closes.
const SLOTS: usize = 2;
/// Bytes for fields that come while others are waited for.
const KEPT: usize = 32 * 1024;

type Memory<'a, S> = ClientMemory<
    'a,
    S,
    SLOTS,
    PACKET_BYTES,
    COMMAND_BYTES,
    OUTSTANDING,
    KEPT,
    1024,
    16_384,
    1,
    16_401,
    4096,
>;

/// Whom a device asks, and who it is.
#[derive(Clone)]
pub struct Settings {
    /// Where the server is: a DNS name, which the network resolves, or an IP
    /// address. With TLS the server must prove it.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// What the server is called in events; host and port unless it is said.
    pub peer: Option<String>,
    /// What the device calls itself; at most 64 bytes.
    pub hostname: String,
    /// TLS below it; in the clear without it.
    pub tls: Option<Tls>,
    /// User and password. Without TLS everybody on the way can read them.
    pub login: Option<(String, String)>,
}

/// Certificates and key for a connection over TLS, in DER.
#[derive(Clone)]
pub struct Tls {
    /// The roots that the server's certificate must lead to.
    pub roots: Vec<Vec<u8>>,
    /// The device's certificate and its private key, PKCS #8 or SEC 1, where it
    /// has some.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for Settings {
    /// Without password and key, which are secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls.is_some())
            .field("user", &self.login.as_ref().map(|(user, _)| user))
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Tls {
    /// Without the key, which is secret, and the certificates, which are long.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// What the device has to do.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// What it asks, in this order, up to [`OUTSTANDING`] at a time.
    pub commands: Vec<Command>,
    /// After the last answer it stays, and takes what comes, until it is told to
    /// stop.
    pub stays: bool,
    /// It connects again when a connection is lost or does not come up, unless
    /// the server refuses it or it refuses the server. Commands that were sent
    /// and not answered are lost then, but for those that
    /// [may be repeated](Command::again).
    pub reconnects: bool,
}

/// Boots the device on `net` and runs it until its work is done, can come to no
/// good end, or `stop` is ready; then closes the connection in good order and
/// switches off.
///
/// What it does is written to `book` and told to `emit` as it happens.
///
/// # Errors
/// [`SettingsError`] when the settings cannot be used; nothing has been sent
/// then. Everything that goes wrong later is an event.
pub async fn run(
    net: &VirtualNet,
    settings: &Settings,
    work: &Work,
    book: &RefCell<Book>,
    emit: &dyn Fn(DeviceEvent),
    stop: impl Future<Output = ()>,
) -> Result<(), SettingsError> {
    net.run(async |stack| {
        let network = EmbassyNetwork::new(stack);
        run_on(network, settings, work, book, emit, stop).await
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
    book: &RefCell<Book>,
    emit: &dyn Fn(DeviceEvent),
    stop: impl Future<Output = ()>,
) -> Result<(), SettingsError> {
    let login = settings.login.as_ref();
    let login = login.map(|(user, password)| Login::new(user, password));
    let login = login.transpose().map_err(unusable)?;
    let application = Application::new(settings, work, book, emit);
    let host = settings.host.as_str();
    let Some(tls) = &settings.tls else {
        let client = match login {
            Some(login) => Client::login_in_the_clear(host, login),
            None => Client::plain(host),
        };
        drive(network, adjusted(client, settings), &application, stop).await;
        return Ok(());
    };

    let roots: Vec<&[u8]> = tls.roots.iter().map(Vec::as_slice).collect();
    let trust = TrustAnchors::new(&roots).map_err(unusable)?;
    let clock = ClockPolicy::real_time(host_time);
    let key = tls.identity.as_ref();
    let key = key.map(|(_, key)| SoftwareKey::from_der(key));
    let key = key.transpose().map_err(unusable)?;
    let security = match (&tls.identity, &key) {
        (Some((certificate, _)), Some(key)) => {
            let identity = Identity::new(certificate, key).map_err(unusable)?;
            SecurityParameters::new(trust, identity, clock)
        }
        _ => SecurityParameters::without_client_certificate(trust, clock),
    };
    security.for_server(host).map_err(unusable)?;
    let client = Client::tls(host, security);
    let client = match login {
        Some(login) => client.with_login(login),
        None => client,
    };
    drive(network, adjusted(client, settings), &application, stop).await;
    Ok(())
}

/// What is the same with and without TLS.
fn adjusted<'a, S>(client: Client<'a, S>, settings: &'a Settings) -> Client<'a, S> {
    let client = client
        .with_port(settings.port)
        .with_hostname(&settings.hostname)
        .with_clock(time_of_day)
        // The application wants to see them.
        .with_auto_ackn(false);
    match &settings.peer {
        Some(peer) => client.with_remote_hostname(peer),
        None => client,
    }
}

/// The time of the host's clock.
fn time_of_day() -> Time {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let secs = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
    Time::new(secs, now.subsec_nanos()).unwrap_or(Time::ZERO)
}

/// Made by the compiler, or it would be copied on the stack a few times over; and
/// in a function of its own, whose place on the stack is free again before
/// anything runs.
#[inline(never)]
fn memory<'a, S: Security>() -> Box<Memory<'a, S>> {
    Box::new(const { Memory::new() })
}

async fn drive<'a, S: Security>(
    network: impl Network,
    client: Client<'a, S>,
    application: &Application<'_>,
    stop: impl Future<Output = ()>,
) {
    let mut memory = memory::<S>();
    let config = TransportConfig::DEFAULT;
    let (ncp, mut runner) = ncp::new(&mut *memory, network, OsRng, config);
    alongside(
        application.run(&client, ncp, stop),
        vec![Box::pin(async { runner.run().await })],
    )
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_secret_does_not_show_it() {
        let settings = Settings {
            host: "ncp.test".into(),
            port: 9999,
            peer: None,
            hostname: "device".into(),
            tls: Some(Tls {
                roots: vec![vec![7; 32]],
                identity: Some((vec![7; 32], vec![7; 32])),
            }),
            login: Some(("admin".into(), "open sesame".into())),
        };
        for text in [format!("{settings:?}"), format!("{:?}", settings.tls)] {
            assert!(!text.contains("sesame") && !text.contains("7, 7"), "{text}");
        }
        assert!(format!("{settings:?}").contains("admin"));
    }
}
