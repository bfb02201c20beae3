//! A new certificate over the wire, for a key that never leaves the device.
//!
//! A device begins with the identity in its [`settings`](crate::settings). Its
//! certificate ends one day, and nobody wants to visit the device for that. So
//! its server orders, in NGTT's words:
//!
//! | order | what the device does |
//! |---|---|
//! | `{"type": "sysctl", "op_type": "certificate", "op_args": "request"}` | makes a P-256 key, stores it, and answers with a request for a certificate (PKCS #10, RFC 2986): the text of a pathpoint `certificate/request`, base64 of DER |
//! | the same with the certificate as `op_args`, base64 of DER | checks it, stores it beside the key, and shows it on its next connection |
//! | the same with `"cancel"` | gives the key up, and its certificate |
//!
//! Names of pathpoints are the application's; these are the ones the boards use,
//! and `certificate/state`, whose text is a [`Stage`]'s name.
//!
//! # Never locked out
//! The new identity is *next*, the present one *current*, and both stay: the
//! client begins each connection by the rule of
//! [`Credentials`](crate::tls::Credentials), next first, current when next is not
//! taken. Only when a server has accepted the new one ([`Notice::Proved`]) does it
//! become current, by [`Keeper::heed`]. A server that refuses it, because it does
//! not know the authority yet, say, is asked again with the other one, and the
//! new one is tried for as long as it is not cancelled. The proof counts for the
//! identity that was shown, not for one that has taken its place meanwhile.
//!
//! # Power failures, and orders that come twice
//! Both slots are values of the [`store`](crate::store), key and certificate
//! together, so that none is ever without the other. A promotion is two writes:
//! current becomes next, next is removed. Whichever is cut off, the device has one
//! of both identities or both, and finishes at its next start; a proof that was not
//! written yet is given again by the next connection.
//!
//! Every order may come again. `request` answers with the same request, byte for
//! byte, until its certificate is here; then it is refused
//! ([`RenewalError::InProgress`]), and so is a second certificate: what a server is
//! just judging is not changed under its hands. The same certificate once more is
//! stored already, before its promotion and after. `cancel` twice is cancelled.
//!
//! # Provisioned anew
//! Each record carries the [`fingerprint`](crate::settings::fingerprint) of the
//! settings that it continues. With other settings it does not count: the device
//! has the identity that was written last, and its slots are free. (Key and
//! certificate of earlier settings stay in flash until something takes their
//! place; [`Store::erase`](crate::store::Store::erase) is for a device that
//! changes hands.)
//!
//! # What is looked at
//! A certificate that arrives must
//! - be X.509 with a P-256 key, and that key the one that was made;
//! - not be an authority's (`basicConstraints`);
//! - be valid now, as far as the [`ClockPolicy`](crate::tls::ClockPolicy) knows;
//! - have the subject of the present one, byte for byte, and the same device id
//!   and environment where the present one has them
//!   ([`Device`](crate::ngtt::Device)): an identity is renewed, not exchanged;
//! - fit: [`MAX_CERTIFICATE`] bytes in the store, and the TLS send buffer.
//!
//! Its signature is not looked at, nor its issuer and its other extensions. The
//! device does not know the authority of devices, which may have changed: whoever
//! has to accept the certificate says whether it is good. A worthless one costs a
//! handshake now and then. The order comes over the secure connection, from the
//! server that also sends all other orders.
//!
//! # In a program
//! ```no_run
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use embedded_storage_async::nor_flash::NorFlash;
//! use wigwag_embassy::net::EmbassyNetwork;
//! use wigwag_embassy::ngtt::{self, Buffers, Client, Config, State};
//! use wigwag_embassy::renewal::{Answer, Keeper, LONGEST_REQUEST, Memory, RenewalError};
//! use wigwag_embassy::tls::{ClockPolicy, TrustAnchors};
//! # use wigwag_embassy::journal::Journal;
//!
//! type Renewals<'a, F> = Keeper<'a, NoopRawMutex, F>;
//!
//! /// The task of the connection: a runner for as long as the identities stay.
//! async fn connect<F: NorFlash>(
//!     keeper: &Renewals<'_, F>,
//!     state: &State<NoopRawMutex>,
//!     buffers: &mut Buffers,
//!     network: EmbassyNetwork<'_>,
//!     trust: TrustAnchors<'_>,
//!     clock: ClockPolicy,
//!     # rng: &mut impl rand_core::CryptoRngCore, journal: &mut impl Journal,
//! ) -> Result<(), RenewalError> {
//!     let mut memory = Memory::new();
//!     loop {
//!         let (identities, _) = keeper.load(&mut memory).await?;
//!         let mut config = Config::for_server("ngtt.test", trust, identities.current, clock)
//!             .expect("a name");
//!         if let Some(next) = identities.next {
//!             config = config.with_next(next);
//!         }
//!         let parts = (&mut *buffers, network, &mut *rng, &mut *journal);
//!         let (client, mut runner) = ngtt::new(state, parts.0, parts.1, config, parts.2, parts.3);
//!         keeper.run_until_changed(&client, &mut runner).await;
//!     }
//! }
//!
//! /// Where the application executes `sysctl` orders.
//! async fn on_certificate_order<F: NorFlash>(
//!     keeper: &Renewals<'_, F>,
//!     argument: &str,
//!     # rng: &mut impl rand_core::CryptoRngCore,
//! ) -> Result<(), RenewalError> {
//!     let mut text = [0; LONGEST_REQUEST];
//!     if let Answer::Request(request) = keeper.order(argument, rng, &mut text).await? {
//!         // Send it as the pathpoint `certificate/request`.
//!         # let _ = request;
//!     }
//!     Ok(())
//! }
//!
//! /// The task that hears of identities.
//! async fn watch<F: NorFlash>(keeper: &Renewals<'_, F>, client: Client<'_, NoopRawMutex>) {
//!     loop {
//!         let notice = client.next_notice().await;
//!         // Flash that fails is tried again at the next notice.
//!         let _ = keeper.heed(&client.credentials()).await;
//!         # let _ = notice;
//!     }
//! }
//! ```
//!
//! # What it takes
//! [`Memory`] has 2.6 KB, two identities that a connection uses. In flash a record
//! is the certificate and 65 bytes. Making the key and signing the request take
//! one multiplication of a point each.
//!
//! [`Notice::Proved`]: crate::ngtt::Notice::Proved

mod answer;
mod argument;
mod check;
#[cfg(test)]
mod check_tests;
mod error;
mod keeper;
#[cfg(test)]
mod keeper_tests;
mod memory;
mod plan;
mod record;
mod request;
#[cfg(test)]
mod request_tests;
#[cfg(test)]
mod test_authority;
mod writer;

pub use answer::{Answer, Stage};
pub use argument::LONGEST_REQUEST;
pub use error::RenewalError;
pub use keeper::Keeper;
pub use memory::{Identities, Memory};
pub use record::MAX_CERTIFICATE;
pub use request::request;
