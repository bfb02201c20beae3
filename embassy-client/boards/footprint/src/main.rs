//! The README's device program on a chip that does not exist, to weigh it.
#![no_std]
#![no_main]

mod chip;

use embassy_executor::Spawner;
use embassy_net::StackResources;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use static_cell::{ConstStaticCell, StaticCell};
use wigwag_embassy::journal::RamJournal;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::ngtt::{self, Buffers, Client, Config, Runner, State};
use wigwag_embassy::tls::{ClockPolicy, Identity, SoftwareKey, TrustAnchors};

/// Certificates are data to the client: their content does not change its size.
static ROOT: &[u8] = &[0x30; 400];
static CERTIFICATE: &[u8] = &[0x30; 450];
static KEY: &[u8] = &[0x30; 138];

type Network = EmbassyNetwork<'static>;
type ClientRunner =
    Runner<'static, NoopRawMutex, Network, chip::Entropy, RamJournal>;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

#[embassy_executor::task]
async fn net(mut runner: embassy_net::Runner<'static, chip::Nic>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn ngtt(mut runner: ClientRunner) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn points(client: Client<'static, NoopRawMutex>) {
    loop {
        let value = i64::from(chip::random_word());
        let _ = client
            .sync_pathpoints(1, |batch| {
                let points = batch.pathpoint("W1", 1)?;
                points.value(1_623_859_235_473, |to| to.int(value)).map(drop)
            })
            .await;
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    static RESOURCES: StaticCell<StackResources<4>> = StaticCell::new();
    static STATE: ConstStaticCell<State<NoopRawMutex>> = ConstStaticCell::new(State::new());
    static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::new());
    static SIGNER: StaticCell<SoftwareKey> = StaticCell::new();

    let config = embassy_net::Config::dhcpv4(Default::default());
    let resources = RESOURCES.init(StackResources::new());
    let (stack, runner) = embassy_net::new(chip::Nic::new(), config, resources, 1);
    spawner.spawn(net(runner).unwrap());

    static ROOTS: [&[u8]; 1] = [ROOT];
    let signer = SIGNER.init(SoftwareKey::from_der(KEY).unwrap());
    let config = Config::new(
        TrustAnchors::new(&ROOTS).unwrap(),
        Identity::new(CERTIFICATE, signer).unwrap(),
        ClockPolicy::real_time(chip::unix_seconds),
    )
    .unwrap();
    let state = STATE.take();
    let network = EmbassyNetwork::new(stack);
    let (client, runner) =
        ngtt::new(state, BUFFERS.take(), network, config, chip::Entropy, RamJournal::new());
    spawner.spawn(ngtt(runner).unwrap());
    spawner.spawn(points(client).unwrap());

    loop {
        let order = client.next_order().await;
        match order.value() {
            Ok(_) => order.acknowledge().await,
            Err(_) => order.reject().await,
        }
    }
}
