//! What the Wigwag tools and tests stand on: servers that can be started from
//! any test, the device's network stack on the host, and the accidents of a
//! real network on demand.
//!
//! * [`adversary`]: a hostile TLS server, for testing clients.
//! * [`cli`]: the command line `wigwag`.
//! * [`clock`]: embassy-time on tokio's clock, so that a device's timers run on
//!   the host, in real or in paused time.
//! * [`device`]: whole devices: the real clients, applications, and their books.
//! * [`vnet`]: one device's network. The real embassy-net stack, a virtual
//!   Ethernet link, and a gateway with DHCP, DNS and TCP. No privileges needed.
//! * [`inspector`]: the web server of the inspector's page, and what is live.
//! * [`mock`]: an NGTT server that any test can start.
//! * [`mock_ncp`]: an NCP server that any test can start, with a node behind it.
//! * [`mock_sntp`]: time servers that any test can start.
//! * [`firmware`]: a device's program in an emulator, on that network.
//! * [`flash`]: flash memory of real kinds, whose power can be cut at any write.
//! * [`hostnet`]: the host's own sockets as a device's network.
//! * [`pki`]: certificates for servers and devices, thrown away afterwards.
//! * [`provision`]: a device's settings as files for its flash.
//! * [`record`]: what is said on connections, for the inspector and for captures.
//! * [`faults`]: cuts, delays, losses, damage, on the link and in the streams,
//!   scripted while everything runs.
//! * [`tap`]: a proxy between devices and their server that sees what both say.
//! * [`tagged`]: minijson values and NCP packets as JSON without loss, for tools
//!   and tests.

#![deny(unsafe_code)]

pub mod adversary;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod device;
pub mod faults;
pub mod firmware;
pub mod flash;
pub mod hostnet;
pub mod inspector;
pub mod mock;
pub mod mock_ncp;
pub mod mock_sntp;
pub mod pki;
pub mod provision;
pub mod record;
pub mod tagged;
pub mod tap;
pub mod vnet;
