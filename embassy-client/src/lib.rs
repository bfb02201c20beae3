#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("front.md")]
//!
//! # Where things are
//!
//! | Module | What it is |
//! |---|---|
//! | [`ngtt`] | the NGTT client: orders, pathpoints, logs, binary objects |
//! | [`ncp`] | NCP, client and server: packets of named fields |
//! | [`tls`] | TLS 1.3 with mutual authentication, on embedded-tls |
//! | [`connection`] | messages over a secure connection |
//! | [`taps`] | transport services: what a connection needs, and which stack gives it |
//! | [`net`] | the network below: paths, TCP, UDP, names |
//! | [`journal`] | what must survive a reboot of the session with the server |
//! | [`outbox`] | data and logs that wait in flash for the server |
//! | [`store`] | values under keys, in flash, safe from power failures |
//! | [`supervisor`] | when to try again |
//! | [`health`] | the watchdog is fed only while everything goes on |
//! | [`memory`] | what the memory is spent on |
//! | [`last_words`] | why the last run ended, over a reset |
//! | [`renewal`] | a new certificate over the wire, for a key made on the device |
//! | [`settings`] | what a device reads from its flash: server, trust, identity |
//! | [`wall_clock`] | what time it is in the world |
//! | [`sntp`] | the time from the network |

#[cfg(test)]
extern crate std;

mod apart;
pub mod connection;
mod der;
pub mod health;
pub mod journal;
pub mod last_words;
pub mod memory;
pub mod ncp;
pub mod net;
pub mod ngtt;
pub mod outbox;
pub mod renewal;
pub mod settings;
pub mod sntp;
pub mod store;
pub mod supervisor;
pub mod taps;
pub mod time;
pub mod tls;
pub mod wall_clock;
