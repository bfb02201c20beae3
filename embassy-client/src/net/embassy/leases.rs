//! DHCP answers that the stack cannot bear, mended or dropped.

use core::ops::Range;
use core::task::Context;

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken};

/// Where an IPv4 packet begins on Ethernet (RFC 894), and its EtherType.
const ETHERNET_HEADER: usize = 14;
const IPV4: [u8; 2] = [0x08, 0x00];
/// Its protocol number of UDP, and the ports of DHCP (RFC 2131).
const UDP: u8 = 17;
const FROM_SERVER_TO_CLIENT: [u8; 4] = [0, 67, 0, 68];
/// Where the options begin in a datagram: behind UDP's header, the fields of
/// BOOTP and the magic cookie (RFC 2131 section 2).
const OPTIONS: usize = 8 + 240;
/// Options (RFC 2132 sections 3.1, 3.2 and 3.5).
const PAD: u8 = 0;
const END: u8 = 255;
const ROUTER: u8 = 3;

/// A driver whose stack can have its address from any DHCP server.
///
/// smoltcp 0.13 takes two things from an answer that it does not expect later,
/// and panics where it uses them:
///
/// - a router (option 3) whose address belongs to no host, such as the 0.0.0.0 of
///   servers that have none to name: at the first packet that leaves the network;
/// - an answer that was sent from 0.0.0.0: when the lease is renewed.
///
/// Anybody on the local network can say such things. Put this around the driver of
/// a stack that uses DHCP: it takes the router out of the first, and drops the
/// second. Everything else goes through as it is.
///
/// ```
/// use embassy_net::driver::Driver;
/// use embassy_net::{Config, Runner, Stack, StackResources};
/// use wigwag_embassy::net::SoundLeases;
///
/// fn network<D: Driver>(
///     driver: D,
///     resources: &mut StackResources<4>,
///     seed: u64,
/// ) -> (Stack<'_>, Runner<'_, SoundLeases<D>>) {
///     let config = Config::dhcpv4(Default::default());
///     embassy_net::new(SoundLeases::new(driver), config, resources, seed)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SoundLeases<D>(D);

impl<D> SoundLeases<D> {
    /// The driver, without such answers.
    pub const fn new(driver: D) -> Self {
        Self(driver)
    }

    /// The driver.
    pub const fn driver(&self) -> &D {
        &self.0
    }
}

impl<D: Driver> Driver for SoundLeases<D> {
    type RxToken<'a>
        = MendedFrame<D::RxToken<'a>>
    where
        Self: 'a;
    type TxToken<'a>
        = D::TxToken<'a>
    where
        Self: 'a;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let (token, answer) = self.0.receive(cx)?;
        Some((MendedFrame(token), answer))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<Self::TxToken<'_>> {
        self.0.transmit(cx)
    }

    fn link_state(&mut self, cx: &mut Context<'_>) -> LinkState {
        self.0.link_state(cx)
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn hardware_address(&self) -> HardwareAddress {
        self.0.hardware_address()
    }
}

/// A received frame of [`SoundLeases`]. DHCP is for Ethernet only, in smoltcp.
#[derive(Debug)]
pub struct MendedFrame<T>(T);

