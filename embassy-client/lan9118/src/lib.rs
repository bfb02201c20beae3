#![doc = include_str!("front.md")]
#![no_std]
#![deny(unsafe_code)]

mod access;
mod bus;
mod chip;
mod config;
mod driver;
mod error;
mod link;
mod receive;
pub mod registers;
mod start;
mod timer;
mod transmit;

pub use access::{Mmio, Registers};
pub use chip::{Chip, Counters};
pub use config::{Config, InterruptLine};
pub use driver::{Buffers, Lan9118, MTU};
pub use error::{Error, Step};
pub use receive::ReceiveToken;
pub use transmit::TransmitToken;
