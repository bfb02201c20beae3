//! A device gets a new certificate over the wire: request, certificate, proof,
//! promotion, with servers that take it and servers that do not, and with a power
//! failure in between.

use core::convert::Infallible;
use core::time::Duration;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;
use tokio::sync::broadcast::Receiver;
use wigwag_codec::minijson::Encoder;
use wigwag_codec::ngtt::client::Answer as OrderAnswer;
use wigwag_codec::ngtt::message::{Command, Measured, Pathpoints, Sections};
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::ngtt::{self, Buffers, Config, State};
use wigwag_embassy::renewal::{Answer, Keeper, LONGEST_REQUEST, Memory, Stage};
use wigwag_embassy::settings::{Roots, Settings};
use wigwag_embassy::store::{SharedStore, Store};
use wigwag_embassy::tls::{ClockPolicy, Slot, TrustAnchors};
use wigwag_harness::device::host_time;
use wigwag_harness::faults::Cut;
use wigwag_harness::flash::{FlashChip, Rp2350, SimFlash};
use wigwag_harness::mock::{Event, EventKind, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki, Validity};
use wigwag_harness::vnet::{Background, VirtualNet, alongside};
use wigwag_tests::e2e::{SERVER, TestClient, in_paused_time, network};

const MINUTE: Duration = Duration::from_secs(60);
const SECTORS: u32 = 8;

type Flash = SimFlash<Rp2350>;
type TestKeeper<'a> = Keeper<'a, NoopRawMutex, Flash>;

/// What the application of a device sees.
struct Renewals<'a> {
    keeper: TestKeeper<'a>,
    /// Another one on the same store: loading is the connection's affair.
    observer: TestKeeper<'a>,
}

