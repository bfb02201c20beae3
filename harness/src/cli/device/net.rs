//! Where a device's server is, and the network between the two.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::ValueEnum;

use crate::cli::outcome::{Failure, Outcome};
use crate::hostnet::HostNetwork;
use crate::vnet::{self, VirtualNet, always};

/// A documentation address (RFC 5737); the gateway of a virtual network leads
/// it to the server.
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Net {
    /// The embassy-net stack on a virtual link.
    Virtual,
    /// This machine's own sockets.
    Host,
}

/// The host and the port of `--connect`.
pub(super) fn parts(connect: &str) -> Outcome<(&str, u16)> {
    let parts = connect.rsplit_once(':');
    let parts = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)));
    parts.ok_or_else(|| {
        Failure::Usage("--connect: a port is missing: HOST:PORT, such as 127.0.0.1:2405".into())
    })
}

/// The address of `--connect`.
pub(super) async fn find(connect: &str) -> Outcome<SocketAddr> {
    tokio::net::lookup_host(connect)
        .await
        .and_then(|mut found| found.next().ok_or(io::ErrorKind::AddrNotAvailable.into()))
        .map_err(|error| Failure::Usage(format!("--connect: no address of {connect}: {error}")))
}

/// Whether the network can lead the device to the server by this name.
pub(super) fn check_name(net: Net, name: &str, server: SocketAddr) -> Outcome {
    match (net, name.parse::<IpAddr>()) {
        (Net::Virtual, Ok(IpAddr::V6(_))) => Err(Failure::Usage(
            "--server-name: the virtual network has no IPv6; use a DNS name".into(),
        )),
        (Net::Host, Ok(address)) if address != server.ip() => Err(Failure::Usage(format!(
            "--server-name: the device would connect to {address}, and --connect says {}",
            server.ip()
        ))),
        _ => Ok(()),
    }
}

/// A virtual network that leads to the server, whom it knows by this name.
pub(super) fn virtual_net(seed: u64, name: &str, server: SocketAddr) -> VirtualNet {
    let options = vnet::Options {
        seed,
        ..vnet::Options::default()
    };
    let net = VirtualNet::with(options, always(server));
    if name.parse::<IpAddr>().is_err() {
        net.names().set(name, [SERVER]);
    }
    net
}

/// The host's network, which knows the server by this name.
pub(super) fn host_net(name: &str, server: SocketAddr) -> HostNetwork {
    HostNetwork::new().with_name(name, [server.ip()])
}

/// What `--duration` says.
pub(super) fn duration(seconds: Option<f64>) -> Outcome<Option<Duration>> {
    let checked = seconds.map(Duration::try_from_secs_f64).transpose();
    checked.map_err(|error| Failure::Usage(format!("--duration: {error}")))
}

/// Ready after the time of `--duration`, if there is one.
pub(super) async fn after(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}
