//! The recorder, and the web server that shows what it records.

mod attacks;
mod capture;
mod client;
mod file;
mod http;
mod live;
mod recorder;
mod send;
mod tap;
mod tap_ends;
mod tap_refusals;
