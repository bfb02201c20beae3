//! Devices with a transport each: two on a cable, or one on a virtual network.

use std::time::Duration;

use rand_core::OsRng;
use wigwag_codec::framer::Framer;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{self, Disabled, Transport, TransportConfig, TransportMemory};
use wigwag_harness::vnet::{Background, Cable, VirtualNet, alongside};

use crate::e2e::in_paused_time;

/// Slots of each device's transport.
pub const SLOTS: usize = 4;

/// The memory of a device's transport.
pub type Memory<'a, F> = TransportMemory<'a, F, Disabled, SLOTS, 8, 1024, 1536, 512, 2048, 2>;

/// The handle of a device's transport.
pub type Plain<'a, F> = Transport<'a, F, Disabled>;

/// Memory with free slots. Addresses are raced two at a time.
#[must_use]
pub fn memory<'a, F: Framer>() -> Box<Memory<'a, F>> {
    Box::new(Memory::new())
}

/// Runs `app` with the transports of two devices on a cable (near, far), in
/// paused time.
pub fn on_cable<N: Framer + Clone + 'static, F: Framer + Clone + 'static>(
    config: TransportConfig<'static>,
    app: impl AsyncFnOnce(&Cable, Plain<'_, N>, Plain<'_, F>) + Send + 'static,
) {
    in_paused_time(async move || {
        let cable = Cable::new(5);
        let run = cable.run(async |near, far| {
            let (mut near_memory, mut far_memory) = (memory(), memory());
            let near = EmbassyNetwork::new(near);
            let far = EmbassyNetwork::new(far);
            let (near, mut near_runner) = taps::new(&mut near_memory, near, OsRng, config);
            let (far, mut far_runner) = taps::new(&mut far_memory, far, OsRng, config);
            let background: Vec<Background<'_>> = vec![
                Box::pin(async { near_runner.run().await }),
                Box::pin(async { far_runner.run().await }),
            ];
            alongside(app(&cable, near, far), background).await;
        });
        run.await;
    });
}

/// Runs `app` on the transport of a device on `net`, once it has an address.
pub async fn on_net<F: Framer + Clone, T>(
    net: &VirtualNet,
    config: TransportConfig<'static>,
    app: impl AsyncFnOnce(Plain<'_, F>) -> T,
) -> T {
    net.run(async |stack| {
        stack.wait_config_up().await;
        let mut memory = memory();
        let network = EmbassyNetwork::new(stack);
        let (transport, mut runner) = taps::new(&mut memory, network, OsRng, config);
        let background: Vec<Background<'_>> = vec![Box::pin(async { runner.run().await })];
        alongside(app(transport), background).await
    })
    .await
}

/// Waits until `condition` holds, with a look every millisecond.
///
/// # Panics
/// When it does not hold within five minutes.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..300_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("not within five minutes: {what}");
}
