//! What goes on beside a connection: its socket's options, its path, and
//! `connTimeout`.

use core::cell::Cell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::Poll;
use core::time::Duration;

use embassy_futures::select::{Either3, select3};
use embassy_time::Timer;
use wigwag_codec::Instant;
use wigwag_codec::framer::Framer;

use super::super::property::{
    CapacityProfile, ConnectionProperties, Preference, SelectionProperty, TransportProperties,
};
use super::config::TransportConfig;
use super::error::ConnectionError;
use super::memory::{Hub, Seat};
use super::state::ConnectionEvent;
use crate::net::{ConnectError, Network, PathId, StreamError, TcpOptions, TcpSocket};
use crate::time;

/// The options of a connection's socket.
pub(super) fn options(
    transport: &TransportProperties,
    properties: &ConnectionProperties,
    config: &TransportConfig<'_>,
) -> TcpOptions {
    let wants_keep_alive = matches!(
        transport.preference(SelectionProperty::KeepAlive),
        Preference::Require | Preference::Prefer
    );
    let option = properties.tcp_user_timeout;
    // Where the stack has one, connTimeout is it: both are about what is not
    // acknowledged, and what it holds the guard here may not see.
    let user_timeout = [
        option.enabled.then_some(option.value),
        properties.conn_timeout,
    ];
    TcpOptions {
        keep_alive: properties.keep_alive().filter(|_| wants_keep_alive),
        nagle: properties.conn_capacity_profile == CapacityProfile::CapacitySeeking,
        timeout: None,
        hop_limit: config.hop_limit,
        user_timeout: user_timeout.into_iter().flatten().min(),
        dscp: properties.conn_capacity_profile.dscp(),
    }
}

/// A socket of which is known since when something may be unacknowledged.
pub(super) struct Watched<'s, T> {
    socket: &'s T,
    /// Since when nothing was acknowledged of what is under way.
    since: Cell<Option<Instant>>,
    /// Bytes in all.
    written: Cell<u64>,
    acknowledged: Cell<u64>,
}

impl<'s, T: TcpSocket> Watched<'s, T> {
    pub(super) const fn new(socket: &'s T) -> Self {
        Self {
            socket,
            since: Cell::new(None),
            written: Cell::new(0),
            acknowledged: Cell::new(0),
        }
    }

    /// Whether more is acknowledged than at the last call. Where the socket does
    /// not tell, it is when it takes more.
    fn has_advanced(&self) -> bool {
        let waiting = self.socket.unacknowledged().unwrap_or(0);
        let acknowledged = self.written.get().saturating_sub(waiting as u64);
        self.acknowledged.replace(acknowledged) < acknowledged
    }

    /// Cuts the connection off when data stays unacknowledged for longer than
    /// `connTimeout`.
    async fn guard<'a, F: Framer, S>(
        &self,
        hub: &dyn Hub<'a, F, S>,
        seat: &Seat<'_, 'a, F, S>,
    ) -> Infallible {
        let limit = || -> Option<Duration> {
            let group = seat.with(|state| state.group);
            hub.group(group.into())?.get().properties.conn_timeout
        };
        loop {
            // Whoever changes these wakes the task.
            let (since, length) = poll_fn(|_| match (self.since.get(), limit()) {
                (Some(since), Some(length)) => Poll::Ready((since, length)),
                _ => Poll::Pending,
            })
            .await;
            let changed = poll_fn(|_| {
                if self.has_advanced() {
                    self.since.set(Some(time::now()));
                }
                let is_same = self.since.get() == Some(since) && limit() == Some(length);
                if is_same {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            });
            let alarm = Timer::at(time::instant(since.saturating_add(length)));
            match select3(self.socket.flushed(), changed, alarm).await {
                Either3::First(()) => self.since.set(None),
                Either3::Third(()) => {
                    seat.with(|state| state.lost = state.lost.or(Some(ConnectionError::Timeout)));
                    seat.link.abort();
                    self.since.set(None);
                }
                Either3::Second(()) => {}
            }
        }
    }

    /// Keeps the options of the socket as the properties are.
    async fn adjust<'a, F: Framer, S>(
        &self,
        hub: &dyn Hub<'a, F, S>,
        seat: &Seat<'_, 'a, F, S>,
        transport: &TransportProperties,
    ) -> Infallible {
        poll_fn(|_| {
            let (is_changed, group) =
                seat.with(|state| (core::mem::take(&mut state.is_changed), state.group));
            if is_changed && let Some(group) = hub.group(group.into()) {
                let config = hub.shared().config();
                let properties = group.get().properties;
                self.socket
                    .set_options(&options(transport, &properties, &config));
            }
            Poll::Pending
        })
        .await
    }

    /// Everything that goes on beside the owner of the socket.
    pub(super) async fn beside<'a, F: Framer, S, N: Network>(
        &self,
        hub: &dyn Hub<'a, F, S>,
        seat: &Seat<'_, 'a, F, S>,
        transport: &TransportProperties,
        network: &N,
        path: PathId,
    ) -> Infallible {
        let beside = select3(
            self.guard(hub, seat),
            self.adjust(hub, seat, transport),
            path_changes(seat, network, path),
        );
        match beside.await {
            Either3::First(never) | Either3::Second(never) | Either3::Third(never) => never,
        }
    }
}

