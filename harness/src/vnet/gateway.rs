//! The other end of the device's link: ARP, DHCP, DNS, and TCP to anywhere.

use super::dhcp::{self, Addressing};
use super::dial::Dial;
use super::dns::{self, Code, Names};
use super::flow::Flows;
use super::link::{Link, MAX_FRAME};
use crate::clock;
use crate::faults::{Direction, DnsFault, Faults};
use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::socket::udp;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr, IpEndpoint};
use std::rc::Rc;
use std::task::{Context, Poll};

/// A locally administered address.
const HARDWARE_ADDRESS: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);

/// Datagrams that a service holds, in each direction.
const DATAGRAMS: usize = 8;

/// Rounds of one poll, before other tasks get their turn.
const ROUNDS: usize = 32;

/// A smoltcp stack that takes every address for its own (any-IP mode), with a
/// TCP socket made for each connection the device opens.
pub(super) struct Gateway {
    interface: Interface,
    sockets: SocketSet<'static>,
    dhcp: SocketHandle,
    dns: SocketHandle,
    flows: Flows,
    link: Rc<Link>,
    names: Names,
    addressing: Addressing,
    faults: Faults,
}

impl Gateway {
    pub(super) fn new(
        link: Rc<Link>,
        dial: Box<dyn Dial>,
        names: Names,
        addressing: Addressing,
        faults: Faults,
        seed: u64,
    ) -> Self {
        let mut config = Config::new(HARDWARE_ADDRESS.into());
        config.random_seed = seed;
        let mut idle = Phy {
            link: &link,
            received: None,
            context: None,
        };
        let mut interface = Interface::new(config, &mut idle, clock::smoltcp_now());
        interface.set_any_ip(true);
        interface.update_ip_addrs(|addresses| {
            let own = IpCidr::new(addressing.gateway.into(), addressing.prefix);
            addresses
                .push(own)
                .expect("smoltcp holds two addresses at least");
        });
        let mut sockets = SocketSet::new(Vec::new());
        let mut service = |port| {
            let mut socket = udp::Socket::new(buffer(), buffer());
            socket.bind(port).expect("an open port of a new socket");
            sockets.add(socket)
        };
        let (dhcp, dns) = (service(dhcp::SERVER_PORT), service(53));
        Self {
            interface,
            sockets,
            dhcp,
            dns,
            flows: Flows::new(dial, faults.clone()),
            link,
            names,
            addressing,
            faults,
        }
    }

    /// Moves everything that can move, and wakes when there is more.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        self.faults.watch(cx.waker());
        for _ in 0..ROUNDS {
            let mut moved = self.ingress(cx);
            moved |= self.serve_dhcp();
            moved |= self.serve_dns();
            moved |= self.flows.pump(cx, &mut self.sockets);
            moved |= self.egress(cx);
            if !moved {
                self.wake_in_time(cx);
                return;
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Frames from the device; and the SYNs whose dial has been answered.
    fn ingress(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        // An answer may need room at once: without it, frames wait.
        while self.link.poll_room(Direction::ToDevice, cx).is_ready() {
            let frame = match self.flows.poll_dialled(cx, &mut self.sockets) {
                Some(syn) => syn,
                None => match self.link.receive(Direction::ToServer, cx) {
                    Some(frame) => match self.flows.admit(frame, &mut self.sockets) {
                        Some(frame) => frame,
                        None => continue,
                    },
                    None => break,
                },
            };
            let mut phy = Phy {
                link: &self.link,
                received: Some(frame),
                context: Some(cx),
            };
            let now = clock::smoltcp_now();
            self.interface
                .poll_ingress_single(now, &mut phy, &mut self.sockets);
            moved = true;
        }
        moved
    }

    fn egress(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        let mut phy = Phy {
            link: &self.link,
            received: None,
            context: Some(cx),
        };
        loop {
            let now = clock::smoltcp_now();
            match self.interface.poll_egress(now, &mut phy, &mut self.sockets) {
                PollResult::SocketStateChanged => moved = true,
                PollResult::None => return moved,
            }
        }
    }

    fn serve_dhcp(&mut self) -> bool {
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.dhcp);
        let mut served = false;
        while let Ok((message, _)) = socket.recv() {
            served = true;
            let answer = dhcp::answer(message, &self.addressing);
            if let Some((to, answer)) = answer.filter(|_| !self.faults.is_dhcp_silent()) {
                let mut meta: udp::UdpMetadata =
                    IpEndpoint::new(to.into(), dhcp::CLIENT_PORT).into();
                meta.local_address = Some(self.addressing.gateway.into());
                // A full buffer loses the datagram, as UDP does.
                let _ = socket.send_slice(&answer, meta);
            }
        }
        served
    }

    fn serve_dns(&mut self) -> bool {
        let forced = match self.faults.dns() {
            DnsFault::None => Some(None),
            DnsFault::ServerFailure => Some(Some(Code::ServerFailure)),
            DnsFault::NoSuchName => Some(Some(Code::NoSuchName)),
            DnsFault::Silence => None,
        };
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.dns);
        let mut served = false;
        while let Ok((query, asker)) = socket.recv() {
            served = true;
            let answer = forced.and_then(|code| dns::answer(query, &self.names, code));
            if let Some(answer) = answer {
                // From the address that was asked, whichever it was.
                let _ = socket.send_slice(&answer, asker);
            }
        }
        served
    }

    fn wake_in_time(&mut self, cx: &mut Context<'_>) {
        let now = clock::smoltcp_now();
        let Some(at) = self.interface.poll_at(now, &self.sockets) else {
            return;
        };
        // Without room there is nothing to do at that time: room will wake.
        if self.link.poll_room(Direction::ToDevice, cx).is_ready() {
            clock::wake_at(u64::try_from(at.total_micros()).unwrap_or(0), cx.waker());
        }
    }
}

fn buffer() -> udp::PacketBuffer<'static> {
    udp::PacketBuffer::new(
        vec![udp::PacketMetadata::EMPTY; DATAGRAMS],
        vec![0; DATAGRAMS * 600],
    )
}

/// The link as smoltcp's device, for one poll.
struct Phy<'a, 'b> {
    link: &'a Link,
    received: Option<Vec<u8>>,
    context: Option<&'a mut Context<'b>>,
}

impl phy::Device for Phy<'_, '_> {
    type RxToken<'t>
        = Received
    where
        Self: 't;
    type TxToken<'t>
        = Transmit<'t>
    where
        Self: 't;

    fn receive(&mut self, _now: Instant) -> Option<(Received, Transmit<'_>)> {
        let frame = self.received.take()?;
        Some((Received(frame), Transmit(self.link)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Transmit<'_>> {
        let context = self.context.as_deref_mut()?;
        match self.link.poll_room(Direction::ToDevice, context) {
            Poll::Ready(()) => Some(Transmit(self.link)),
            Poll::Pending => None,
        }
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = MAX_FRAME;
        capabilities
    }
}

struct Received(Vec<u8>);

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

struct Transmit<'a>(&'a Link);

impl phy::TxToken for Transmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut frame = vec![0; len];
        let result = f(&mut frame);
        self.0.send(Direction::ToDevice, frame);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::IpAddress;

    #[test]
    fn any_address_is_the_gateways() {
        let faults = Faults::default();
        let link = Link::new(faults.clone());
        let dial = Box::new(super::super::dial::loopback());
        let gateway = Gateway::new(link, dial, Names::default(), Addressing::DEFAULT, faults, 1);
        assert!(gateway.interface.any_ip());
        assert!(
            gateway
                .interface
                .has_ip_addr(IpAddress::v4(198, 51, 100, 7))
        );
    }
}
