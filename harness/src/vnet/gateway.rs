//! The other end of the device's link: ARP and neighbour discovery, DHCP, DNS,
//! TCP and UDP to anywhere, and TCP to the device.

use super::addressing::{Addressing, Families};
use super::associations::Associations;
use super::dhcp;
use super::dial::{Dial, HostStream};
use super::dns::{self, Names};
use super::emit;
use super::flow::Flows;
use super::link::{Link, MAX_FRAME};
use super::segment::{Seen, see};
use crate::clock;
use crate::faults::{Direction, DnsFault, Faults};
use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::socket::udp;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr, IpEndpoint};
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A locally administered address.
pub(super) const HARDWARE_ADDRESS: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);

/// Datagrams that a service holds, in each direction.
const DATAGRAMS: usize = 8;

/// DNS queries whose answer is held back at most; further ones are lost.
const HELD_QUERIES: usize = 64;

/// The port of DNS (RFC 1035 section 4.2.1), at every address.
const DNS_PORT: u16 = 53;

/// Rounds of one poll, before other tasks get their turn.
const ROUNDS: usize = 32;

/// A smoltcp stack that takes every address for its own (any-IP mode), with a
/// TCP socket made for each connection the device opens.
pub(super) struct Gateway {
    interface: Interface,
    sockets: SocketSet<'static>,
    dhcp: SocketHandle,
    dns: SocketHandle,
    /// Queries that are answered later: when, in microseconds of the clock.
    held: Vec<(u64, Vec<u8>, udp::UdpMetadata)>,
    flows: Flows,
    associations: Associations,
    link: Rc<Link>,
    names: Names,
    addressing: Addressing,
    faults: Faults,
    /// Who polls.
    waker: Option<Waker>,
}

