//! The NGTT client: orders in, answers, pathpoints, logs and requests for
//! binary objects out, over a secure connection that is kept up by itself.
//!
//! [`State`] is the memory of the session: it outlives connections. [`new`]
//! makes two handles on it: a [`Client`] for the application, to be copied to
//! any task, and a [`Runner`] whose [`run`](Runner::run) is a task of its own.
//! The runner waits for a link and an address, resolves the server's name, races
//! its addresses (the one that was good the last time first), proves both
//! identities, moves frames, and does it all again when something fails, at the
//! pace of [`supervisor`](crate::supervisor). Where the server has several
//! addresses and is not heard at one, the next is tried at once: it counts as a
//! failure when all have failed. A device with several networks names them in
//! their order ([`Config::with_paths`]).
//! [`Client::status`] says at any time what it is doing and why.
//!
//! # What is promised
//! - An order is confirmed after it was executed and after the journal has
//!   recorded that. Until the server is known to have read the confirmation,
//!   a redelivered order is answered again and not handed over again.
//! - What may have been executed before says so: [`History`].
//! - What was submitted is sent, over as many connections as it takes, or its
//!   [`Sending`] says why not. Data that is not confirmed when a connection is
//!   lost is sent again.
//! - Every future may be dropped at any time.
//!
//! A whole program is at [the crate's front page](crate).

mod attempt;
mod buffers;
mod burst;
mod client;
mod config;
mod device;
mod driver;
mod keeper;
mod order;
mod pulse;
mod recorder;
mod runner;
mod sending;
mod state;
mod status;

pub use buffers::{Buffers, Memory};
pub use burst::{Burst, BurstReport, Ended};
pub use client::Client;
pub use config::{Config, ConfigError};
pub use device::{DEFAULT_PORT, Device, DeviceError, Environment};
pub use order::{Order, Recorded};
pub use runner::{Runner, new};
pub use sending::Sending;
pub use state::State;
pub use status::{Notice, Reason, Status};
pub use wigwag_codec::minijson;
pub use wigwag_codec::ngtt::client::{
    Config as SessionConfig, Counters, Event, History, Outcome, QueueRule, SendKind, Sizes, Slots,
    WhenFull,
};
pub use wigwag_codec::ngtt::{NgttError, message};
