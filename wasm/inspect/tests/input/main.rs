//! Inputs of every kind, as a person and as an attacker would give them.

mod capture;
mod common;
mod detection;
mod hostile;
mod lines;
mod packets;
mod text;