impl Gateway {
    pub(super) fn new(
        link: Rc<Link>,
        dial: Rc<dyn Dial>,
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
            for (own, prefix) in [
                (addressing.gateway.into(), addressing.prefix),
                (addressing.v6.gateway.into(), addressing.v6.prefix),
            ] {
                addresses
                    .push(IpCidr::new(own, prefix))
                    .expect("smoltcp holds two addresses at least");
            }
        });
        let mut sockets = SocketSet::new(Vec::new());
        let mut service = |port| {
            let mut socket = udp::Socket::new(buffer(), buffer());
            socket.bind(port).expect("an open port of a new socket");
            sockets.add(socket)
        };
        let (dhcp, dns) = (service(dhcp::SERVER_PORT), service(DNS_PORT));
        Self {
            interface,
            sockets,
            dhcp,
            dns,
            held: Vec::new(),
            flows: Flows::new(dial.clone(), faults.clone()),
            associations: Associations::new(dial, faults.clone()),
            link,
            names,
            addressing,
            faults,
            waker: None,
        }
    }

    /// Opens a connection to the device for `stream`.
    pub(super) fn connect(&mut self, device: SocketAddr, stream: Box<dyn HostStream>) {
        let from = match device {
            SocketAddr::V4(_) => self.addressing.gateway.into(),
            SocketAddr::V6(_) => self.addressing.v6.gateway.into(),
        };
        let cx = self.interface.context();
        self.flows
            .connect(cx, &mut self.sockets, from, device, stream);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Moves everything that can move, and wakes when there is more.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        self.faults.watch(cx.waker());
        self.waker = Some(cx.waker().clone());
        for _ in 0..ROUNDS {
            let mut moved = self.ingress(cx);
            moved |= self.serve_dhcp();
            moved |= self.serve_dns(cx);
            moved |= self.flows.pump(cx, &mut self.sockets);
            moved |= self.associations.pump(cx, &self.link);
            moved |= self.egress(cx);
            if !moved {
                self.wake_in_time(cx);
                return;
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Frames from the device; and those whose dial has been answered.
    fn ingress(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        // An answer may need room at once: without it, frames wait.
        while self.link.poll_room(Direction::ToDevice, cx).is_ready() {
            let dialled = self.flows.poll_dialled(cx, &mut self.sockets);
            let (frame, question) = match dialled.or_else(|| self.associations.refused()) {
                Some(frame) => (frame, None),
                None => match self.link.receive(Direction::ToServer, cx) {
                    Some(frame) => match self.admit(frame) {
                        (Some(frame), question) => (frame, question),
                        (None, _) => {
                            moved = true;
                            continue;
                        }
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
            if let Some(question) = question {
                self.link.send(Direction::ToDevice, question);
            }
            moved = true;
        }
        moved
    }

    /// Looks at a frame of the device before the stack does: what is left for
    /// the stack, and a question that the device is to be asked.
    fn admit(&mut self, frame: Vec<u8>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        match see(&frame) {
            Seen::Segment(segment) => {
                let rest = self.flows.admit(segment, frame, &mut self.sockets);
                (rest, None)
            }
            Seen::Datagram {
                ends,
                hardware,
                payload,
            } if ![DNS_PORT, dhcp::SERVER_PORT].contains(&ends.server.port()) => {
                let payload = payload.to_vec();
                self.associations.admit(ends, hardware, payload, frame);
                (None, None)
            }
            // Who asks in one family will soon need the other, and both ends
            // ask for one hardware address a second at most: smoltcp counts
            // the families together. A question from here tells the device
            // the gateway's address, and its answer tells the gateway.
            Seen::AsksV4(hardware) if self.addressing.families == Families::Both => {
                let question = emit::question_v6(&self.addressing, hardware);
                (Some(frame), Some(question))
            }
            Seen::AsksV6(hardware) if self.addressing.families == Families::Both => {
                let question = emit::question_v4(&self.addressing, hardware);
                (Some(frame), Some(question))
            }
            _ => (Some(frame), None),
        }
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
            if let Some(answer) = answer.filter(|_| !self.faults.is_dhcp_silent()) {
                if answer.is_lease {
                    self.faults.count_lease();
                }
                let mut meta: udp::UdpMetadata =
                    IpEndpoint::new(answer.to.into(), dhcp::CLIENT_PORT).into();
                meta.local_address = Some(self.addressing.gateway.into());
                // A full buffer loses the datagram, as UDP does.
                let _ = socket.send_slice(&answer.bytes, meta);
            }
        }
        served
    }

    fn serve_dns(&mut self, cx: &mut Context<'_>) -> bool {
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.dns);
        let mut served = false;
        let reply = |socket: &mut udp::Socket<'_>, query: &[u8], asker, fault| {
            if let Some(answer) = dns::answer(query, &self.names, fault) {
                // From the address that was asked, whichever it was. A full
                // buffer loses the answer, as UDP does.
                let _ = socket.send_slice(&answer, asker);
            }
        };
        while let Ok((query, asker)) = socket.recv() {
            served = true;
            let query = query.to_vec();
            let fault = self.faults.dns(dns::family(&query));
            match fault {
                DnsFault::Silence => {}
                DnsFault::Delay(delay) if self.held.len() < HELD_QUERIES => {
                    let delay = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
                    let at = clock::now_micros().saturating_add(delay);
                    self.held.push((at, query, asker));
                }
                DnsFault::Delay(_) => {}
                fault => reply(socket, &query, asker, fault),
            }
        }
        let now = clock::now_micros();
        self.held.retain(|(at, query, asker)| {
            if *at > now {
                clock::wake_at(*at, cx.waker());
                return true;
            }
            reply(socket, query, *asker, DnsFault::None);
            served = true;
            false
        });
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
        let dial = Rc::new(super::super::dial::loopback());
        let gateway = Gateway::new(link, dial, Names::default(), Addressing::DEFAULT, faults, 1);
        assert!(gateway.interface.any_ip());
        assert!(
            gateway
                .interface
                .has_ip_addr(IpAddress::v4(198, 51, 100, 7))
        );
        let v6 = IpAddress::v6(0x2001, 0xdb8, 9, 0, 0, 0, 0, 1);
        assert!(gateway.interface.has_ip_addr(v6));
    }
}
