//! Keeps the client connected: the task that the application spawns.

use embassy_futures::join::join;
use embassy_sync::blocking_mutex::raw::RawMutex;
use rand_core::CryptoRngCore;
use wigwag_codec::ngtt::client::{Sizes, Slots};

use super::buffers::{Buffers, Memory};
use super::client::Client;
use super::config::Config;
use super::keeper::Keeper;
use super::pulse;
use super::recorder::Recorder;
use super::state::State;
use crate::journal::Journal;
use crate::net::Network;
use crate::time;

/// Runs the connection, the retries and the journal of one client. Spawn
/// [`run`](Runner::run) as a task of its own, on the executor of the network
/// stack.
///
/// `N` is the network, `R` the random generator, `J` the journal; `S` and `B`
/// are the sizes of the [`State`] and the [`Buffers`]; `PATHS` is the number of
/// paths in the [`Config`].
pub struct Runner<
    'a,
    M: RawMutex,
    N,
    R,
    J,
    S: Sizes = Slots,
    B: Memory = Buffers,
    const PATHS: usize = 1,
> {
    state: &'a State<M, S>,
    buffers: &'a mut B,
    network: N,
    config: Config<'a, PATHS>,
    rng: R,
    journal: J,
}

/// Makes a client and the runner that keeps it connected.
///
/// `rng` must be a cryptographic generator seeded from hardware: the secrecy
/// of every connection rests on it. See [the module](super) for a whole
/// program. It is the only source of random numbers here: nothing is seeded
/// behind it, and the device's signatures need none (RFC 6979).
///
/// That its output cannot be foretold is what the generator says of itself by
/// `CryptoRng`, and nobody can check. One that does not say so is not taken:
///
/// ```compile_fail
/// # use embassy_sync::blocking_mutex::raw::NoopRawMutex;
/// # use wigwag_embassy::{journal::RamJournal, net::EmbassyNetwork};
/// # use wigwag_embassy::ngtt::{self, Buffers, Config, State};
/// fn start<'a>(
///     # state: &'a State<NoopRawMutex>, buffers: &'a mut Buffers,
///     # network: EmbassyNetwork<'a>, config: Config<'a>, journal: RamJournal,
///     rng: impl rand_core::RngCore,
/// ) {
///     ngtt::new(state, buffers, network, config, rng, journal);
/// }
/// ```
///
/// With the other trait it is:
///
/// ```
/// # use embassy_sync::blocking_mutex::raw::NoopRawMutex;
/// # use wigwag_embassy::{journal::RamJournal, net::EmbassyNetwork};
/// # use wigwag_embassy::ngtt::{self, Buffers, Config, State};
/// fn start<'a>(
///     # state: &'a State<NoopRawMutex>, buffers: &'a mut Buffers,
///     # network: EmbassyNetwork<'a>, config: Config<'a>, journal: RamJournal,
///     rng: impl rand_core::CryptoRngCore,
/// ) {
///     ngtt::new(state, buffers, network, config, rng, journal);
/// }
/// ```
#[allow(clippy::type_complexity)]
pub fn new<
    'a,
    M: RawMutex,
    N: Network,
    R: CryptoRngCore,
    J: Journal,
    S: Sizes,
    B: Memory,
    const PATHS: usize,
>(
    state: &'a State<M, S>,
    buffers: &'a mut B,
    network: N,
    config: Config<'a, PATHS>,
    rng: R,
    journal: J,
) -> (Client<'a, M, S>, Runner<'a, M, N, R, J, S, B, PATHS>) {
    const {
        assert!(
            B::QUEUE_IN >= S::ORDER_BYTES + wigwag_codec::ngtt::HEADER_LEN,
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

impl<M: RawMutex, N: Network, R: CryptoRngCore, J: Journal, S: Sizes, B: Memory, const PATHS: usize>
    Runner<'_, M, N, R, J, S, B, PATHS>
{
    /// Bytes of static memory that a client of this configuration takes: its
    /// [`State`] and its [`Buffers`]. What comes on top is the runner itself
    /// and the future of [`run`](Self::run), some kilobytes in its task, and
    /// [`Sizes::ORDER_BYTES`] for each [`Order`](super::Order) in the
    /// application's hands.
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
    pub const STATIC_RAM: usize = size_of::<State<M, S>>() + size_of::<B>();

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
        state.with(|inner| inner.pulse.start(config));
        let work = async {
            let recorder = Recorder {
                state,
                journal,
                now: time::now,
            };
            let recorder = recorder.restore().await;
            let mut keeper = Keeper {
                state,
                buffers: &mut **buffers,
                network: &*network,
                config,
                rng,
            };
            join(recorder.run(), keeper.run()).await.0
        };
        join(pulse::answer(state), work).await.0
    }
}
