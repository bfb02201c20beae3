#![no_std]
#![forbid(unsafe_code)]
//! What a Wigwag device does, shared by all boards: there is no chip in it.
//!
//! A board starts its chip, describes itself as a [`Board`], and calls
//! [`start`] with its [`Parts`]: network driver, random generator, settings, flash.
//! The [`Device`] that comes back has three parts that run beside each other on
//! one executor:
//!
//! ```no_run
//! # use embassy_net_driver::Driver;
//! # use embedded_storage_async::nor_flash::NorFlash;
//! # use rand_core::CryptoRngCore;
//! # use wigwag_app::{Board, Parts, StartError};
//! # async fn run<D: Driver, R: CryptoRngCore, F: NorFlash>(
//! #     board: Board, parts: Parts<D, R, F>,
//! # ) -> Result<(), StartError> {
//! let mut device = wigwag_app::start(board, parts).await?;
//! let network = device.network.run();
//! let connection = device.connection.run();
//! let application = device.application.run();
//! embassy_futures::join::join3(network, connection, application).await;
//! # Ok(())
//! # }
//! ```
//!
//! A board gives each a task of its own instead. The tasks are the board's,
//! because embassy's tasks cannot be generic; they are a line each.
//!
//! The device keeps simulated [`registers`], which orders write and read
//! ([`orders`] says what it does with each command), writes to the server's log
//! when it has booted and when its link changes, and sends its own counters
//! once a minute. On a [`trial`] it does a fixed amount of work instead, and
//! says what that cost.
//!
//! | Module | What it is |
//! |---|---|
//! | [`ncp`] | another device, which speaks NCP instead of NGTT |
//! | [`clock`] | the time of day |
//! | [`orders`] | which orders are executed, and why others are refused |
//! | [`registers`] | what the device is made of: names and values |
//! | [`trial`] | a fixed amount of work, for tests and measurements |
//! | [`report`] | what a trial cost |
//! | [`ticks`] | arithmetic for a board's clock |

#[cfg(test)]
extern crate std;

mod application;
pub mod clock;
mod connection;
mod device;
mod duties;
pub mod ncp;
pub mod orders;
pub mod registers;
mod renew;
pub mod report;
mod rng;
mod storage;
pub mod ticks;
pub mod trial;
mod watch;
mod work;

pub use application::Application;
pub use connection::Connection;
pub use device::{Board, Device, Network, Parts, StartError, start};
pub use storage::Storage;
pub use wigwag_embassy::memory::StackUse;
