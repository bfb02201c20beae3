//! The mock NCP server, seen by clients made by hand.

mod commands;
mod faults;
mod garbage;
mod hand;
mod life;
mod limits;
mod login;
