//! A device with flash whose power can be cut: the real client with its journal,
//! outbox and renewed certificates in a store on a simulated chip, on a virtual
//! network.

mod application;
mod rotation;
mod truth;

use core::convert::Infallible;
use std::future::Future;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use wigwag_codec::ngtt::client::WhenFull;
use wigwag_embassy::journal::FlashJournal;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::ngtt::{self, Buffers, Config, SessionConfig, State};
use wigwag_embassy::outbox::Outbox;
use wigwag_embassy::renewal::{self, Keeper};
use wigwag_embassy::settings::{Roots, Settings};
use wigwag_embassy::store::{Opened, SharedStore, Store};
use wigwag_embassy::tls::{ClockPolicy, TrustAnchors};
use wigwag_harness::device::host_time;
use wigwag_harness::flash::{FlashChip, Part, SimFlash};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{Background, VirtualNet, alongside};

pub use self::application::{execute, order};
pub use self::rotation::Rotation;
pub use self::truth::{Batches, Habit, Truth, offer_log, offer_reading};
use crate::e2e::{SERVER, TestClient};

/// Most bytes of a batch.
pub const BATCH_BYTES: usize = 256;

/// Batches that fit into the outbox.
pub const BATCHES: usize = 12;

/// Bytes of the client's TLS send buffer.
const SEND_BUFFER: usize = 2048;

/// The settings' fingerprint: there is one image only.
const SETTINGS: [u8; 32] = [7; 32];

/// The store of a device under test.
pub type TestStore<P> = Store<SimFlash<P>>;

/// The outbox of a device under test.
pub type TestOutbox<'a, P> = Outbox<'a, NoopRawMutex, SimFlash<P>, BATCHES>;

/// The renewals of a device under test.
pub type TestKeeper<'a, P> = Keeper<'a, NoopRawMutex, SimFlash<P>>;

/// Opens the store that takes the whole chip.
///
/// # Panics
/// When it cannot be opened.
pub async fn open<P: Part>(chip: &FlashChip<P>) -> (TestStore<P>, Opened) {
    let size = u32::try_from(chip.bytes().len()).expect("a chip has addresses of 32 bits");
    let mut store = Store::new(chip.driver(), 0..size).expect("a whole chip is a region");
    let opened = store.open().await.expect("the store can be opened");
    (store, opened)
}

/// What the application of a device has while there is power.
#[allow(missing_debug_implementations)] // The client has none.
pub struct Awake<'a, P: Part> {
    /// The client.
    pub client: TestClient<'a>,
    /// What waits for the server.
    pub outbox: &'a TestOutbox<'a, P>,
    /// The device's identities.
    pub keeper: &'a TestKeeper<'a, P>,
    /// Another one on the same store: loading is the connection's affair.
    observer: TestKeeper<'a, P>,
    /// What was found in the store.
    pub opened: Opened,
}

impl<P: Part> Awake<'_, P> {
    /// The certificate that a device shows that starts now, DER; `None` while
    /// another one is still to be proved.
    ///
    /// # Panics
    /// When the store cannot be read.
    pub async fn certificate(&self) -> Option<Vec<u8>> {
        let mut memory = Box::new(renewal::Memory::new());
        let loaded = self.observer.load(&mut memory).await;
        let (identities, problem) = loaded.expect("the settings have an identity");
        assert_eq!(problem, None);
        let settled = identities.next.is_none();
        settled.then(|| identities.current.certificate().to_vec())
    }
}

/// A device: what it was provisioned with, its flash, and its rules.
#[derive(Debug)]
pub struct Powered<'p, P: Part> {
    /// Its authorities, and its first identity.
    pub pki: &'p Pki,
    /// Its flash.
    pub chip: FlashChip<P>,
    /// What happens to a batch that finds the outbox full.
    pub rule: WhenFull,
    /// The session's times and limits.
    pub session: SessionConfig,
}

impl<P: Part> Powered<'_, P> {
    /// Boots the device on `net`, and runs `app` to its end; `None` when the power
    /// fails before.
    pub async fn boot<T>(
        &self,
        net: &VirtualNet,
        app: impl AsyncFnOnce(&Awake<'_, P>) -> T,
    ) -> Option<T> {
        self.chip.power_on();
        self.chip.power(Box::pin(self.life(net, app))).await
    }

    async fn life<T>(&self, net: &VirtualNet, app: impl AsyncFnOnce(&Awake<'_, P>) -> T) -> T {
        let identity = self.pki.device(DEFAULT_DEVICE_ID);
        let identity = identity.expect("a new Pki has this device");
        let root: &[u8] = self.pki.server_ca();
        let roots = Roots::from_slice(&[root]).expect("there is room for a root");
        let (certificate, key) = (identity.certificate(), identity.key().secret_pkcs8_der());
        let settings = Settings::new(SERVER, roots, certificate, key);
        let clock = ClockPolicy::real_time(host_time);

        let (store, opened) = open(&self.chip).await;
        let store = SharedStore::new(store);
        let outbox = Outbox::open(&store, BATCH_BYTES, self.rule).await;
        let outbox: TestOutbox<'_, P> = outbox.expect("the store can be read");
        let keeper = || Keeper::new(&store, &settings, SETTINGS, clock, SEND_BUFFER);
        let (keeper, observer) = (keeper(), keeper());
        let state: Box<State<NoopRawMutex>> = Box::new(State::with_config(self.session));
        let client = state.client();
        net.run(async |stack| {
            let connection = async {
                let mut buffers: Box<Buffers> = Box::new(Buffers::new());
                let mut memory = Box::new(renewal::Memory::new());
                let mut journal = FlashJournal::<_, _>::new(&store);
                loop {
                    let loaded = keeper.load(&mut memory).await;
                    let (identities, problem) = loaded.expect("the settings have an identity");
                    assert_eq!(problem, None);
                    let trust = TrustAnchors::new(&settings.roots).expect("the root is one");
                    let current = identities.current;
                    let mut config = Config::for_server(settings.server, trust, current, clock)
                        .expect("the server's name is one");
                    if let Some(next) = identities.next {
                        config = config.with_next(next);
                    }
                    let network = EmbassyNetwork::new(stack);
                    let (client, mut runner) =
                        ngtt::new(&state, &mut *buffers, network, config, OsRng, &mut journal);
                    keeper.run_until_changed(&client, &mut runner).await;
                }
            };
            let notices = async {
                loop {
                    client.next_notice().await;
                    let heeded = keeper.heed(&client.credentials()).await;
                    heeded.expect("the store can be written");
                }
            };
            let mut buffer = [0; BATCH_BYTES + 5];
            let sending = async { outbox.run(client, &mut buffer).await };
            let background: Vec<Background<'_>> = vec![
                Box::pin(forever(connection)),
                Box::pin(forever(notices)),
                Box::pin(sending),
            ];
            let awake = Awake {
                client,
                outbox: &outbox,
                keeper: &keeper,
                observer,
                opened,
            };
            alongside(app(&awake), background).await
        })
        .await
    }
}

/// A future that never ends, in the type that says so.
async fn forever(future: impl Future<Output = Infallible>) -> Infallible {
    future.await
}
