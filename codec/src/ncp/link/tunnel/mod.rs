//! The tunnel: an HTTP CONNECT with Basic credentials before the first packet
//! (RFC 9110 section 9.3.6, RFC 7617).

mod client;
mod login;
mod server;

pub(super) use client::{Opening, read_response};
pub use login::{Authenticate, Login};
pub(super) use server::{GRANTED, Request, Status, read_request};

/// What is asked for in the request: every NCP server has this name.
pub const TARGET: &str = "ncp.service";

/// Most bytes of an HTTP head, in either direction.
const MAX_HEAD: usize = 1024;

/// Most header fields in it.
const MAX_FIELDS: usize = 16;
