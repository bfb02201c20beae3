//! A connection, client's or server's.

use core::cell::Cell;
use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::Poll;
use core::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use heapless::String;
use wigwag_codec::framer::Framer;
use wigwag_codec::ncp::exchange::Counters;
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, LinkError, Peer, ServerLink, Timing};
use wigwag_codec::ncp::{FOOTER_LEN, HEADER_LEN, Header};

use super::error::{DecodeError, Error, Warning};
use super::memory::Ncp;
use super::seat::Look;
use crate::taps::{self, ConnectionState, Disabled, MessageContext};
use crate::time::duration;

/// The two ends of a link.
pub trait Link: Framer<Meta = Header> + sealed::Sealed {
    /// Its limits and times.
    fn config(&self) -> &LinkConfig;
    /// What was agreed.
    fn timing(&self) -> Option<Timing>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::ClientLink<'_> {}
    impl Sealed for super::ServerLink<'_> {}
}

impl Link for ClientLink<'_> {
    fn config(&self) -> &LinkConfig {
        self.config()
    }

    fn timing(&self) -> Option<Timing> {
        self.timing()
    }
}

impl Link for ServerLink<'_> {
    fn config(&self) -> &LinkConfig {
        self.config()
    }

    fn timing(&self) -> Option<Timing> {
        self.timing()
    }
}

/// A client's connection.
pub type ClientConnection<'a, S = Disabled> = Connection<'a, ClientLink<'a>, S>;

/// A server's connection.
pub type ServerConnection<'a> = Connection<'a, ServerLink<'a>, Disabled>;

/// Which fields are taken care of before the application sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) erro: bool,
    pub(super) warn: bool,
    pub(super) ackn: bool,
}

impl Rules {
    /// A client's, by default.
    pub(super) const ALL: Self = Self {
        erro: true,
        warn: true,
        ackn: true,
    };

    /// A server's: it hands out everything.
    pub(super) const NONE: Self = Self {
        erro: false,
        warn: false,
        ackn: false,
    };
}

/// What the other end is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteHostname<'a> {
    /// As this end was told.
    Given(&'a str),
    /// Where this end connected to.
    Host(&'a str, u16),
    /// As it says itself.
    Said(String<64>),
    /// By its address, where it says nothing.
    Address(SocketAddr),
    /// Not at all.
    Unknown,
}

impl fmt::Display for RemoteHostname<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) => f.write_str(name),
            Self::Host(name, port) => write!(f, "{name}:{port}"),
            Self::Said(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// A connection that is up. All that waits can be dropped at any time: a field
/// is taken, and a packet queued, in the poll that returns or not at all.
///
/// Where there is no room to send, those who wait send in the order in which
/// they came: who does not want to any more drops the future, as one that is kept
/// and not polled holds up the others.
///
/// Any number of tasks can wait for answers to different requests. One task at
/// a time should wait for what is unsolicited ([`recv`](Self::recv),
/// [`recv_field`](Self::recv_field), [`next`](Self::next)): more of them wake
/// each other in turns.
///
/// Dropped, it closes in good order in the background.
pub struct Connection<'a, F: Link, S> {
    pub(super) inner: taps::Connection<'a, F, S>,
    pub(super) ncp: Ncp<'a, F, S>,
    pub(super) rules: Rules,
    remote: RemoteHostname<'a>,
    timeout: Duration,
    is_server: bool,
    /// Its end was logged.
    is_told: Cell<bool>,
}

impl<'a, F: Link, S> Connection<'a, F, S> {
    /// `first_id` is the number of the first field.
    pub(super) fn begin(
        inner: taps::Connection<'a, F, S>,
        ncp: Ncp<'a, F, S>,
        rules: Rules,
        remote: RemoteHostname<'a>,
        timeout: Duration,
        first_id: u32,
    ) -> Self {
        let connection = Self {
            inner,
            ncp,
            rules,
            remote,
            timeout,
            is_server: first_id != 0,
            is_told: Cell::new(false),
        };
        connection.look(|look| look.begin(first_id));
        ncp.transport.wake_runner();
        #[cfg(feature = "defmt")]
        defmt::info!(
            "ncp: connected to {}",
            defmt::Display2Format(&connection.remote)
        );
        connection
    }

    /// Looks at what is known of it here.
    pub(super) fn look<T>(&self, f: impl FnOnce(&mut Look<'_>) -> T) -> Option<T> {
        let seat = self.ncp.desks.seat(self.inner.slot())?;
        Some(f(&mut seat.borrow_mut().look()))
    }

    /// What the other end is called: a server as its client was told, by default
    /// `host:port`; a client by its own word, which proves nothing.
    pub const fn remote_hostname(&self) -> &RemoteHostname<'a> {
        &self.remote
    }

    /// The other end's address.
    #[must_use]
    pub fn remote(&self) -> Option<SocketAddr> {
        self.inner.remote()
    }

