//! A device of NCP: it sends commands to a server, and answers those of its own
//! clients, at the same time.
//!
//! [`start`] puts it together. Its four parts run beside each other on one
//! executor, each in a task of its own: the [network](Device::network), the
//! [connections](Device::connections), the [node](Device::node), which answers,
//! and the [application](Device::application), which asks.
//!
//! The node listens on port 9999 and serves two clients at a time:
//!
//! | Packet | Field | Parameters | Answer |
//! |---|---|---|---|
//! | any | ECHO | any | the same |
//! | DSPC | TIME | | UNIX and NANO: the device's time of day |
//! | DSPC | SWEP | POIN: points, 1 to 1024 (256) | PDAT: so many, `u8[]` |
//!
//! Everything else is answered with ERRO and ERRC: 400 for an unknown command,
//! 422 for a parameter that makes no sense.
//!
//! What the application asks is said in [words]; without an end it asks
//! for the state of its server once a minute.

mod application;
mod device;
mod node;
pub mod report;
pub mod words;

pub use application::Application;
pub use device::{Connections, Device, start, time};
pub use node::Node;