/// Tells the application what becomes of the path.
pub(super) async fn path_changes<F: Framer, S, N: Network>(
    seat: &Seat<'_, '_, F, S>,
    network: &N,
    path: PathId,
) -> Infallible {
    let mut known = network.path_state(path);
    loop {
        known = network.path_changed(path, known).await;
        seat.with(|state| state.notify(ConnectionEvent::PathChange(known)));
    }
}

impl<T: TcpSocket> TcpSocket for Watched<'_, T> {
    fn set_options(&self, options: &TcpOptions) {
        self.socket.set_options(options);
    }

    async fn connect(&self, remote: SocketAddr, timeout: Duration) -> Result<(), ConnectError> {
        self.socket.connect(remote, timeout).await
    }

    async fn accept(&self, port: u16) -> Result<(), ConnectError> {
        self.socket.accept(port).await
    }

    fn is_half_open(&self) -> bool {
        self.socket.is_half_open()
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, StreamError> {
        self.socket.read(buffer).await
    }

    async fn write(&self, data: &[u8]) -> Result<usize, StreamError> {
        let count = self.socket.write(data).await?;
        self.written.set(self.written.get() + count as u64);
        if self.since.get().is_none() {
            self.has_advanced();
            self.since.set(Some(time::now()));
        }
        Ok(count)
    }

    fn unacknowledged(&self) -> Option<usize> {
        self.socket.unacknowledged()
    }

    async fn flushed(&self) {
        self.socket.flushed().await;
    }

    fn close(&self) {
        self.socket.close();
    }

    fn abort(&self) {
        self.socket.abort();
    }

    fn local(&self) -> Option<SocketAddr> {
        self.socket.local()
    }

    fn remote(&self) -> Option<SocketAddr> {
        self.socket.remote()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_a_socket_follow_the_properties() {
        let wanted = TransportProperties::DEFAULT.require(SelectionProperty::KeepAlive);
        let config = TransportConfig::DEFAULT;
        let seconds = Duration::from_secs;
        let mut properties = ConnectionProperties::DEFAULT;
        let plain = options(&wanted, &properties, &config);
        assert_eq!((plain.keep_alive, plain.user_timeout), (None, None));
        assert_eq!((plain.nagle, plain.dscp), (false, 0));
        properties.tcp_user_timeout.enabled = true;
        let told = options(&wanted, &properties, &config);
        assert_eq!(told.user_timeout, Some(seconds(300)));
        properties = properties
            .with_conn_timeout(Some(seconds(20)))
            .with_keep_alive_timeout(Some(seconds(5)))
            .with_capacity_profile(CapacityProfile::CapacitySeeking);
        let all = options(&wanted, &properties, &config);
        assert_eq!(all.keep_alive, Some(seconds(5)));
        assert_eq!(all.user_timeout, Some(seconds(20)));
        assert_eq!((all.nagle, all.dscp), (true, 0x0a));
        // Idle connections are none of its business.
        assert_eq!(all.timeout, None);
        let unwanted = TransportProperties::DEFAULT;
        assert_eq!(options(&unwanted, &properties, &config).keep_alive, None);
    }
}
