//! What the tests that cross crates share. The tests themselves are in
//! `tests/`, one idea a file; the scripts that drive the Python peers are in
//! `python/`.

pub mod broker;
pub mod campaign;
pub mod devices;
pub mod e2e;
pub mod generate;
pub mod limbo;
pub mod loopback;
pub mod minijson;
pub mod ncplib;
pub mod nodes;
pub mod on_host;
pub mod peer;
pub mod powered;
pub mod secure;
pub mod secured;
pub mod sntp;
pub mod tls;
pub mod transport;
pub mod vectors;

pub use wigwag_runner as runner;
