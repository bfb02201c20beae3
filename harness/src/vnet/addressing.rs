//! The addresses of a virtual network, and how the device comes by its own.

use embassy_net::{Config, Ipv6Cidr, StaticConfigV6};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// The addresses of a virtual network. The default is what QEMU's user network
/// gives (but for DNS and IPv6), so that a firmware image finds the same
/// surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addressing {
    /// What DHCP gives the device.
    pub device: Ipv4Addr,
    /// The gateway, and the DHCP server.
    pub gateway: Ipv4Addr,
    /// The router that DHCP names, where it is another one than the gateway.
    pub router: Option<Ipv4Addr>,
    /// The DNS server that DHCP names.
    pub dns: Ipv4Addr,
    /// The length of the network's prefix, in bits.
    pub prefix: u8,
    /// How long the device may keep its address, at least a second. It asks
    /// again at half of that.
    pub lease: Duration,
    /// The addresses of version 6.
    pub v6: AddressingV6,
    /// Which of them the stack of [`VirtualNet::run`](super::VirtualNet::run)
    /// is given. The gateway speaks both in any case.
    pub families: Families,
}

/// The IPv6 addresses of a virtual network. The device's is configured, not
/// learnt from router advertisements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressingV6 {
    /// The device. Its last 16 bits are others than the gateway's: smoltcp
    /// looks at no more of them to see whom a neighbour solicitation is for.
    pub device: Ipv6Addr,
    /// The gateway, and the DNS server.
    pub gateway: Ipv6Addr,
    /// The length of the network's prefix, in bits.
    pub prefix: u8,
}

/// The address families of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Families {
    /// IPv4 by DHCP.
    #[default]
    V4,
    /// IPv4 by DHCP, and a configured IPv6 address. The stack counts as
    /// configured from its start, because IPv6 is; `Stack::config_v4` tells
    /// whether DHCP has answered.
    Both,
    /// A configured IPv6 address.
    V6,
}

impl Addressing {
    /// 10.0.2.15/24 behind 10.0.2.2, names from there too, for a day; where
    /// IPv6 is asked for, 2001:db8:2::15/64 behind 2001:db8:2::2.
    ///
    /// QEMU's own DNS server is at 10.0.2.3, which answers here as well, as any
    /// address does. It is not the default because smoltcp asks for one hardware
    /// address a second at most: with two, every boot would take that second.
    pub const DEFAULT: Self = Self {
        device: Ipv4Addr::new(10, 0, 2, 15),
        gateway: Ipv4Addr::new(10, 0, 2, 2),
        router: None,
        dns: Ipv4Addr::new(10, 0, 2, 2),
        prefix: 24,
        lease: Duration::from_secs(24 * 60 * 60),
        v6: AddressingV6 {
            device: Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 0x15),
            gateway: Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 2),
            prefix: 64,
        },
        families: Families::V4,
    };

    /// The default for these families.
    #[must_use]
    pub const fn of(families: Families) -> Self {
        Self {
            families,
            ..Self::DEFAULT
        }
    }

    pub(super) fn mask(&self) -> Ipv4Addr {
        let bits = u32::MAX
            .checked_shl(32 - u32::from(self.prefix.min(32)))
            .unwrap_or(0);
        Ipv4Addr::from_bits(bits)
    }

    /// What the device's stack is to be told.
    pub(super) fn config(&self) -> Config {
        let v6 = StaticConfigV6 {
            address: Ipv6Cidr::new(self.v6.device, self.v6.prefix),
            gateway: Some(self.v6.gateway),
            dns_servers: [self.v6.gateway].into_iter().collect(),
        };
        match self.families {
            Families::V4 => Config::dhcpv4(Default::default()),
            Families::V6 => Config::ipv6_static(v6),
            Families::Both => {
                let mut config = Config::dhcpv4(Default::default());
                config.ipv6 = Config::ipv6_static(v6).ipv6;
                config
            }
        }
    }
}

impl Default for Addressing {
    fn default() -> Self {
        Self::DEFAULT
    }
}
