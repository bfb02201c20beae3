//! A network stack whose only interface leads back to itself, and what was seen
//! on the way.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::task::{Context, Waker};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_net::{Config, Ipv4Cidr, StackResources, StaticConfigV4};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_harness::vnet::alongside;

use crate::e2e::in_paused_time;

/// The only address.
pub const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// The largest packet, in bytes.
pub const PACKET: usize = 1500;

/// A port of the only address.
#[must_use]
pub const fn own(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(OWN), port)
}

/// The way from the stack to itself. Packets are IPv4, without a header of a
/// link.
#[derive(Default)]
pub struct Wire {
    under_way: RefCell<VecDeque<Vec<u8>>>,
    sent: RefCell<Vec<Vec<u8>>>,
    stop: Cell<Stop>,
    waker: RefCell<Option<Waker>>,
}

/// What becomes of packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stop {
    /// They arrive.
    #[default]
    Nothing,
    /// They wait until this changes.
    Hold,
    /// They are lost.
    Lose,
}

impl Wire {
    /// From now on.
    pub fn stop(&self, stop: Stop) {
        self.stop.set(stop);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// What was sent since the last call, in order.
    pub fn take_sent(&self) -> Vec<Vec<u8>> {
        self.sent.take()
    }

    fn send(&self, packet: Vec<u8>) {
        self.sent.borrow_mut().push(packet.clone());
        if self.stop.get() != Stop::Lose {
            self.under_way.borrow_mut().push_back(packet);
        }
    }
}

struct Loopback<'w>(&'w Wire);
struct Received(Vec<u8>);
struct Transmit<'w>(&'w Wire);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, f: F) -> R {
        f(&mut self.0)
    }
}

impl TxToken for Transmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        let mut packet = vec![0; length];
        let result = f(&mut packet);
        self.0.send(packet);
        result
    }
}

impl Driver for Loopback<'_> {
    type RxToken<'a>
        = Received
    where
        Self: 'a;
    type TxToken<'a>
        = Transmit<'a>
    where
        Self: 'a;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received, Transmit<'_>)> {
        self.0.waker.replace(Some(cx.waker().clone()));
        if self.0.stop.get() == Stop::Hold {
            return None;
        }
        let packet = self.0.under_way.borrow_mut().pop_front()?;
        Some((Received(packet), Transmit(self.0)))
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Transmit<'_>> {
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
        Some(Transmit(self.0))
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = PACKET;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ip
    }
}

/// Runs `app` on the network of a stack with one address, in paused time.
pub fn on_loopback(app: impl AsyncFnOnce(&EmbassyNetwork<'_>, &Wire) + Send + 'static) {
    in_paused_time(async || {
        let wire = Wire::default();
        let mut resources = StackResources::<12>::new();
        let config = Config::ipv4_static(StaticConfigV4 {
            address: Ipv4Cidr::new(OWN, 24),
            gateway: None,
            dns_servers: Default::default(),
        });
        let (stack, mut runner) = embassy_net::new(Loopback(&wire), config, &mut resources, 1234);
        let network = EmbassyNetwork::new(stack);
        let runner = async { runner.run().await };
        alongside(app(&network, &wire), vec![Box::pin(runner)]).await;
    });
}
