//! The memory of a client's connection.

use embassy_sync::blocking_mutex::raw::NoopRawMutex;

use super::driver::Channel;
use crate::tls::{self, Link};

/// What one connection needs, in bytes: TLS receive and send records, TCP
/// receive and send windows, and the queues between TLS and the session.
///
/// The first two and the last two are those of [`tls::Buffers`]: `TLS_IN` must
/// hold the largest record the server sends, 16,401 bytes unless it is told to
/// send smaller ones (`max_fragment_size` plus 17), `TLS_OUT` the device's
/// certificate and 35 bytes. `QUEUE_IN` must hold the largest frame that is
/// taken: an order slot and 8 bytes.
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
> {
    // Driver and owner run in one task: no other lock is needed.
    tls: tls::Buffers<TLS_IN, TLS_OUT, QUEUE_IN, QUEUE_OUT, NoopRawMutex>,
    tcp_in: [u8; TCP_IN],
    tcp_out: [u8; TCP_OUT],
}

impl<
    const TLS_IN: usize,
    const TLS_OUT: usize,
    const TCP_IN: usize,
    const TCP_OUT: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
> Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT>
{
    /// Empty buffers.
    pub const fn new() -> Self {
        const {
            assert!(TCP_IN >= 536 && TCP_OUT >= 536, "less than one TCP segment");
        };
        Self {
            tls: tls::Buffers::new(),
            tcp_in: [0; TCP_IN],
            tcp_out: [0; TCP_OUT],
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
> Default for Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT>
{
    fn default() -> Self {
        Self::new()
    }
}

/// Any [`Buffers`].
pub trait Memory: sealed::Lend {}

impl<B: sealed::Lend> Memory for B {}

pub(super) use sealed::Lent;

mod sealed {
    use super::Channel;

    pub trait Lend {
        const QUEUE_IN: usize;
        type Link: Channel;

        fn lend(&mut self) -> Lent<'_, Self::Link>;
    }

    /// The parts of some buffers.
    pub struct Lent<'a, L> {
        pub tls_in: &'a mut [u8],
        pub tls_out: &'a mut [u8],
        pub tcp_in: &'a mut [u8],
        pub tcp_out: &'a mut [u8],
        pub link: &'a L,
    }
}

impl<
    const TLS_IN: usize,
    const TLS_OUT: usize,
    const TCP_IN: usize,
    const TCP_OUT: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
> sealed::Lend for Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT>
{
    const QUEUE_IN: usize = QUEUE_IN;
    type Link = Link<NoopRawMutex, QUEUE_IN, QUEUE_OUT>;

    fn lend(&mut self) -> Lent<'_, Self::Link> {
        let (link, tls_in, tls_out) = self.tls.parts();
        Lent {
            tls_in,
            tls_out,
            tcp_in: &mut self.tcp_in,
            tcp_out: &mut self.tcp_out,
            link,
        }
    }
}