impl Renewals<'_> {
    /// The certificates that a device that starts now would show: current and
    /// next.
    async fn shown(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut memory = Box::new(Memory::new());
        let (identities, _) = self.observer.load(&mut memory).await.unwrap();
        let next = identities.next.map(|next| next.certificate().to_vec());
        (identities.current.certificate().to_vec(), next)
    }

    async fn stage(&self, client: &TestClient<'_>) -> Stage {
        self.keeper.stage(&client.credentials()).await.unwrap()
    }

    /// Waits until the renewal stands there.
    async fn reaches(&self, client: &TestClient<'_>, wanted: Stage) {
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
struct Site {
    pki: Pki,
    chip: FlashChip<Rp2350>,
}

impl Site {
    fn new() -> Self {
        Self {
            pki: Pki::generate(),
            chip: FlashChip::new(SECTORS as usize, 7),
        }
    }

    /// Switches the device on, on `net`, and runs `app` to its end beside it. The
    /// device executes the orders about its certificate.
    async fn boot<T>(
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

/// An order of one section with one command.
fn order(argument: &str) -> Vec<u8> {
    let mut bytes = vec![0; argument.len() + 128];
    let mut write = || {
        let mut to = Encoder::new(&mut bytes);
        to.list(1)?.map(1)?.key("orders")?.list(1)?.map(3)?;
        to.key("type")?.str("sysctl")?;
        to.key("op_type")?.str("certificate")?;
        to.key("op_args")?.str(argument)?;
        to.finish().map(<[u8]>::len)
    };
    let length = write().unwrap();
    bytes.truncate(length);
    bytes
}

/// The server's side of a renewal.
struct Desk<'s> {
    server: &'s MockNgtt,
    events: Receiver<Event>,
}

impl<'s> Desk<'s> {
    fn of(server: &'s MockNgtt) -> Self {
        Self {
            events: server.events(),
            server,
        }
    }

    /// Gives an order and waits for its answer.
    async fn order(&self, argument: &str) -> OrderAnswer {
        let before = self.server.book().device(DEFAULT_DEVICE_ID).orders.len();
        self.server.enqueue(DEFAULT_DEVICE_ID, order(argument));
        let answered = self.server.wait_until(10 * MINUTE, |book| {
            let device = book.device(DEFAULT_DEVICE_ID);
            device.orders[before].answer.is_some()
        });
        assert!(answered.await, "the order is not answered");
        let orders = self.server.book().device(DEFAULT_DEVICE_ID).orders;
        orders[before].answer.unwrap()
    }

    /// Orders a request, and takes it out of the device's data: DER.
    async fn request(&mut self) -> Vec<u8> {
        assert_eq!(self.order("request").await, OrderAnswer::Confirm);
        loop {
            let event = tokio::time::timeout(MINUTE, self.events.recv());
            let event = event.await.expect("no data").expect("the server runs");
            if let EventKind::Data { payload, .. } = event.kind {
                let mut pathpoints = Pathpoints::parse(&payload).unwrap();
                let pathpoint = pathpoints.next().unwrap();
                assert_eq!(pathpoint.path(), Some("certificate/request"));
                let Measured::Value(value) = pathpoint.readings().next().unwrap().measured else {
                    panic!("not a value");
                };
                return base64(value.as_str().unwrap());
            }
        }
    }

    /// Brings the certificate that `authority` makes of a request.
    async fn bring(&self, authority: &Pki, request: &[u8]) -> Vec<u8> {
        let signed = authority.sign_request(request, Validity::current());
        let certificate = signed.unwrap().certificate.to_vec();
        let argument = text(&certificate);
        assert_eq!(self.order(&argument).await, OrderAnswer::Confirm);
        certificate
    }
}

fn base64(text: &str) -> Vec<u8> {
    // PEM is base64 between two lines.
    let pem = format!("-----BEGIN X-----\n{text}\n-----END X-----\n");
    pem::parse(pem).unwrap().into_contents()
}

fn text(der: &[u8]) -> String {
    let pem = pem::encode(&pem::Pem::new("X", der));
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    lines.collect()
}

#[test]
fn a_new_certificate_is_requested_brought_proved_and_promoted() {
    in_paused_time(async || {
        let site = Site::new();
        let server = MockNgtt::start(&site.pki).await.unwrap();
        let net = network(&server);
        let mut desk = Desk::of(&server);
        let new = site
            .boot(&net, async |client, renewals| {
                client.connected().await.unwrap();
                let request = desk.request().await;
                assert_eq!(renewals.stage(&client).await, Stage::Requested);
                let before = server.book().device(DEFAULT_DEVICE_ID).connections;
                let new = desk.bring(&site.pki, &request).await;
                // On a connection of its own it is proved and takes over.
                renewals.reaches(&client, Stage::None).await;
                let connections = server.book().device(DEFAULT_DEVICE_ID).connections;
                assert_eq!(connections, before + 1);
                assert_eq!(client.credentials().slot(), Slot::Next);
                client.wait_idle().await;
                new
            })
            .await;
        // After a restart it is the only one, and good.
        site.boot(&net, async |client, renewals| {
            client.connected().await.unwrap();
            client.wait_idle().await;
            assert_eq!(client.credentials().slot(), Slot::Current);
            let again = desk.request().await;
            assert!(!again.is_empty());
            assert_eq!(renewals.shown().await, (new, None));
        })
        .await;
        assert_eq!(server.book().refused, 0);
    });
}

#[test]
fn a_server_that_does_not_know_the_new_authority_goes_on_with_the_old_one() {
    in_paused_time(async || {
        let site = Site::new();
        let server = MockNgtt::start(&site.pki).await.unwrap();
        let net = network(&server);
        let mut desk = Desk::of(&server);
        let stranger = Pki::generate();
        site.boot(&net, async |client, renewals| {
            client.connected().await.unwrap();
            let request = desk.request().await;
            let new = desk.bring(&stranger, &request).await;
            renewals.reaches(&client, Stage::Refused).await;
            client.connected().await.unwrap();
            // Orders are executed as before; it is given up by one of them.
            assert_eq!(desk.order("request").await, OrderAnswer::Reject);
            assert_eq!(client.credentials().slot(), Slot::Current);
            let old = site.pki.device(DEFAULT_DEVICE_ID).unwrap().certificate();
            let both = (old.to_vec(), Some(new));
            assert_eq!(renewals.shown().await, both);
            assert_eq!(desk.order("cancel").await, OrderAnswer::Confirm);
            assert_eq!(renewals.stage(&client).await, Stage::None);
            // And begun anew.
            let request = desk.request().await;
            desk.bring(&site.pki, &request).await;
            renewals.reaches(&client, Stage::None).await;
        })
        .await;
        assert!(server.book().refused >= 1);
    });
}

#[test]
fn a_server_that_learns_of_the_new_authority_later_gets_the_new_one() {
    in_paused_time(async || {
        let site = Site::new();
        let mut operator = Pki::generate();
        operator.set_server(site.pki.server().clone());
        let old = MockNgtt::start(&site.pki).await.unwrap();
        let new = MockNgtt::start(&operator).await.unwrap();
        let mut desk = Desk::of(&old);
        let certificate = site
            .boot(&network(&old), async |client, renewals| {
                client.connected().await.unwrap();
                let request = desk.request().await;
                let certificate = desk.bring(&operator, &request).await;
                renewals.reaches(&client, Stage::Refused).await;
                certificate
            })
            .await;
        // Restarted, and the operator has changed the authority meanwhile.
        site.boot(&network(&new), async |client, renewals| {
            client.connected().await.unwrap();
            renewals.reaches(&client, Stage::None).await;
            assert_eq!(renewals.shown().await, (certificate, None));
        })
        .await;
    });
}

#[test]
fn certificates_of_others_are_rejected() {
    in_paused_time(async || {
        let site = Site::new();
        let server = MockNgtt::start(&site.pki).await.unwrap();
        let mut desk = Desk::of(&server);
        site.boot(&network(&server), async |client, renewals| {
            client.connected().await.unwrap();
            let early = text(site.pki.device(DEFAULT_DEVICE_ID).unwrap().certificate());
            assert_eq!(desk.order(&early).await, OrderAnswer::Reject);
            let request = desk.request().await;
            let expired = site.pki.sign_request(&request, Validity::expired());
            for bad in [
                early,
                text(&expired.unwrap().certificate),
                text(site.pki.device_ca()),
                text(&request),
                "certificate".into(),
            ] {
                assert_eq!(desk.order(&bad).await, OrderAnswer::Reject);
                assert_eq!(renewals.stage(&client).await, Stage::Requested);
            }
            desk.bring(&site.pki, &request).await;
            renewals.reaches(&client, Stage::None).await;
        })
        .await;
        assert_eq!(server.book().refused, 0);
    });
}

#[test]
fn a_power_failure_at_any_write_of_a_renewal_leaves_a_device_that_connects() {
    in_paused_time(async || {
        let mut cut = 0;
        loop {
            let site = Site::new();
            let server = MockNgtt::start(&site.pki).await.unwrap();
            let net = network(&server);
            // The store is there before the renewal begins.
            site.boot(&net, async |client, _| client.connected().await.unwrap())
                .await;
            site.chip.cut_at(cut);
            let mut desk = Desk::of(&server);
            let life = site.boot(&net, async |client, renewals| {
                let request = desk.request().await;
                desk.bring(&site.pki, &request).await;
                renewals.reaches(&client, Stage::None).await;
            });
            let is_whole = site.chip.power(life).await.is_some();
            site.chip.never_cut();
            server.disconnect(DEFAULT_DEVICE_ID, Cut::Reset);

            site.boot(&net, async |client, renewals| {
                client.connected().await.unwrap();
                // The orders that were under way come again.
                let settled = server.wait_until(10 * MINUTE, |book| book.unanswered() == 0);
                assert!(settled.await, "cut {cut}");
                let mut desk = Desk::of(&server);
                let (current, _) = renewals.shown().await;
                let old = site.pki.device(DEFAULT_DEVICE_ID).unwrap().certificate();
                if current == old.to_vec() && renewals.stage(&client).await != Stage::Untried {
                    let request = desk.request().await;
                    desk.bring(&site.pki, &request).await;
                }
                renewals.reaches(&client, Stage::None).await;
                assert_ne!(renewals.shown().await.0, old.to_vec(), "cut {cut}");
            })
            .await;
            if is_whole {
                break;
            }
            cut += 1;
        }
        // The key, its certificate, the copy and the removal.
        assert!(cut >= 4, "{cut}");
    });
}
