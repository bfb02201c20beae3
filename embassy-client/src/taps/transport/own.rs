//! Who owns a connected socket: TLS, or nobody but the queues.

use core::fmt::Write as _;
use core::net::SocketAddr;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use heapless::String;
use rand_core::CryptoRngCore;
use wigwag_codec::framer::Framer;

use super::super::endpoint::RemoteEndpoint;
use super::super::security::{Disabled, SecurityParameters};
use super::memory::Seat;
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
        // Two identities take turns, slot by slot: see Credentials.
        let has_next = self.has_next();
        parameters.slot = seat.with(|state| {
            if state.credentials.standing(tls::Slot::Next).is_some() != has_next {
                state.credentials = Credentials::new(has_next);
            }
            state.credentials.start()
        });
        let end = tls::run(link, socket, record_in, record_out, &parameters, rng).await;
        seat.with(|state| {
            if state.is_heard {
                state.credentials.heard();
            }
            state.credentials.ended(&end);
        });
        Ok(end)
    }
}
