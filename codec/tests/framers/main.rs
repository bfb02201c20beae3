//! Framers at work: handshakes and timers between two ends, stacks of them,
//! parts of large messages, and the faults of NEATPy's framing.

mod faults;
mod handshake;
mod line;
mod ncp;
mod out;
mod pair;
mod parts;
