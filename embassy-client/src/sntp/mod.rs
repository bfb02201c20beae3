//! The time from the network: a client of SNTP (RFC 5905 section 14, RFC 4330)
//! that sets a [`WallClock`](crate::wall_clock::WallClock).
//!
//! [`State`] lives in a `static`; [`Runner::run`] is a task. It waits for a path of
//! the network to come up, resolves the names of the servers, asks all of them at
//! the same time over one UDP socket, and sets the clock to what **more than half
//! of the servers in the configuration** agree on. [`State::next_report`] tells what
//! became of each round.
//!
//! ```no_run
//! use wigwag_embassy::net::EmbassyNetwork;
//! use wigwag_embassy::ngtt::{Client, Reason};
//! use wigwag_embassy::sntp::{Config, ConfigError, Runner, State};
//! use wigwag_embassy::tls::{CertificateError, End};
//! use wigwag_embassy::wall_clock::WallClock;
//! # use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex as Mutex;
//!
//! static CLOCK: WallClock = WallClock::new(1_790_000_000);
//! static SNTP: State = State::new();
//!
//! /// A task of its own.
//! async fn time(
//!     network: EmbassyNetwork<'static>,
//!     rng: impl rand_core::CryptoRngCore,
//! ) -> Result<(), ConfigError> {
//!     let config = Config::new(&["ntp1.example.org", "ntp2.example.org", "ntp3.example.org"])?;
//!     Runner::new(&CLOCK, &SNTP, network, config, rng).run().await
//! }
//!
//! /// Another one: a wrong time must not lock the device out.
//! async fn doubt(client: Client<'_, Mutex>) {
//!     use CertificateError::{Expired, NotYetValid};
//!     loop {
//!         let failed = client.wait_status(|status| status.reason().is_some()).await;
//!         if let Some(Reason::Tls(End::Certificate(Expired | NotYetValid))) = failed.reason() {
//!             SNTP.ask_again();
//!         }
//!         client.wait_status(|status| status.reason().is_none()).await;
//!     }
//! }
//! ```
//!
//! # Which packets are believed
//! A request is 48 bytes of which only the transmit timestamp says something, and
//! that is no time but 64 random bits, from a random port (RFC 9109). An answer
//! comes from the address and the port that were asked, repeats these 64 bits, has
//! 48 bytes, version 4 and mode 4; anything else is as if it had not come. It is
//! refused with the leap indicator of an alarm, with a stratum of 0 or above 15, with
//! a root distance of 16 s or more, with times of zero or that contradict each
//! other. The first answer to a request counts. Seconds begin anew in 2036 (RFC 5905
//! section 6): the time nearest to the clock's floor is meant, so that it is right
//! until 68 years after that.
//!
//! Half of the way there and back, and what the server says of itself, is the
//! [error](Outcome::Set) that is told; there is no filter and no discipline of the
//! clock's rate, as RFC 5905 section 14 has it for SNTP.
//!
//! # How often they are asked
//! After a time was told: every [`interval`](Config::interval), 4 h by default.
//! Otherwise after 15 s, twice as long each time, up to an hour (RFC 4330 section 10
//! allows no less than 15 s, and wants that backoff). The random part is an eighth
//! of the interval, and half of the wait after a failure. A server that says `RATE`
//! is left alone for twice the interval, and twice as long each further time, up to a
//! day; one that says `DENY` or `RSTR` for a day. A round is up to four requests of
//! 48 bytes, and the names.
//!
//! # How many servers
//! One is believed alone. Of two both must agree, so that two are worse than one
//! where one may fail; **take three**, of which one may be wrong or missing, or four.
//! Several names with one address are one voice.
//!
//! # What an attacker can do
//! Nothing here is authenticated: SNTP has no means for it, and NTS (RFC 8915) wants
//! the time for its TLS.
//!
//! - Who **cannot see** the packets can do nothing but guess 64 bits within five
//!   seconds, and fill the queue of a port that he has to guess as well: that costs
//!   one round. Who can forge name servers' answers is as good as one on the path.
//! - Who is **on the path** of more than half of the servers can set the clock to any
//!   time from the floor on, or keep it from being set. With a clock that was turned
//!   back he can use certificates that have expired since the floor, if he has their
//!   keys; with one that was turned forward he can have the device refuse its server,
//!   as he could by dropping packets. He can hold answers back for five seconds, which
//!   makes the time wrong by half of that. He can have a server left alone for a day
//!   by one packet.
//! - What he cannot do: get below the floor, or **move** it. The floor is raised by
//!   [`WallClock::confirm`](crate::wall_clock::WallClock::confirm), by what a
//!   verified server proves and not by the clock. So nothing lasts: when the packets
//!   of honest servers come through, the next round sets the right time, and
//!   [`State::ask_again`] brings that round forward when a certificate is refused for
//!   its time.
//!
//! An application that gets the time from its own server, over TLS, tells it to the
//! clock as [`Origin::Told`](crate::wall_clock::Origin::Told), and needs no SNTP
//! after that.

mod config;
mod packet;
mod report;
mod round;
mod runner;
mod schedule;
mod state;

pub use config::{Config, ConfigError, DEFAULT_PORT};
pub use packet::{Kiss, Refusal};
pub use report::{Outcome, Report, Server};
pub use runner::Runner;
pub use state::State;

/// Most servers that are asked.
pub const MAX_SERVERS: usize = crate::settings::MAX_TIME_SERVERS;
