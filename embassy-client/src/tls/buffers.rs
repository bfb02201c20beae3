//! The memory of a secure connection.

use embassy_sync::blocking_mutex::raw::{NoopRawMutex, RawMutex};

use super::guard::MAX_PROTECTED;
use super::link::Link;

/// No handshake fits into a shorter receive buffer: a certificate with a P-256
/// key, a name of one letter, `serverAuth` and nothing else has 294 bytes, and
/// comes in one record with 13 bytes of message and 17 of content type and tag.
pub const MIN_RECEIVE: usize = 320;

/// No handshake fits into a shorter send buffer: a ClientHello with a name of
/// 253 characters has 422 bytes with its record header. Data leaves 128 bytes of
/// the buffer unused.
pub const MIN_SEND: usize = 448;

/// All that a secure connection needs besides its socket, in bytes: the TLS
/// records `RECEIVE` and `SEND`, and the queues between TLS and the
/// application.
///
/// `RECEIVE` must hold the largest record the server sends: 16,401 bytes unless
/// it is told to send smaller ones (`max_fragment_size` plus 17). `SEND` must
/// hold the device's certificate and 35 bytes
/// ([`TlsParameters::send_buffer_needed`](super::TlsParameters::send_buffer_needed)).
///
/// ```
/// use wigwag_embassy::tls::Buffers;
///
/// // For a server that sends records of 4,096 bytes.
/// let mut buffers: Buffers<4113, 1024> = Buffers::new();
/// let (link, receive, send) = buffers.parts();
/// let connection = link.connection();
/// # let _ = (receive, send, connection);
/// // tls::run(link, &socket, receive, send, ..) beside what uses `connection`.
/// ```
///
/// Sizes that are too small for any handshake do not compile:
///
/// ```compile_fail
/// use wigwag_embassy::tls::Buffers;
/// let buffers: Buffers<100, 512, 256, 256> = Buffers::new();
/// ```
///
/// Put it into a `ConstStaticCell`: a `StaticCell` would build it on the stack
/// first.
pub struct Buffers<
    const RECEIVE: usize = MAX_PROTECTED,
    const SEND: usize = 2048,
    const QUEUE_IN: usize = 1536,
    const QUEUE_OUT: usize = 1024,
    M: RawMutex = NoopRawMutex,
> {
    receive: [u8; RECEIVE],
    send: [u8; SEND],
    link: Link<M, QUEUE_IN, QUEUE_OUT>,
}

impl<
    const RECEIVE: usize,
    const SEND: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
    M: RawMutex,
> Buffers<RECEIVE, SEND, QUEUE_IN, QUEUE_OUT, M>
{
    /// Bytes of static memory that one connection takes. What comes on top is
    /// the future of [`run`](super::run), in its task.
    ///
    /// ```
    /// use wigwag_embassy::tls::Buffers;
    /// const _: () = assert!(Buffers::<1024, 512, 256, 256>::STATIC_RAM < 2304);
    /// ```
    pub const STATIC_RAM: usize = size_of::<Self>();

    /// Empty buffers.
    pub const fn new() -> Self {
        const {
            assert!(
                RECEIVE >= MIN_RECEIVE,
                "RECEIVE is too small for any handshake"
            );
            assert!(SEND >= MIN_SEND, "SEND is too small for any handshake");
            assert!(
                QUEUE_IN >= 64 && QUEUE_OUT >= 64,
                "a queue is too small to be useful"
            );
        };
        Self {
            receive: [0; RECEIVE],
            send: [0; SEND],
            link: Link::new(),
        }
    }

    /// The parts, as [`run`](super::run) wants them: link, receive, send.
    pub const fn parts(&mut self) -> (&Link<M, QUEUE_IN, QUEUE_OUT>, &mut [u8], &mut [u8]) {
        (&self.link, &mut self.receive, &mut self.send)
    }
}

impl<
    const RECEIVE: usize,
    const SEND: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
    M: RawMutex,
> Default for Buffers<RECEIVE, SEND, QUEUE_IN, QUEUE_OUT, M>
{
    fn default() -> Self {
        Self::new()
    }
}
