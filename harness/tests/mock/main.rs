//! The mock NGTT server, seen by devices made by hand.

mod hand;
mod limits;
mod orders;
mod records;
mod requests;