    /// What was agreed about keeping it alive.
    #[must_use]
    pub fn timing(&self) -> Option<Timing> {
        self.inner.with_framer(Link::timing).flatten()
    }

    /// What was counted of fields that came out of turn.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.look(|look| look.desk.counters()).unwrap_or_default()
    }

    /// The next warning. The last four are kept.
    pub async fn warning(&self) -> Warning {
        poll_fn(|cx| {
            let warning = self.look(|look| {
                let warning = look.common.warnings.pop_front();
                if warning.is_none() {
                    look.common.watchers.register(cx.waker());
                }
                warning
            });
            warning.flatten().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// The next warning, if there is one.
    #[must_use]
    pub fn try_warning(&self) -> Option<Warning> {
        self.look(|look| look.common.warnings.pop_front()).flatten()
    }

    /// Ends it in good order: what was sent before leaves first. It does not
    /// wait: [`wait_closed`](Self::wait_closed) does.
    pub fn close(&self) {
        if !self.is_told.replace(true) {
            #[cfg(feature = "defmt")]
            defmt::info!(
                "ncp: disconnected from {}",
                defmt::Display2Format(&self.remote)
            );
        }
        self.inner.close();
    }

    /// Ends it at once.
    pub fn abort(&self) {
        self.inner.abort();
    }

    /// Whether it is ending or over: nothing should be sent any more.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        matches!(
            self.inner.state(),
            ConnectionState::Closing | ConnectionState::Closed
        )
    }

    /// Waits until it is over, in good order. After [`close`](Self::close) that
    /// takes the connection's timeout at most; then it is cut off.
    ///
    /// # Errors
    /// [`Error::NetworkError`] when it was lost; [`Error::NetworkTimeoutError`].
    pub async fn wait_closed(&self) -> Result<(), Error> {
        let closed = async {
            poll_fn(|cx| {
                self.ncp.transport.register(self.inner.slot(), cx);
                if self.is_closing() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            let limit = Timer::after(duration(self.timeout));
            match select(self.inner.closed(), limit).await {
                Either::First(closed) => closed.map_err(Error::of_connection),
                Either::Second(()) => {
                    self.abort();
                    Err(Error::NetworkTimeoutError)
                }
            }
        };
        closed.await
    }

    /// Resolves when nobody can do anything with it any more: it is over, or lost
    /// and about to be. One that was closed in good order, by either end, is not.
    pub(super) async fn over(&self) {
        poll_fn(|cx| {
            self.ncp.transport.register(self.inner.slot(), cx);
            self.look(|look| look.common.watchers.register(cx.waker()));
            if self.fault().is_some() {
                self.fail();
            }
            let is_over = match self.inner.state() {
                ConnectionState::Closed => true,
                ConnectionState::Closing => self.inner.lost().is_some(),
                _ => false,
            };
            if is_over {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Ends it after a packet that was not sound: a server says so.
    pub(super) fn fail(&self) {
        if !self.is_closing() {
            if self.is_server {
                self.say(LinkError::BadRequest);
            }
            self.close();
        }
    }

    /// Says why it is about to be closed, if there is room.
    pub(super) fn say(&self, error: LinkError) {
        let mut place = [0; 128];
        let packet = self.inner.with_framer(|link| {
            let config = link.config();
            let packet = wigwag_codec::ncp::link::error_packet(&mut place, config, error);
            packet.map(<[u8]>::len)
        });
        let Some(Ok(length)) = packet else { return };
        let header = place.get(..length).and_then(|packet| {
            let packet = wigwag_codec::ncp::Packet::decode(packet).ok()?;
            Some(*packet.header())
        });
        let body = place.get(HEADER_LEN..length.saturating_sub(FOOTER_LEN));
        if let (Some(header), Some(body)) = (header, body)
            && let Ok(ticket) = self.inner.try_send(body, &MessageContext::framed(header))
        {
            self.inner.forget(ticket);
        }
    }

    /// What was not sound about a packet.
    pub(super) fn fault(&self) -> Option<Error> {
        let fault = self.look(|look| look.common.fault).flatten()?;
        Some(Error::DecodeError(DecodeError::Packet(fault)))
    }
}

impl ServerConnection<'_> {
    /// What the client says of itself: it proves nothing.
    #[must_use]
    pub fn peer(&self) -> Peer {
        let peer = self.inner.with_framer(|link| link.peer().cloned());
        peer.flatten().unwrap_or_default()
    }
}

impl<F: Link, S> fmt::Debug for Connection<'_, F, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("remote", &self.remote)
            .field("state", &self.inner.state())
            .finish_non_exhaustive()
    }
}

impl<F: Link, S> Drop for Connection<'_, F, S> {
    fn drop(&mut self) {
        self.close();
        self.look(|look| look.common.is_open = false);
    }
}
