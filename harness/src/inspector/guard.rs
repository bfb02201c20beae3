//! Who may ask, by what browsers say of themselves and cannot be made not to.
//!
//! A page of another site can make a browser send requests here. It cannot read
//! the answers unless the browser takes it for the same site: with DNS rebinding
//! its own name leads here, and then `Host` has that name. WebSockets are under no
//! such rule; there the browser tells the `Origin`.

use axum::http::{HeaderMap, HeaderName, header};
use std::net::IpAddr;

/// What kind of request a page makes, and for whom: W3C, Fetch Metadata.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The name is not ours for certain.
    Host,
    /// Another site's page asks.
    Foreign,
}

impl Refusal {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Host => {
                "This server answers under an IP address or as localhost only: open the address \
                 that the program has printed.\n"
            }
            Self::Foreign => "Pages of other sites get nothing here.\n",
        }
    }
}

/// Checks the name under which the server, bound to `bound`, is asked.
pub(super) fn check_host(headers: &HeaderMap, bound: IpAddr) -> Result<(), Refusal> {
    let host = only(headers, &header::HOST).ok_or(Refusal::Host)?;
    if is_ours(host, bound) {
        Ok(())
    } else {
        Err(Refusal::Host)
    }
}

/// Checks that no page of another site asks for data. Programs tell nothing of
/// all this; they need the token alone.
pub(super) fn check_origin(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(&FETCH_SITE)
        && !matches!(only(headers, &FETCH_SITE), Some("same-origin" | "none"))
    {
        return Err(Refusal::Foreign);
    }
    if !headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let origin = only(headers, &header::ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
    let host = only(headers, &header::HOST);
    match (origin, host) {
        (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Refusal::Foreign),
    }
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Whether a name with or without a port cannot be another site's: `localhost`
/// and addresses of the loopback, and any address when the server is not bound to
/// the loopback. An address cannot be rebound.
fn is_ours(host: &str, bound: IpAddr) -> bool {
    let (name, port) = if let Some(rest) = host.strip_prefix('[') {
        let Some((name, port)) = rest.split_once(']') else {
            return false;
        };
        (name, port)
    } else {
        host.split_at(host.find(':').unwrap_or(host.len()))
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok() && !port.starts_with('+');
    if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
        return false;
    }
    if name.eq_ignore_ascii_case("localhost") {
        return !host.starts_with('[');
    }
    let Ok(ip) = name.parse::<IpAddr>() else {
        return false;
    };
    ip.is_ipv6() == host.starts_with('[') && (ip.is_loopback() || !bound.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_names_of_the_loopback_are_ours() {
        for ours in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "127.9.9.9:1",
            "localhost:8080",
            "LocalHost",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(is_ours(ours, HERE), "{ours}");
        }
        for foreign in [
            "",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example",
            "127.0.0.1:8080@evil.example",
            "127.0.0.1:evil",
            "127.0.0.1:+1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "localhost:99999",
            "localhost ",
            "[localhost]",
            "::1",
            "[::1",
            "[127.0.0.1]",
            "[::1]x",
            "192.0.2.1:8080",
            "0.0.0.0:8080",
            "[2001:db8::1]:8080",
        ] {
            assert!(!is_ours(foreign, HERE), "{foreign}");
        }
    }

    #[test]
    fn in_a_network_addresses_are_ours_too_and_still_no_names() {
        let open = "0.0.0.0".parse().unwrap();
        for ours in ["192.0.2.1:8080", "[2001:db8::1]:8080", "localhost:1"] {
            assert!(is_ours(ours, open), "{ours}");
        }
        assert!(!is_ours("evil.example:8080", open));
        assert!(!is_ours("box.local", open));
    }

    #[test]
    fn a_host_is_told_once() {
        assert_eq!(check_host(&headers(&[("host", "localhost")]), HERE), Ok(()));
        let twice = headers(&[("host", "localhost"), ("host", "localhost")]);
        assert_eq!(check_host(&twice, HERE), Err(Refusal::Host));
        assert_eq!(check_host(&headers(&[]), HERE), Err(Refusal::Host));
    }

    #[test]
    fn pages_of_other_sites_are_foreign() {
        let host = ("host", "127.0.0.1:8080");
        for ours in [
            headers(&[host]),
            headers(&[host, ("origin", "http://127.0.0.1:8080")]),
            headers(&[host, ("sec-fetch-site", "same-origin")]),
            headers(&[host, ("sec-fetch-site", "none")]),
        ] {
            assert_eq!(check_origin(&ours), Ok(()), "{ours:?}");
        }
        for foreign in [
            headers(&[host, ("origin", "http://evil.example")]),
            headers(&[host, ("origin", "https://127.0.0.1:8080")]),
            headers(&[host, ("origin", "http://127.0.0.1:8081")]),
            headers(&[host, ("origin", "http://localhost:8080")]),
            headers(&[host, ("origin", "null")]),
            headers(&[host, ("origin", "")]),
            headers(&[("origin", "http://127.0.0.1:8080")]),
            headers(&[host, ("sec-fetch-site", "cross-site")]),
            // Another port of the same machine: another program.
            headers(&[host, ("sec-fetch-site", "same-site")]),
            headers(&[
                host,
                ("sec-fetch-site", "none"),
                ("sec-fetch-site", "same-origin"),
            ]),
        ] {
            assert_eq!(check_origin(&foreign), Err(Refusal::Foreign), "{foreign:?}");
        }
    }
}
