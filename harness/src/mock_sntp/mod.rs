//! Time servers that any test can start: honest ones, and ones that misbehave by
//! script. They live in the process and answer the datagrams of a
//! [`VirtualNet`](crate::vnet::VirtualNet), so that time may be paused.
//!
//! One [`MockSntp`] is a world: it has one right time, which goes on with tokio's
//! clock, and a server at each address that was given a [`Behaviour`].
//!
//! ```
//! use std::net::Ipv4Addr;
//! use wigwag_harness::mock_sntp::{Behaviour, MockSntp};
//! use wigwag_harness::vnet::{VirtualNet, loopback, with_datagrams};
//!
//! let world = MockSntp::new(1_800_000_000);
//! let (right, wrong) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
//! world.serve(right, Behaviour::Honest);
//! world.serve(wrong, Behaviour::Off(3600));
//! let net = VirtualNet::new(with_datagrams(loopback(), world.datagrams()));
//! net.names().set("time.test", [right]);
//! ```

mod packet;

use crate::vnet::{DatagramEnd, datagram_pair};
pub use packet::{LENGTH, MODE_CLIENT, PORT, Packet};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What a server does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Behaviour {
    /// Answers with the right time, as a server of stratum 2.
    Honest,
    /// Answers with a time that is off by so many seconds.
    Off(i64),
    /// Answers with the right time, after so long. The times in its answer are
    /// those of the arrival: it looks like a long way back.
    Late(Duration),
    /// Does not answer.
    Silent,
    /// Answers the right time twice, and another time after that.
    Thrice,
    /// Says so instead of the time: kiss-o'-death, RFC 5905 section 7.4.
    Kiss([u8; 4]),
    /// Answers so many packets with a guessed nonce, an hour off, and the true one
    /// after them: somebody who has guessed the port.
    Guessed(u8),
    /// Answers the request that another server got last, an hour off, in that one's
    /// place: somebody who sees the requests, at another address.
    ForAnother,
    /// Answers as an honest server, but for this field.
    But(Field),
    /// Answers an honest packet cut, or filled with zeros, to so many bytes.
    Long(usize),
}

/// A field of an answer, and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// The leap indicator, 0 to 3.
    Leap(u8),
    /// The version, 0 to 7.
    Version(u8),
    /// The mode, 0 to 7.
    Mode(u8),
    /// The stratum.
    Stratum(u8),
    /// The root dispersion, in units of 2^-16 s.
    RootDispersion(u32),
    /// When the request came, as it stands in the packet.
    Received(u64),
    /// When the answer left, as it stands in the packet.
    Transmitted(u64),
}

/// A request that a server got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// When.
    pub at: Instant,
    /// Which server.
    pub server: SocketAddr,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// The servers, and the time they serve. Clones are the same.
#[derive(Debug, Clone)]
pub struct MockSntp {
    world: Arc<Mutex<World>>,
}

#[derive(Debug)]
struct World {
    /// Microseconds since 1970 at `since`.
    unix: u64,
    since: Instant,
    servers: HashMap<IpAddr, Behaviour>,
    requests: Vec<Request>,
}

impl MockSntp {
    /// A world without servers, in which it is now `unix_seconds` after 1970.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time enabled.
    #[must_use]
    pub fn new(unix_seconds: u64) -> Self {
        Self {
            world: Arc::new(Mutex::new(World {
                unix: unix_seconds * 1_000_000,
                since: Instant::now(),
                servers: HashMap::new(),
                requests: Vec::new(),
            })),
        }
    }

    /// From now on there is a server at `address` that behaves like this.
    pub fn serve(&self, address: impl Into<IpAddr>, behaviour: Behaviour) {
        self.lock().servers.insert(address.into(), behaviour);
    }

    /// The right time in microseconds since 1970.
    #[must_use]
    pub fn unix_micros(&self) -> u64 {
        self.lock().now()
    }

    /// The requests that came, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// The datagrams of a virtual network, for
    /// [`with_datagrams`](crate::vnet::with_datagrams): where there is no server,
    /// nobody listens.
    pub fn datagrams(
        &self,
    ) -> impl Fn(SocketAddr) -> std::future::Ready<io::Result<DatagramEnd>> + use<> {
        let world = self.clone();
        move |server| {
            let is_there = server.port() == PORT && world.lock().servers.contains_key(&server.ip());
            std::future::ready(if is_there {
                let (near, far) = datagram_pair();
                tokio::spawn(world.clone().answer(server, far));
                Ok(near)
            } else {
                Err(io::ErrorKind::ConnectionRefused.into())
            })
        }
    }

    /// Answers what comes for one server from one port.
    async fn answer(self, server: SocketAddr, mut end: DatagramEnd) {
        while let Some(bytes) = end.receive().await {
            let (wait, answers) = self.lock().answers(server, bytes);
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            for answer in answers {
                end.send(answer);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    fn now(&self) -> u64 {
        let elapsed = self.since.elapsed().as_micros();
        self.unix + u64::try_from(elapsed).unwrap_or(u64::MAX)
    }

    /// What a server answers to a packet, and after how long.
    fn answers(&mut self, server: SocketAddr, bytes: Vec<u8>) -> (Duration, Vec<Vec<u8>>) {
        let request = Packet::read(&bytes);
        self.requests.push(Request {
            at: Instant::now(),
            server,
            bytes,
        });
        // As servers do with what is no request (RFC 5905 section 7.3).
        let request = request.filter(|request| request.mode == MODE_CLIENT);
        let (Some(request), Some(behaviour)) = (request, self.servers.get(&server.ip())) else {
            return (Duration::ZERO, Vec::new());
        };
        let honest = Packet::answer(&request, self.now());
        let off = |seconds: i64| {
            let now = self.now().saturating_add_signed(seconds * 1_000_000);
            Packet::answer(&request, now).bytes()
        };
        let mut wait = Duration::ZERO;
        let answers = match *behaviour {
            Behaviour::Honest => vec![honest.bytes()],
            Behaviour::Off(seconds) => vec![off(seconds)],
            Behaviour::Late(after) => {
                wait = after;
                vec![honest.bytes()]
            }
            Behaviour::Silent => Vec::new(),
            Behaviour::Thrice => vec![honest.bytes(), honest.bytes(), off(3600)],
            Behaviour::Kiss(code) => vec![honest.kiss(code).bytes()],
            Behaviour::Guessed(count) => {
                let guess = |guess: u8| {
                    let mut packet = Packet::answer(&request, self.now() + 3_600_000_000);
                    packet.origin ^= 1 << (guess % 64);
                    packet.bytes()
                };
                (0..count).map(guess).chain([honest.bytes()]).collect()
            }
            Behaviour::ForAnother => {
                let mut before = self.requests.iter().rev();
                let other = before.find(|request| request.server != server);
                let request = other.and_then(|other| Packet::read(&other.bytes));
                let now = self.now() + 3_600_000_000;
                let forged = request.map(|request| Packet::answer(&request, now).bytes());
                forged.into_iter().collect()
            }
            Behaviour::But(field) => vec![honest.but(field).bytes()],
            Behaviour::Long(length) => {
                let mut bytes = honest.bytes();
                bytes.resize(length, 0);
                vec![bytes]
            }
        };
        (wait, answers)
    }
}
