//! A chip on the bench: the driver on a simulated chip, and a task that polls it
//! when it was woken, as embassy-net's does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use embassy_net_driver::{Driver, LinkState, RxToken, TxToken};
use embedded_hal::delay::DelayNs;
use lan9118::{Buffers, Chip, Config, Error, InterruptLine, Lan9118};

use crate::simulated::Simulated;

/// Adds up what it was asked to wait.
#[derive(Default)]
pub(crate) struct Clock {
    pub(crate) nanos: u64,
}

impl DelayNs for Clock {
    fn delay_ns(&mut self, ns: u32) {
        self.nanos += u64::from(ns);
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Starts the driver with an active-high interrupt line and hands it over.
pub(crate) fn run(simulated: &Simulated, test: impl FnOnce(&mut Bench<'_>)) {
    let chip = Chip::new(simulated);
    let mut buffers = Buffers::new();
    let config = Config::new(InterruptLine::ActiveHigh);
    let driver = Lan9118::new(&chip, &mut buffers, config, &mut Clock::default()).unwrap();
    let wakes = Arc::new(Wakes::default());
    test(&mut Bench {
        simulated,
        chip: &chip,
        driver,
        waker: Waker::from(wakes.clone()),
        wakes,
        received: Vec::new(),
        link: LinkState::Down,
        pending: true,
    });
}

/// Tries to start the driver; tells also how long it waited, in milliseconds.
pub(crate) fn start(simulated: &Simulated, config: Config) -> (Result<[u8; 6], Error>, u64) {
    let chip = Chip::new(simulated);
    let mut buffers = Buffers::new();
    let mut clock = Clock::default();
    let result = Lan9118::new(&chip, &mut buffers, config, &mut clock);
    let address = result.map(|driver| match driver.hardware_address() {
        embassy_net_driver::HardwareAddress::Ethernet(address) => address,
        other => panic!("{other:?}"),
    });
    (address, clock.nanos / 1_000_000)
}

pub(crate) struct Bench<'a> {
    pub(crate) simulated: &'a Simulated,
    pub(crate) chip: &'a Chip<&'a Simulated>,
    pub(crate) driver: Lan9118<'a, &'a Simulated>,
    /// What the network stack got.
    pub(crate) received: Vec<Vec<u8>>,
    /// What it was told last.
    pub(crate) link: LinkState,
    /// The stack was woken and not polled since.
    pending: bool,
    waker: Waker,
    wakes: Arc<Wakes>,
}

impl Bench<'_> {
    /// Takes one frame.
    pub(crate) fn receive(&mut self) -> Option<Vec<u8>> {
        let mut cx = Context::from_waker(&self.waker);
        let (token, _) = self.driver.receive(&mut cx)?;
        Some(token.consume(|frame| frame.to_vec()))
    }

    /// Sends a frame if there is room.
    pub(crate) fn send(&mut self, frame: &[u8]) -> bool {
        let mut cx = Context::from_waker(&self.waker);
        let token = self.driver.transmit(&mut cx);
        let there = token.is_some();
        if let Some(token) = token {
            token.consume(frame.len(), |buffer| buffer.copy_from_slice(frame));
        }
        there
    }

    pub(crate) fn link_state(&mut self) -> LinkState {
        self.driver
            .link_state(&mut Context::from_waker(&self.waker))
    }

    /// Whether the stack was woken since the last call.
    pub(crate) fn woken(&self) -> bool {
        self.wakes.0.swap(0, Ordering::Relaxed) != 0
    }

    /// The processor: runs the interrupt handler if the line is active.
    pub(crate) fn interrupt(&self) -> bool {
        let active = self.simulated.line();
        if active {
            self.chip.on_interrupt();
            assert!(!self.simulated.line(), "the handler must release the line");
        }
        active
    }

    /// Runs handler and stack until both have nothing to do.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            let active = self.interrupt();
            self.pending |= self.woken();
            if !self.pending && !active {
                return;
            }
            if std::mem::take(&mut self.pending) {
                while let Some(frame) = self.receive() {
                    self.received.push(frame);
                }
                self.link = self.link_state();
            }
        }
        panic!("the driver never comes to rest");
    }
}
