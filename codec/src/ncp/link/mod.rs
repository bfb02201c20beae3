//! The link: how two ends of NCP come to terms, and how each knows that the
//! other is alive.
//!
//! [`ClientLink`] and [`ServerLink`] are [framers](crate::framer::Framer): they
//! do no I/O, and their clock is an argument. Before the first message they do
//! what both ends have to settle, after it they keep the connection alive and
//! cut packets out of the stream.
//!
//! | client | server | what it says |
//! |---|---|---|
//! | `CONNECT` | | with a login or TLS: an HTTP tunnel is asked for first (RFC 9110 section 9.3.6), with Basic credentials (RFC 7617) |
//! | | `200` | or a refusal, after which the connection is closed |
//! | | HELO | the server is there |
//! | CCRE | | who wants to talk, and how long it stays silent at most |
//! | | SCAR | how long the server says that is |
//! | CARE | | agreed |
//! | | SCON | connected |
//!
//! All of these are fields of packets of type LINK. A packet of that type
//! without fields keeps the connection alive; it is never handed out. Nothing
//! of that kind is said before SCON.
//!
//! What a peer can make this end do is bounded: packets before SCON have 512
//! bytes at most, an HTTP head 1024, and the agreed time is at least 5 s and at
//! most 60 s whatever the other end says.
//!
//! ```
//! use wigwag_codec::framer::{Framer, Handshake, Out, Start};
//! use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Names, ServerLink, Timing};
//!
//! let config = LinkConfig::new(4096);
//! let mut client = ClientLink::new(config, Names::of_host("node-7"))?;
//! let mut server = ServerLink::new(config);
//! let (mut from_client, mut from_server) = ([0; 256], [0; 256]);
//!
//! let mut out = Out::new(&mut from_server);
//! assert_eq!(server.start(&mut out), Ok(Start::Handshake));
//! let mut heard = out.bytes().to_vec();
//! assert_eq!(client.start(&mut Out::new(&mut from_client)), Ok(Start::Handshake));
//! loop {
//!     // HELO, SCAR, SCON.
//!     let mut out = Out::new(&mut from_client);
//!     if let Handshake::Ready(_) = client.on_handshake(&heard, &mut out)? {
//!         break;
//!     }
//!     // CCRE, CARE.
//!     let mut answer = Out::new(&mut from_server);
//!     server.on_handshake(out.bytes(), &mut answer)?;
//!     heard = answer.bytes().to_vec();
//! }
//! assert_eq!(server.peer().map(|peer| peer.hostname.as_str()), Some("node-7"));
//! assert_eq!(client.timing(), server.timing());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod config;
mod life;
mod names;
mod server;
mod timing;
mod tunnel;
mod words;

#[cfg(test)]
mod tests;

pub use client::ClientLink;
pub use config::LinkConfig;
pub use names::{NameError, Names, Peer};
pub use server::ServerLink;
pub use timing::Timing;
pub use tunnel::{Authenticate, Login, TARGET};
pub use words::{LinkError, error_packet};

/// Most bytes of a packet before SCON.
pub const MAX_HANDSHAKE_PACKET: usize = 512;

/// Most packets that are passed over before SCON because they are not the one
/// that is due.
const MAX_STRAYS: u8 = 16;
