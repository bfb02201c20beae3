//! IPv6 on the virtual network: addresses, neighbours, names, connections and
//! datagrams, alone and beside IPv4.

use embassy_net::dns::DnsQueryType;
use embassy_net::tcp::{ConnectError, TcpSocket};
use embassy_net::{IpAddress, Stack};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use wigwag_embassy::net::Family;
use wigwag_harness::faults::{DialFault, DnsFault};
use wigwag_harness::vnet::{Addressing, Families, Options, VirtualNet};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 99, 0, 0, 0, 0, 1));
const PORT: u16 = 2405;

/// A network whose server says what was dialled.
fn network(families: Families) -> VirtualNet {
    let options = Options {
        addressing: Addressing::of(families),
        ..Options::default()
    };
    let net = VirtualNet::with(options, |to: SocketAddr| async move {
        let (near, mut far) = tokio::io::duplex(256);
        far.write_all(to.to_string().as_bytes()).await?;
        Ok(near)
    });
    net.names().set("both.test", [V4, V6]);
    net.names().set("v4.test", [V4]);
    net.names().set("v6.test", [V6]);
    net
}

/// Until the stack has the addresses of all its families.
async fn configured(stack: Stack<'_>, families: Families) {
    let ready = async {
        while families != Families::V6 && stack.config_v4().is_none()
            || families != Families::V4 && stack.config_v6().is_none()
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let ready = tokio::time::timeout(Duration::from_secs(30), ready).await;
    ready.expect("the stack is configured");
}

/// What the server at `to` says, and how long that took.
async fn ask(stack: Stack<'_>, to: IpAddr) -> Result<(String, Duration), ConnectError> {
    let started = Instant::now();
    let (mut rx, mut tx) = ([0; 256], [0; 256]);
    let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
    socket.set_timeout(Some(embassy_time::Duration::from_secs(20)));
    socket.connect((IpAddress::from(to), PORT)).await?;
    let mut said = [0; 64];
    let mut length = 0;
    while let Ok(more @ 1..) = socket.read(&mut said[length..]).await {
        length += more;
    }
    let said = String::from_utf8_lossy(&said[..length]).into_owned();
    Ok((said, started.elapsed()))
}

#[tokio::test(start_paused = true)]
async fn every_configuration_reaches_the_servers_of_its_families() {
    for families in [Families::V4, Families::Both, Families::V6] {
        let net = network(families);
        net.run(async |stack| {
            configured(stack, families).await;
            for (address, has) in [
                (V4, families != Families::V6),
                (V6, families != Families::V4),
            ] {
                let answer = ask(stack, address).await;
                if has {
                    let (said, _) = answer.expect("the server is reached");
                    assert_eq!(said, SocketAddr::new(address, PORT).to_string());
                } else {
                    assert!(answer.is_err(), "{families:?} reached {address}");
                }
            }
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn names_have_addresses_of_both_families() {
    for families in [Families::V4, Families::Both, Families::V6] {
        let net = network(families);
        net.run(async |stack| {
            configured(stack, families).await;
            let find = async |name, kind| {
                stack
                    .dns_query(name, kind)
                    .await
                    .map(|found| found.to_vec())
            };
            let (v4, v6) = (vec![IpAddress::from(V4)], vec![IpAddress::from(V6)]);
            assert_eq!(find("both.test", DnsQueryType::A).await, Ok(v4.clone()));
            assert_eq!(find("both.test", DnsQueryType::Aaaa).await, Ok(v6.clone()));
            assert_eq!(find("v4.test", DnsQueryType::A).await, Ok(v4));
            assert_eq!(find("v6.test", DnsQueryType::Aaaa).await, Ok(v6));
            assert!(
                !matches!(find("v4.test", DnsQueryType::Aaaa).await, Ok(found) if !found.is_empty())
            );
            assert!(
                !matches!(find("v6.test", DnsQueryType::A).await, Ok(found) if !found.is_empty())
            );
        })
        .await;
    }
}

/// smoltcp asks for one hardware address a second. The gateway sees to it that
/// the second family does not wait for that.
#[tokio::test(start_paused = true)]
async fn neither_family_waits_for_the_others_hardware_address() {
    for order in [[V4, V6], [V6, V4]] {
        let net = network(Families::Both);
        net.run(async |stack| {
            configured(stack, Families::Both).await;
            for address in order {
                let (_, took) = ask(stack, address).await.expect("it connects");
                assert!(
                    took < Duration::from_millis(100),
                    "{address} after {took:?}"
                );
            }
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_of_version_6_outlives_the_hour_and_the_link() {
    let net = network(Families::V6);
    net.run(async |stack| {
        configured(stack, Families::V6).await;
        assert!(ask(stack, V6).await.is_ok());
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(ask(stack, V6).await.is_ok());
        net.faults().set_link_up(false);
        stack.wait_link_down().await;
        assert!(ask(stack, V6).await.is_err());
        net.faults().set_link_up(true);
        stack.wait_link_up().await;
        assert!(ask(stack, V6).await.is_ok());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_family_is_refused_ignored_or_late() {
    let net = network(Families::Both);
    let faults = net.faults();
    net.run(async |stack| {
        configured(stack, Families::Both).await;
        let second = Duration::from_secs(1);
        for (dead, alive, family) in [(V6, V4, Family::V6), (V4, V6, Family::V4)] {
            faults.set_dial_for(family, DialFault::Refuse);
            let started = Instant::now();
            assert_eq!(ask(stack, dead).await, Err(ConnectError::ConnectionReset));
            assert!(started.elapsed() < second);
            assert!(ask(stack, alive).await.is_ok());

            faults.set_dial_for(family, DialFault::Silence);
            let started = Instant::now();
            assert!(ask(stack, dead).await.is_err());
            assert!(started.elapsed() >= Duration::from_secs(20));
            assert!(ask(stack, alive).await.is_ok());

            faults.set_dial_for(family, DialFault::Delay(second));
            let (_, took) = ask(stack, dead).await.expect("it is late");
            assert!((second..second * 2).contains(&took), "after {took:?}");
            let (_, took) = ask(stack, alive).await.expect("it is not late");
            assert!(took < second, "after {took:?}");
            faults.set_dial(DialFault::None);
            assert!(ask(stack, dead).await.is_ok());
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_address_is_refused() {
    let net = network(Families::V4);
    let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    net.run(async |stack| {
        configured(stack, Families::V4).await;
        net.faults().set_dial_to(V4, DialFault::Refuse);
        assert_eq!(ask(stack, V4).await, Err(ConnectError::ConnectionReset));
        assert!(ask(stack, other).await.is_ok());
        net.faults().set_dial(DialFault::Refuse);
        net.faults().set_dial_to(V4, DialFault::None);
        assert!(ask(stack, V4).await.is_ok());
        assert_eq!(ask(stack, other).await, Err(ConnectError::ConnectionReset));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn names_of_one_family_fail_or_are_late() {
    let net = network(Families::Both);
    let faults = net.faults();
    net.run(async |stack| {
        configured(stack, Families::Both).await;
        let find = async |kind| {
            let started = Instant::now();
            let query = stack.dns_query("both.test", kind);
            let found = tokio::time::timeout(Duration::from_secs(5), query).await;
            (
                matches!(found, Ok(Ok(found)) if found.len() == 1),
                started.elapsed(),
            )
        };
        let second = Duration::from_secs(1);
        for (family, dead, alive) in [
            (Family::V4, DnsQueryType::A, DnsQueryType::Aaaa),
            (Family::V6, DnsQueryType::Aaaa, DnsQueryType::A),
        ] {
            for fault in [
                DnsFault::ServerFailure,
                DnsFault::NoSuchName,
                DnsFault::Silence,
            ] {
                faults.set_dns_for(family, fault);
                assert!(!find(dead).await.0, "{fault:?}");
                assert!(find(alive).await.0, "{fault:?} of the other family");
            }
            // Less than the second after which smoltcp asks again.
            let late = Duration::from_millis(700);
            faults.set_dns_for(family, DnsFault::Delay(late));
            let (found, took) = find(dead).await;
            assert!(found && (late..second).contains(&took), "after {took:?}");
            let (found, took) = find(alive).await;
            assert!(found && took < late, "after {took:?}");
            faults.set_dns(DnsFault::None);
            assert!(find(dead).await.0);
        }
    })
    .await;
}
