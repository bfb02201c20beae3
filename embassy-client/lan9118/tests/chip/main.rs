//! The driver against a simulated chip: through the public interface only.

mod bench;
mod link;
mod receive;
mod simulated;
mod size;
mod start;
mod storm;
mod transmit;
mod wake;
