//! The virtual Ethernet link, and the device's end of it.

use super::lane::Lane;
use crate::clock;
use crate::faults::{Direction, Fate, Faults, decide};
use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The longest frame, Ethernet header included: the usual 1500 bytes of
/// payload (RFC 894).
pub(super) const MAX_FRAME: usize = 1514;

/// Both lanes and what happens to the frames in them.
pub(super) struct Link {
    lanes: [RefCell<Lane>; 2],
    faults: Faults,
}

impl Link {
    pub(super) fn new(faults: Faults) -> Rc<Self> {
        Rc::new(Self {
            lanes: Default::default(),
            faults,
        })
    }

    pub(super) fn poll_room(&self, direction: Direction, cx: &Context<'_>) -> Poll<()> {
        self.lanes[direction as usize].borrow_mut().poll_room(cx)
    }

    pub(super) fn send(&self, direction: Direction, mut frame: Vec<u8>) {
        let fate = decide(&self.faults, direction, &mut frame);
        let mut lane = self.lanes[direction as usize].borrow_mut();
        let now = clock::now_micros();
        let mut push = |delay: std::time::Duration, frame| {
            let delay = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
            lane.push(now.saturating_add(delay), frame);
        };
        match fate {
            Fate::Lost => {}
            Fate::After(delay) => push(delay, frame),
            Fate::Twice(first, second) => {
                push(first, frame.clone());
                push(second, frame);
            }
        }
    }

    pub(super) fn receive(&self, direction: Direction, cx: &Context<'_>) -> Option<Vec<u8>> {
        let mut lane = self.lanes[direction as usize].borrow_mut();
        let (up, injected) = self.faults.arriving(direction, cx.waker());
        if !up {
            lane.clear();
        }
        injected.or_else(|| lane.pop(cx))
    }

    /// Loses the frames under way in both directions.
    pub(super) fn clear(&self) {
        self.lanes.iter().for_each(|lane| lane.borrow_mut().clear());
    }
}

/// A device's network interface, as embassy-net wants it.
pub struct Port {
    pub(super) link: Rc<Link>,
    pub(super) address: [u8; 6],
    /// The way that its frames go.
    pub(super) sends: Direction,
}

impl Driver for Port {
    type RxToken<'a> = Received;
    type TxToken<'a> = Transmit<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received, Transmit<'_>)> {
        // The stack may answer a frame with a frame: no room, no frame.
        let Poll::Ready(()) = self.link.poll_room(self.sends, cx) else {
            return None;
        };
        let frame = self.link.receive(self.sends.other(), cx)?;
        Some((Received(frame), Transmit(self)))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<Transmit<'_>> {
        let room = self.link.poll_room(self.sends, cx);
        room.is_ready().then_some(Transmit(self))
    }

    fn link_state(&mut self, cx: &mut Context<'_>) -> LinkState {
        self.link.faults.watch(cx.waker());
        if self.link.faults.is_link_up() {
            LinkState::Up
        } else {
            LinkState::Down
        }
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = MAX_FRAME;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.address)
    }
}

/// A frame that arrived at the device.
pub struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, f: F) -> R {
        f(&mut self.0)
    }
}

/// Room for a frame of the device.
pub struct Transmit<'a>(&'a Port);

impl TxToken for Transmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut frame = vec![0; len];
        let result = f(&mut frame);
        self.0.link.send(self.0.sends, frame);
        result
    }
}
