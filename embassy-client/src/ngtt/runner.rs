//! Keeps the client connected: the task that the application spawns.

use embassy_futures::join::join;
use embassy_sync::blocking_mutex::raw::RawMutex;
use rand_core::CryptoRngCore;

use super::buffers::Buffers;
use super::client::Client;
use super::config::Config;
use super::keeper::Keeper;
use super::recorder::Recorder;
use super::state::State;
use crate::journal::Journal;
use crate::net::Network;

/// Runs the connection, the retries and the journal of one client. Spawn
/// [`run`](Runner::run) as a task of its own, on the executor of the network
/// stack.
pub struct Runner<
    'a,
    M: RawMutex,
    N,
    R,
    J,
    const ORDERS: usize = 4,
    const ORDER_BYTES: usize = 1024,
    const SENDS: usize = 4,
    const SEND_BYTES: usize = 1024,
    const MARKS: usize = 16,
    const TLS_IN: usize = 16_640,
    const TLS_OUT: usize = 2048,
    const TCP_IN: usize = 4096,
    const TCP_OUT: usize = 2048,
    const QUEUE_IN: usize = 1536,
    const QUEUE_OUT: usize = 1024,
> {
    state: &'a State<M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>,
    buffers: &'a mut Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT>,
    network: N,
    config: Config<'a>,
    rng: R,
    journal: J,
}

/// Makes a client and the runner that keeps it connected.
///
/// `rng` must be a cryptographic generator seeded from hardware: the secrecy
/// of every connection rests on it. See [the module](super) for a whole
/// program.
#[allow(clippy::type_complexity)]
pub fn new<
    'a,
    M: RawMutex,
    N: Network,
    R: CryptoRngCore,
    J: Journal,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
    const TLS_IN: usize,
    const TLS_OUT: usize,
    const TCP_IN: usize,
    const TCP_OUT: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
>(
    state: &'a State<M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>,
    buffers: &'a mut Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT>,
    network: N,
    config: Config<'a>,
    rng: R,
    journal: J,
) -> (
    Client<'a, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>,
    Runner<
        'a,
        M,
        N,
        R,
        J,
        ORDERS,
        ORDER_BYTES,
        SENDS,
        SEND_BYTES,
        MARKS,
        TLS_IN,
        TLS_OUT,
        TCP_IN,
        TCP_OUT,
        QUEUE_IN,
        QUEUE_OUT,
    >,
) {
    const {
        assert!(
            QUEUE_IN >= ORDER_BYTES + wigwag_codec::ngtt::HEADER_LEN,
            "QUEUE_IN must hold an order of ORDER_BYTES and its header"
        );
    };
    let runner = Runner {
        state,
        buffers,
        network,
        config,
        rng,
        journal,
    };
    (state.client(), runner)
}

impl<
    M: RawMutex,
    N: Network,
    R: CryptoRngCore,
    J: Journal,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
    const TLS_IN: usize,
    const TLS_OUT: usize,
    const TCP_IN: usize,
    const TCP_OUT: usize,
    const QUEUE_IN: usize,
    const QUEUE_OUT: usize,
>
    Runner<
        '_,
        M,
        N,
        R,
        J,
        ORDERS,
        ORDER_BYTES,
        SENDS,
        SEND_BYTES,
        MARKS,
        TLS_IN,
        TLS_OUT,
        TCP_IN,
        TCP_OUT,
        QUEUE_IN,
        QUEUE_OUT,
    >
{
    /// Bytes of static memory that a client of this configuration takes: its
    /// [`State`] and its [`Buffers`]. What comes on top is the runner itself
    /// and the future of [`run`](Self::run), some kilobytes in its task, and
    /// `ORDER_BYTES` for each [`Order`](super::Order) in the application's
    /// hands.
    ///
    /// A program can hold it against its budget when it is built:
    ///
    /// ```
    /// # use embassy_sync::blocking_mutex::raw::NoopRawMutex;
    /// # use wigwag_embassy::{journal::RamJournal, net::EmbassyNetwork, ngtt};
    /// # type Rng = rand_core::OsRng;
    /// type Runner = ngtt::Runner<'static, NoopRawMutex, EmbassyNetwork<'static>, Rng, RamJournal>;
    /// const _: () = assert!(Runner::STATIC_RAM < 40 * 1024);
    /// ```
    pub const STATIC_RAM: usize =
        size_of::<State<M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>>()
            + size_of::<Buffers<TLS_IN, TLS_OUT, TCP_IN, TCP_OUT, QUEUE_IN, QUEUE_OUT>>();

    /// Reads the journal, then keeps the client connected for ever.
    ///
    /// Dropping the future is a power failure to the server. It may be called
    /// again after that: the session goes on where it was.
    pub async fn run(&mut self) -> ! {
        let Self {
            state,
            buffers,
            network,
            config,
            rng,
            journal,
        } = self;
        let recorder = Recorder { state, journal };
        let recorder = recorder.restore().await;
        let mut keeper = Keeper {
            state,
            buffers,
            network: &*network,
            config,
            rng,
        };
        join(recorder.run(), keeper.run()).await.0
    }
}
