//! A hostile TLS 1.3 server, for testing clients.
//!
//! It can do all that a real server does (a handshake with certificates on
//! both sides, `TLS_AES_128_GCM_SHA256`, `secp256r1` and ECDSA on P-256), and
//! a [`Script`] makes it misbehave at any step. It notes what the client did
//! meanwhile, decrypted: was any data sent, a certificate shown, an alert
//! given? It is made for tests and for nothing else: it takes every client.
//!
//! | Part | What it is |
//! |---|---|
//! | [`wire`] | numbers and lengths of RFC 8446 |
//! | [`ServerHello`], [`Message`] | messages, each correct until it is changed |
//! | [`Script`], [`Step`] | what the server does |
//! | [`Adversary`] | plays a script on any stream |
//! | [`Seen`] | what the client did |
//! | [`Keys`] | opens and seals single records |
//! | [`catalogue`] | named scripts, and what a good client makes of them |
//! | [`garbage`] | servers out of a generator of random numbers |
//! | [`relay`] | somebody on the path to a good server, without keys |
//!
//! ```
//! use wigwag_harness::adversary::{Adversary, Message, Script};
//! use wigwag_harness::pki::Pki;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let pki = Pki::generate();
//! // A server that never shows a certificate, yet knows the keys.
//! let script = Script::flight(vec![Message::encrypted_extensions(), Message::Finished]);
//! let (client, server) = tokio::io::duplex(65_536);
//! let config = std::sync::Arc::new(pki.client_config(None).unwrap());
//! let connector = tokio_rustls::TlsConnector::from(config);
//! let client = async {
//!     let name = "ngtt.test".try_into().unwrap();
//!     connector.connect(name, client).await.map(|_| ())
//! };
//! let adversary = Adversary::new(pki.server(), 1);
//! let (refused, seen) = tokio::join!(client, adversary.play(&script, server));
//! assert!(refused.is_err());
//! assert!(seen.given_away().is_empty());
//! # });
//! ```

mod build;
pub mod catalogue;
mod garbage;
mod hello;
mod keys;
mod message;
mod path;
mod script;
mod seen;
mod server;
mod watch;
pub mod wire;

pub use garbage::{Garbage, garbage};
pub use hello::{ClientHello, Extension, ServerHello};
pub use keys::Keys;
pub use message::{Edit, Message, Proof, signature_algorithms};
pub use path::{Deed, Tamper, relay};
pub use script::{Epoch, Script, Step, flight, inner};
pub use seen::{Event, Seen, What};
pub use server::Adversary;
