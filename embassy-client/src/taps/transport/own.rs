//! Who owns a connected socket: TLS, or nobody but the queues.

use core::fmt::Write as _;
use core::net::SocketAddr;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use heapless::String;
use rand_core::CryptoRngCore;
use wigwag_codec::framer::Framer;

use super::super::endpoint::RemoteEndpoint;
use super::super::security::{Disabled, SecurityParameters};
use super::memory::{Hub, Seat};
use super::plain::{self, Times};
use crate::net::TcpSocket;
use crate::tls::{self, Credentials, End, Link, NameError};

/// What a kind of security does with a connected socket.
pub trait Own {
    /// Runs one connection to its end.
    #[allow(private_interfaces, async_fn_in_trait, clippy::too_many_arguments)]
    async fn own<F: Framer, S, T: TcpSocket, R: CryptoRngCore, const IN: usize, const OUT: usize>(
        &self,
        remote: &RemoteEndpoint<'_>,
        to: SocketAddr,
        link: &Link<NoopRawMutex, IN, OUT>,
        socket: &T,
        records: (&mut [u8], &mut [u8]),
        rng: &mut R,
        times: Times,
        hub: &dyn Hub<'_, F, S>,
        seat: &Seat<'_, '_, F, S>,
    ) -> Result<End, NameError>;
}

impl Own for Disabled {
    #[allow(private_interfaces)]
    async fn own<
        F: Framer,
        S,
        T: TcpSocket,
        R: CryptoRngCore,
        const IN: usize,
        const OUT: usize,
    >(
        &self,
        _: &RemoteEndpoint<'_>,
        _: SocketAddr,
        link: &Link<NoopRawMutex, IN, OUT>,
        socket: &T,
        _: (&mut [u8], &mut [u8]),
        _: &mut R,
        times: Times,
        _: &dyn Hub<'_, F, S>,
        _: &Seat<'_, '_, F, S>,
    ) -> Result<End, NameError> {
        Ok(plain::run(link, socket, times).await)
    }
}

impl Own for SecurityParameters<'_> {
    #[allow(private_interfaces)]
    async fn own<
        F: Framer,
        S,
        T: TcpSocket,
        R: CryptoRngCore,
        const IN: usize,
        const OUT: usize,
    >(
        &self,
        remote: &RemoteEndpoint<'_>,
        to: SocketAddr,
        link: &Link<NoopRawMutex, IN, OUT>,
        socket: &T,
        (record_in, record_out): (&mut [u8], &mut [u8]),
        rng: &mut R,
        times: Times,
        hub: &dyn Hub<'_, F, S>,
        seat: &Seat<'_, '_, F, S>,
    ) -> Result<End, NameError> {
        // The longest textual address has 45 characters.
        let mut address: String<48> = String::new();
        let name = match remote.host_name() {
            Some(name) => name,
            None => {
                let _ = write!(address, "{}", to.ip());
                &address
            }
        };
        let mut parameters = self.for_server(name)?;
        parameters.write_timeout = parameters.write_timeout.min(times.write);
        parameters.close_timeout = times.close;
        // Two identities take turns: see Credentials. What a server makes of one
        // is news for all connections.
        let known = &hub.shared().credentials;
        let has_next = self.has_next();
        if known.get().standing(tls::Slot::Next).is_some() != has_next {
            known.set(Credentials::new(has_next));
        }
        let slot = known.get().slot();
        parameters.slot = slot;
        let end = tls::run(link, socket, record_in, record_out, &parameters, rng).await;
        let mut credentials = known.get();
        // Where another connection has passed the turn on, this is no news.
        if credentials.slot() == slot {
            credentials.start();
            if seat.with(|state| state.is_heard) {
                credentials.heard();
            }
            credentials.ended(&end);
            known.set(credentials);
        }
        Ok(end)
    }
}
