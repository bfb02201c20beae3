//! A device in the field, whose flash outlives it.

use core::convert::Infallible;
use core::time::Duration;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use wigwag_codec::ngtt::message::{Command, Sections};
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::ngtt::{self, Buffers, Config, State};
use wigwag_embassy::renewal::{Answer, Keeper, LONGEST_REQUEST, Memory, Stage};
use wigwag_embassy::settings::{Roots, Settings};
use wigwag_embassy::store::{SharedStore, Store};
use wigwag_embassy::tls::{ClockPolicy, TrustAnchors};
use wigwag_harness::device::host_time;
use wigwag_harness::flash::{FlashChip, Rp2350, SimFlash};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::{Background, VirtualNet, alongside};
use wigwag_tests::e2e::{SERVER, TestClient};

const SECTORS: u32 = 8;

pub(crate) type Flash = SimFlash<Rp2350>;
pub(crate) type TestKeeper<'a> = Keeper<'a, NoopRawMutex, Flash>;

/// What the application of a device sees.
pub(crate) struct Renewals<'a> {
    keeper: TestKeeper<'a>,
    /// Another one on the same store: loading is the connection's affair.
    observer: TestKeeper<'a>,
}

impl Renewals<'_> {
    /// The certificates that a device that starts now would show: current and
    /// next.
    pub(crate) async fn shown(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut memory = Box::new(Memory::new());
        let (identities, _) = self.observer.load(&mut memory).await.unwrap();
        let next = identities.next.map(|next| next.certificate().to_vec());
        (identities.current.certificate().to_vec(), next)
    }

    pub(crate) async fn stage(&self, client: &TestClient<'_>) -> Stage {
        self.keeper.stage(&client.credentials()).await.unwrap()
    }

    /// Waits until the renewal stands there.
    pub(crate) async fn reaches(&self, client: &TestClient<'_>, wanted: Stage) {
        for _ in 0..600 {
            if self.stage(client).await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("it is {}, not {wanted}", self.stage(client).await);
    }
}

/// A device in the field: what it was provisioned with, and its flash.
pub(crate) struct Site {
    pub(crate) pki: Pki,
    pub(crate) chip: FlashChip<Rp2350>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self {
            pki: Pki::generate(),
            chip: FlashChip::new(SECTORS as usize, 7),
        }
    }

    /// Switches the device on, on `net`, and runs `app` to its end beside it. The
    /// device executes the orders about its certificate.
    pub(crate) async fn boot<T>(
        &self,
        net: &VirtualNet,
        app: impl AsyncFnOnce(TestClient<'_>, &Renewals<'_>) -> T,
    ) -> T {
        let identity = self.pki.device(DEFAULT_DEVICE_ID).unwrap();
        let root: &[u8] = self.pki.server_ca();
        let roots = Roots::from_slice(&[root]).unwrap();
        let (certificate, key) = (identity.certificate(), identity.key().secret_pkcs8_der());
        let settings = Settings::new(SERVER, roots, certificate, key);
        let clock = ClockPolicy::real_time(host_time);

        self.chip.power_on();
        let region = 0..SECTORS * 4096;
        let mut store: Store<Flash> = Store::new(self.chip.driver(), region).unwrap();
        store.open().await.unwrap();
        let store = SharedStore::new(store);
        let keeper = || Keeper::new(&store, &settings, [7; 32], clock, 2048);
        let (keeper, observer) = (keeper(), keeper());
        let renewals = Renewals { keeper, observer };
        let keeper = &renewals.keeper;
        let state: Box<State<NoopRawMutex>> = Box::new(State::new());
        let client = state.client();
        net.run(async |stack| {
            let connection = async {
                let mut buffers: Box<Buffers> = Box::new(Buffers::new());
                let mut memory = Box::new(Memory::new());
                let mut journal: RamJournal = RamJournal::new();
                loop {
                    let (identities, problem) = keeper.load(&mut memory).await.unwrap();
                    assert_eq!(problem, None);
                    let trust = TrustAnchors::new(&settings.roots).unwrap();
                    let current = identities.current;
                    let mut config =
                        Config::for_server(settings.server, trust, current, clock).unwrap();
                    if let Some(next) = identities.next {
                        config = config.with_next(next);
                    }
                    let network = EmbassyNetwork::new(stack);
                    let (client, mut runner) =
                        ngtt::new(&state, &mut *buffers, network, config, OsRng, &mut journal);
                    keeper.run_until_changed(&client, &mut runner).await;
                }
            };
            let orders = async {
                loop {
                    execute(&client, keeper).await;
                }
            };
            let notices = async {
                loop {
                    client.next_notice().await;
                    keeper.heed(&client.credentials()).await.unwrap();
                }
            };
            let background: Vec<Background<'_>> = vec![
                Box::pin(forever(connection)),
                Box::pin(forever(orders)),
                Box::pin(forever(notices)),
            ];
            alongside(app(client, &renewals), background).await
        })
        .await
    }
}

async fn forever(future: impl Future<Output = Infallible>) -> Infallible {
    future.await
}

/// The device's application: one order about its certificate.
async fn execute(client: &TestClient<'_>, keeper: &TestKeeper<'_>) {
    let order = client.next_order().await;
    let argument = {
        let mut commands = Sections::parse(order.payload())
            .unwrap()
            .flat_map(|section| section.commands());
        let Some(Command::Sysctl { op_type, op_args }) = commands.next() else {
            panic!("not an order of this test");
        };
        assert_eq!(op_type, "certificate");
        op_args.as_str().unwrap().to_owned()
    };
    let mut text = [0; LONGEST_REQUEST];
    let done = keeper.order(&argument, &mut OsRng, &mut text).await;
    if let Ok(Answer::Request(request)) = done {
        let sent = client.sync_pathpoints(1, |batch| {
            let readings = batch.pathpoint("certificate/request", 1)?;
            readings.value(1_790_000_000_000, |value| value.str(request))?;
            Ok(())
        });
        sent.await.unwrap();
    }
    match done {
        Ok(_) => order.acknowledge().await,
        Err(_) => order.reject().await,
    }
}