impl<T: RxToken> RxToken for MendedFrame<T> {
    fn consume<R, F>(self, f: F) -> R
    where
        F: FnOnce(&mut [u8]) -> R,
    {
        self.0.consume(|frame| {
            // The stack has to be given something. Nothing at all is dropped.
            if mend(frame) == Some(Verdict::Drop) {
                f(&mut [])
            } else {
                f(frame)
            }
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Pass,
    Drop,
}

/// Looks at a frame; `None` where it is no answer of DHCP.
fn mend(frame: &mut [u8]) -> Option<Verdict> {
    if frame.get(12..ETHERNET_HEADER)? != IPV4 {
        return None;
    }
    let packet = frame.get_mut(ETHERNET_HEADER..)?;
    let header = usize::from(packet.first()? & 0xf) * 4;
    if *packet.get(9)? != UDP {
        return None;
    }
    let is_from_nobody = packet.get(12..16)? == [0; 4];
    let datagram = packet.get_mut(header..)?;
    if datagram.get(..4)? != FROM_SERVER_TO_CLIENT {
        return None;
    }
    if is_from_nobody {
        return Some(Verdict::Drop);
    }
    let mut at = OPTIONS;
    while let Some(option) = option_at(datagram, at) {
        if let Some([ROUTER, 4, address @ ..]) = datagram.get(option.clone())
            && !is_host(address)
        {
            take_out(datagram, option.clone());
        }
        at = option.end;
    }
    Some(Verdict::Pass)
}

/// The next option at `at` that is no padding, with its kind and its length;
/// `None` behind the last, or where one is cut short.
fn option_at(datagram: &[u8], mut at: usize) -> Option<Range<usize>> {
    while *datagram.get(at)? == PAD {
        at += 1;
    }
    if *datagram.get(at)? == END {
        return None;
    }
    let end = at + 2 + usize::from(*datagram.get(at + 1)?);
    (end <= datagram.len()).then_some(at..end)
}

/// Whether an IPv4 address can be that of a router: not 0.0.0.0, no group, and
/// not everybody.
fn is_host(address: &[u8]) -> bool {
    let is_group = matches!(address, [224..=239, ..]);
    !is_group && address != [0; 4] && address != [255; 4]
}

/// Makes padding of some bytes of a datagram, and its checksum follow (RFC 1624);
/// a wrong one stays wrong, and one that was left off (0) is left off.
fn take_out(datagram: &mut [u8], bytes: Range<usize>) {
    let mut old = 0_u32;
    let start = bytes.start;
    for (at, byte) in (start..).zip(datagram.get_mut(bytes).unwrap_or_default()) {
        old += u32::from(*byte) << if at % 2 == 0 { 8 } else { 0 };
        *byte = PAD;
    }
    let Some([high, low]) = datagram.get_mut(6..8) else {
        return;
    };
    let checksum = u16::from_be_bytes([*high, *low]);
    if checksum != 0 {
        let sum = folded(u32::from(!checksum) + u32::from(!folded(old)));
        // A sum that comes out as zero is written as its other form (RFC 768).
        let new = if sum == u16::MAX { u16::MAX } else { !sum };
        [*high, *low] = new.to_be_bytes();
    }
}

/// A sum in one's complement, in 16 bits.
fn folded(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;

    /// An answer with these options, behind `shift` bytes of options of IPv4.
    fn answer(options: &[u8], shift: usize) -> Vec<u8> {
        let mut packet = vec![0; 20 + shift];
        packet[0] = 0x45 + u8::try_from(shift / 4).unwrap();
        packet[9] = UDP;
        packet[12..16].copy_from_slice(&[10, 0, 2, 2]);
        packet.extend(FROM_SERVER_TO_CLIENT);
        packet.extend([0; 244]);
        packet.extend(options);
        let header = 20 + shift;
        packet[header + 8] = 2;
        let checksum = !sum(&packet[header..]);
        packet[header + 6..header + 8].copy_from_slice(&checksum.to_be_bytes());
        [&[2; 12][..], &IPV4, &packet].concat()
    }

    fn sum(bytes: &[u8]) -> u16 {
        let words = bytes.chunks(2);
        folded(words.fold(0, |sum, word| {
            let low = word.get(1).copied().unwrap_or(0);
            sum + u32::from(u16::from_be_bytes([word[0], low]))
        }))
    }

    #[test]
    fn a_router_that_is_none_is_taken_out_and_the_checksum_stays_right() {
        for address in [[0, 0, 0, 0], [224, 0, 0, 1], [239, 9, 9, 9], [255; 4]] {
            for shift in [0, 4, 40] {
                for before in [
                    &[][..],
                    &[0, 0, 0],
                    &[53, 1, 5],
                    &[1, 4, 255, 255, 0, 0, 53, 1, 5],
                ] {
                    let [a, b, c, d] = address;
                    let options =
                        [before, &[ROUTER, 4, a, b, c, d, 54, 4, 10, 0, 2, 2, END]].concat();
                    let mut frame = answer(&options, shift);
                    assert_eq!(mend(&mut frame), Some(Verdict::Pass));
                    let datagram = &frame[ETHERNET_HEADER + 20 + shift..];
                    assert_eq!(sum(datagram), 0xffff, "{address:?} {shift} {before:?}");
                    let mended = [before, &[0; 6], &[54, 4, 10, 0, 2, 2, END]].concat();
                    assert_eq!(datagram[OPTIONS..], mended);
                }
            }
        }
    }

    #[test]
    fn a_wrong_checksum_stays_wrong_and_none_stays_none() {
        let mut frame = answer(&[ROUTER, 4, 224, 0, 0, 1, END], 0);
        let checksum = ETHERNET_HEADER + 20 + 6;
        frame[checksum] ^= 1;
        mend(&mut frame);
        assert_ne!(sum(&frame[ETHERNET_HEADER + 20..]), 0xffff);
        let mut frame = answer(&[ROUTER, 4, 224, 0, 0, 1, END], 0);
        frame[checksum..checksum + 2].fill(0);
        mend(&mut frame);
        assert_eq!(frame[checksum..checksum + 2], [0, 0]);
    }

    #[test]
    fn an_answer_from_nobody_is_dropped() {
        let mut frame = answer(&[53, 1, 2, END], 0);
        frame[ETHERNET_HEADER + 12..ETHERNET_HEADER + 16].fill(0);
        assert_eq!(mend(&mut frame), Some(Verdict::Drop));
    }

    #[test]
    fn everything_else_goes_through_untouched() {
        let good = answer(&[53, 1, 2, ROUTER, 4, 10, 0, 2, 2, END], 0);
        // Behind the end, of another length, or cut short: nobody reads it.
        let others = [
            &[END, ROUTER, 4, 0, 0, 0, 0][..],
            &[ROUTER, 8, 0, 0, 0, 0, 0, 0, 0, 0, END],
            &[ROUTER, 4, 0, 0, 0],
            &[ROUTER],
            &[],
        ];
        for frame in others.map(|it| answer(it, 0)).into_iter().chain([good]) {
            let mut seen = frame.clone();
            assert_eq!(mend(&mut seen), Some(Verdict::Pass));
            assert_eq!(seen, frame);
        }
        let bad = answer(&[ROUTER, 4, 0, 0, 0, 0, END], 0);
        // Not IPv4, not UDP, other ports.
        for at in [
            13,
            ETHERNET_HEADER + 9,
            ETHERNET_HEADER + 21,
            ETHERNET_HEADER + 23,
        ] {
            let mut frame = bad.clone();
            frame[at] ^= 1;
            let before = frame.clone();
            assert_eq!(mend(&mut frame), None, "{at}");
            assert_eq!(frame, before);
        }
    }

    #[test]
    fn no_frame_is_too_short() {
        let frame = answer(&[53, 1, 5, ROUTER, 4, 0, 0, 0, 0, END], 4);
        for length in 0..frame.len() {
            let mut cut = frame[..length].to_vec();
            assert_ne!(mend(&mut cut), Some(Verdict::Drop), "{length}");
        }
        // A header of a length that cannot be.
        let mut frame = answer(&[], 0);
        frame[ETHERNET_HEADER] = 0x40;
        assert_eq!(mend(&mut frame), None);
    }
}
