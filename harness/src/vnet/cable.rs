//! Two devices joined by a cable: nobody else is there, no gateway, no DHCP and
//! no DNS. So one of them can listen and the other connect.

use super::link::{Link, Port};
use super::{Background, SOCKETS, alongside};
use crate::faults::{Direction, Faults, LinkFaults};
use embassy_net::{
    Config, Ipv4Cidr, Ipv6Cidr, Runner, Stack, StackResources, StaticConfigV4, StaticConfigV6,
};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use wigwag_embassy::net::FullChecksums;

/// One of the two ends of a [`Cable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// What it sends goes [`Direction::ToServer`].
    Near,
    /// What it sends goes [`Direction::ToDevice`].
    Far,
}

impl End {
    /// 10.0.0.1/24 or 10.0.0.2/24.
    #[must_use]
    pub const fn v4(self) -> Ipv4Addr {
        match self {
            Self::Near => Ipv4Addr::new(10, 0, 0, 1),
            Self::Far => Ipv4Addr::new(10, 0, 0, 2),
        }
    }

    /// 2001:db8::1/64 or 2001:db8::2/64.
    #[must_use]
    pub const fn v6(self) -> Ipv6Addr {
        let last = match self {
            Self::Near => 1,
            Self::Far => 2,
        };
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)
    }

    /// The way that its frames go.
    #[must_use]
    pub const fn sends(self) -> Direction {
        match self {
            Self::Near => Direction::ToServer,
            Self::Far => Direction::ToDevice,
        }
    }
}

/// Two devices joined by an Ethernet cable, each a real embassy-net stack with a
/// static address of both families.
///
/// ```
/// use embassy_net::tcp::TcpSocket;
/// use wigwag_harness::vnet::{Cable, End};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let cable = Cable::new(1);
/// cable.run(async |near, far| {
///     let (mut rx, mut tx) = ([[0; 64]; 2], [[0; 64]; 2]);
///     let ([rx_0, rx_1], [tx_0, tx_1]) = (&mut rx, &mut tx);
///     let mut listening = TcpSocket::new(far, rx_0, tx_0);
///     let mut connecting = TcpSocket::new(near, rx_1, tx_1);
///     let to = (End::Far.v4(), 7);
///     let (accepted, connected) =
///         futures::join!(listening.accept(7), connecting.connect(to));
///     assert_eq!((accepted, connected), (Ok(()), Ok(())));
/// })
/// .await;
/// # });
/// ```
pub struct Cable {
    link: Rc<Link>,
    faults: Faults,
    seed: u64,
}

impl Cable {
    /// A cable without faults. The chances of those that are set later, ports
    /// and sequence numbers follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let faults = Faults::seeded(seed);
        Self {
            link: Link::new(faults.clone()),
            faults,
            seed,
        }
    }

    /// The script of accidents. Those of the link act, on both devices; there
    /// are no services and no streams.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Loses every frame from now on (`true`), or carries them again. Unlike a
    /// link that is down, nobody notices but by the silence.
    pub fn set_silent(&self, silent: bool) {
        let faults = LinkFaults {
            loss: if silent { 1.0 } else { 0.0 },
            ..LinkFaults::NONE
        };
        self.faults.set_link(Direction::ToServer, faults);
        self.faults.set_link(Direction::ToDevice, faults);
    }

    /// Attaches the stack of one device. The caller runs the runner, under a
    /// waker of its own ([`alongside`]).
    pub fn attach<'d, const N: usize>(
        &self,
        end: End,
        resources: &'d mut StackResources<N>,
    ) -> (Stack<'d>, Runner<'d, FullChecksums<Port>>) {
        let port = Port {
            link: self.link.clone(),
            address: [2, 0, 0, 0, 2, end as u8],
            sends: end.sends(),
        };
        let mut config = Config::ipv4_static(StaticConfigV4 {
            address: Ipv4Cidr::new(end.v4(), 24),
            gateway: None,
            dns_servers: Default::default(),
        });
        config.ipv6 = Config::ipv6_static(StaticConfigV6 {
            address: Ipv6Cidr::new(end.v6(), 64),
            gateway: None,
            dns_servers: Default::default(),
        })
        .ipv6;
        let seed = self
            .seed
            .wrapping_mul(2)
            .wrapping_add(end as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        embassy_net::new(FullChecksums::new(port), config, resources, seed)
    }

    /// Boots both devices, and runs `app` on their stacks (near, far) to the
    /// end.
    pub async fn run<T>(&self, app: impl AsyncFnOnce(Stack<'_>, Stack<'_>) -> T) -> T {
        let mut resources = [(); 2].map(|()| Box::new(StackResources::<SOCKETS>::new()));
        let [near, far] = &mut resources;
        let (near, mut near_runner) = self.attach(End::Near, near);
        let (far, mut far_runner) = self.attach(End::Far, far);
        let background: Vec<Background<'_>> = vec![
            Box::pin(async { near_runner.run().await }),
            Box::pin(async { far_runner.run().await }),
        ];
        let app = async {
            near.wait_config_up().await;
            far.wait_config_up().await;
            app(near, far).await
        };
        alongside(app, background).await
    }
}
