use std::net::Ipv6Addr;
use std::string::ToString;
use std::vec::Vec;

use super::*;

const SERVER: RemoteEndpoint<'_> = RemoteEndpoint::new()
    .with_host_name("server.test")
    .with_port(2405);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

#[test]
fn one_identifier_of_each_type_and_no_more() {
    let all = SERVER
        .with_address(ADDRESS)
        .with_service("https")
        .with_interface(PathId(1))
        .with_protocol(StackId::Tls);
    assert_eq!(all.validate(), Ok(()));
    for (twice, identifier) in [
        (all.with_host_name("a"), Identifier::HostName),
        (all.with_host("a"), Identifier::HostName),
        (all.with_host("192.0.2.1"), Identifier::Address),
        (all.with_address(ADDRESS), Identifier::Address),
        (all.with_port(2405), Identifier::Port),
        (all.with_service("https"), Identifier::Service),
        (all.with_interface(PathId(1)), Identifier::Interface),
        (all.with_protocol(StackId::Tls), Identifier::Protocol),
    ] {
        let error = EndpointError::Repeated(identifier);
        assert_eq!(twice.validate(), Err(error));
        // The first that is wrong is named.
        assert_eq!(twice.with_port(1).validate(), Err(error));
        assert!(error.to_string().contains(&identifier.to_string()));
    }
    let local = LocalEndpoint::new().with_port(1).with_port(2);
    let error = EndpointError::Repeated(Identifier::Port);
    assert_eq!(local.validate(), Err(error));
    assert_eq!(local.listening_port(), Err(error));
}

#[test]
fn a_port_wins_over_a_service() {
    let both = SERVER.with_service("https");
    assert_eq!((both.validate(), both.port()), (Ok(()), Some(2405)));
    assert_eq!(both.service(), Some("https"));
    // Nobody has to know a service whose port is given.
    assert_eq!(SERVER.with_service("nonsense").validate(), Ok(()));
    let host = RemoteEndpoint::new().with_host_name("server.test");
    assert_eq!(host.with_service("HTTPS").port(), Some(443));
    let unknown = host.with_service("nonsense");
    assert_eq!(unknown.validate(), Err(EndpointError::UnknownService));
    assert_eq!(host.validate(), Err(EndpointError::NoPort));
    assert_eq!(host.with_port(0).validate(), Err(EndpointError::PortZero));
    let remote = RemoteEndpoint::new().with_port(1);
    assert_eq!(remote.validate(), Err(EndpointError::NoHost));
}

#[test]
fn host_names_are_checked_before_anybody_is_asked() {
    let valid = |name| RemoteEndpoint::new().with_host_name(name).with_port(1);
    let label = "x".repeat(63);
    let longest = std::format!("{label}.{label}.{label}.{}", "x".repeat(61));
    assert_eq!(longest.len(), MAX_HOST_NAME);
    let rooted = std::format!("{longest}.");
    for name in [
        "a",
        "a.b",
        "a-1.b_2.test",
        "A.Test.",
        "1.test",
        "test.1a",
        &longest,
        &rooted,
    ] {
        assert_eq!(valid(name).validate(), Ok(()), "{name}");
    }
    let long_label = "x".repeat(64);
    let too_long = std::format!("{longest}y");
    for name in [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a..",
        "a b",
        "a/b",
        "ä.test",
        "a\0b",
        "192.0.2.1",
        "a.1",
        "::1",
        "[::1]",
        "a:80",
        "user@a",
        &long_label,
        &too_long,
    ] {
        assert_eq!(
            valid(name).validate(),
            Err(EndpointError::HostName),
            "{name}"
        );
    }
}

#[test]
fn what_a_person_wrote_is_an_address_or_a_name() {
    let host = |text| RemoteEndpoint::new().with_host(text).with_port(1);
    assert_eq!(host("192.0.2.1").address(), Some(ADDRESS));
    assert_eq!(host("::1").address(), Some(Ipv6Addr::LOCALHOST.into()));
    assert_eq!(host("server.test").host_name(), Some("server.test"));
    assert_eq!(host("192.0.2.256").validate(), Err(EndpointError::HostName));
}

#[test]
fn addresses_where_nobody_is_are_refused() {
    let at = |text: &str| {
        let address = text.parse().unwrap();
        let local = LocalEndpoint::new().with_address(address).validate();
        let remote = RemoteEndpoint::new().with_address(address).with_port(1);
        assert_eq!(remote.validate(), local);
        local
    };
    for text in ["192.0.2.1", "127.0.0.1", "::1", "fe80::1", "2001:db8::1"] {
        assert_eq!(at(text), Ok(()), "{text}");
    }
    for text in ["0.0.0.0", "::", "255.255.255.255"] {
        assert_eq!(at(text), Err(EndpointError::NotAnAddress), "{text}");
    }
    for text in ["224.0.0.1", "239.1.2.3", "ff02::1"] {
        assert_eq!(at(text), Err(EndpointError::Multicast), "{text}");
    }
}

#[test]
fn an_endpoint_can_be_for_one_path_and_one_stack() {
    assert!(SERVER.is_for(PathId(3), StackId::Udp));
    let bound = SERVER.with_interface(PathId(1)).with_protocol(StackId::Tcp);
    assert!(bound.is_for(PathId(1), StackId::Tcp));
    assert!(!bound.is_for(PathId(0), StackId::Tcp));
    assert!(!bound.is_for(PathId(1), StackId::Tls));
    assert_eq!(bound.interface(), Some(PathId(1)));
    assert_eq!(bound.protocol(), Some(StackId::Tcp));
}

#[test]
fn every_error_says_what_is_wrong() {
    let errors = [
        EndpointError::Repeated(Identifier::Interface),
        EndpointError::NoHost,
        EndpointError::NoPort,
        EndpointError::PortZero,
        EndpointError::HostName,
        EndpointError::UnknownService,
        EndpointError::NotAnAddress,
        EndpointError::Multicast,
    ];
    let mut texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), errors.len());
}
