//! Recordings of real conversations (`tests/data/pcap`), whole and disturbed, and
//! recordings that are made from tables.

mod common;
mod export;
mod hostile;
mod streams;
