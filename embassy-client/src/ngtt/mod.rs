//! The NGTT client: orders in, answers, pathpoints, logs and requests for
//! binary objects out, over a secure connection that is kept up by itself.

mod buffers;
mod client;
mod config;
mod device;
mod driver;
mod order;
mod recorder;
mod runner;
mod sending;
mod state;
mod status;

pub use buffers::Buffers;
pub use client::Client;
pub use config::{Config, ConfigError};
pub use device::{DEFAULT_PORT, Device, DeviceError, Environment};
pub use order::{Order, Recorded};
pub use runner::{Runner, new};
pub use sending::Sending;
pub use state::State;
pub use status::{Reason, Status};
pub use wigwag_codec::ngtt::client::{
    Config as SessionConfig, Counters, Event, History, Outcome, QueueRule, SendKind, WhenFull,
};
pub use wigwag_codec::ngtt::{NgttError, message};
