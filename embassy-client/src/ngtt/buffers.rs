//! The memory of a client's connection.

use embassy_sync::blocking_mutex::raw::{NoopRawMutex, RawMutex};
use rand_core::CryptoRngCore;
use wigwag_codec::ngtt::client::Sizes;

use super::attempt::{Attempt, Failure};
use crate::memory::Report;
use crate::net::{Network, TcpBuffers};
use crate::tls;

/// What one connection needs, in bytes: TLS receive and send records, TCP
/// receive and send windows, and the queues between TLS and the session.
///
/// The first two and the last two are those of [`tls::Buffers`]: `TLS_IN` must
/// hold the largest record the server sends, 16,401 bytes unless it is told to
/// send smaller ones (`max_fragment_size` plus 17), `TLS_OUT` the device's
/// certificate and 35 bytes. `QUEUE_IN` must hold the largest frame that is
/// taken: an order slot and 8 bytes.
///
/// `RACE` is how many of the server's addresses are connected to at once: 1 tries
/// the next when the one before has failed, 2 staggers them as RFC 8305 has it
/// ([`Race`](crate::taps::Race)), which takes `TCP_IN` and `TCP_OUT` and a socket
/// of the stack once more.
///
/// Put it into a `ConstStaticCell`: a `StaticCell` would build it on the stack
/// first.
pub struct Buffers<
    const TLS_IN: usize = 16_401,
    const TLS_OUT: usize = 2048,
    const TCP_IN: usize = 4096,
    const TCP_OUT: usize = 2048,
    const QUEUE_IN: usize = 1040,
    const QUEUE_OUT: usize = 1024,
    const RACE: usize = 1,
> {
    // Driver and owner run in one task: no other lock is needed.
    tls: tls::Buffers<TLS_IN, TLS_OUT, QUEUE_IN, QUEUE_OUT, NoopRawMutex>,
    tcp: [Tcp<TCP_IN, TCP_OUT>; RACE],
}

/// The memory of one TCP socket.
struct Tcp<const IN: usize, const OUT: usize> {
    receive: [u8; IN],
    send: [u8; OUT],
}

impl<
    const TLS_IN: usize,
    const TLS_OUT: usize,
    const TCP_IN: usize,
    const TCP_OUT: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
    const RACE: usize,
> Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT, RACE>
{
    /// What these buffers take, by part.
    pub const MEMORY: Report = {
        let (tls, tcp) = (TLS_IN + TLS_OUT, (TCP_IN + TCP_OUT) * RACE);
        Report::new()
            .add("TLS records", tls)
            .add("TCP windows", tcp)
            .add("TLS queues", size_of::<Self>() - tls - tcp)
    };

    /// Empty buffers.
    pub const fn new() -> Self {
        const {
            assert!(TCP_IN >= 536 && TCP_OUT >= 536, "less than one TCP segment");
            assert!(RACE == 1 || RACE == 2, "RACE is 1 or 2");
        };
        Self {
            tls: tls::Buffers::new(),
            tcp: [const {
                Tcp {
                    receive: [0; TCP_IN],
                    send: [0; TCP_OUT],
                }
            }; RACE],
        }
    }
}

impl<
    const TLS_IN: usize,
    const TLS_OUT: usize,
    const TCP_IN: usize,
    const TCP_OUT: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
    const RACE: usize,
> Default for Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT, RACE>
{
    fn default() -> Self {
        Self::new()
    }
}

/// Any [`Buffers`].
pub trait Memory: sealed::Lend {}

impl<B: sealed::Lend> Memory for B {}

/// The parts of some buffers.
pub(super) struct Lent<'a, L, const RACE: usize> {
    pub(super) tls_in: &'a mut [u8],
    pub(super) tls_out: &'a mut [u8],
    pub(super) tcp: [TcpBuffers<'a>; RACE],
    pub(super) link: &'a L,
}

mod sealed {
    use super::{Attempt, CryptoRngCore, Failure, Network, RawMutex, Sizes};

    pub trait Lend {
        const QUEUE_IN: usize;

        /// Makes an attempt with this memory.
        fn attempt<M: RawMutex, N: Network, R: CryptoRngCore, S: Sizes>(
            &mut self,
            attempt: Attempt<'_, '_, '_, M, N, R, S>,
        ) -> impl Future<Output = Option<Failure>>;
    }
}

impl<
    const TLS_IN: usize,
    const TLS_OUT: usize,
    const TCP_IN: usize,
    const TCP_OUT: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
    const RACE: usize,
> sealed::Lend for Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT, RACE>
{
    const QUEUE_IN: usize = QUEUE_IN;

    fn attempt<M: RawMutex, N: Network, R: CryptoRngCore, S: Sizes>(
        &mut self,
        attempt: Attempt<'_, '_, '_, M, N, R, S>,
    ) -> impl Future<Output = Option<Failure>> {
        let (link, tls_in, tls_out) = self.tls.parts();
        let tcp = self.tcp.each_mut().map(|memory| TcpBuffers {
            receive: &mut memory.receive,
            send: &mut memory.send,
        });
        attempt.run(Lent {
            tls_in,
            tls_out,
            tcp,
            link,
        })
    }
}
