//! Options of the kernel's sockets.

use std::num::NonZeroU8;

use socket2::{SockRef, TcpKeepalive};
use wigwag_embassy::net::TcpOptions;

/// The field has six bits; the two below are ECN's (RFC 3168).
const fn traffic_class(dscp: u8) -> u8 {
    (dscp & 0x3f) << 2
}

/// Sets what can be set. An option that this system does not know is left out,
/// as the options' documentation allows no error.
pub(super) fn apply_tcp(socket: &SockRef<'_>, options: &TcpOptions) {
    let _ = socket.set_tcp_nodelay(!options.nagle);
    match options.keep_alive {
        Some(idle) => {
            let probes = TcpKeepalive::new().with_time(idle).with_interval(idle);
            let _ = socket.set_tcp_keepalive(&probes);
        }
        None => {
            let _ = socket.set_keepalive(false);
        }
    }
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(options.user_timeout.or(options.timeout));
    set_hop_limit(socket, options.hop_limit);
    set_dscp(socket, options.dscp);
}

/// On a socket of both families IPv4 packets follow the options of IPv4.
pub(super) fn set_hop_limit(socket: &SockRef<'_>, hop_limit: Option<NonZeroU8>) {
    if let Some(hops) = hop_limit {
        let _ = socket.set_ttl_v4(hops.get().into());
        let _ = socket.set_unicast_hops_v6(hops.get().into());
    }
}

pub(super) fn set_dscp(socket: &SockRef<'_>, dscp: u8) {
    let class = traffic_class(dscp).into();
    let _ = socket.set_tos_v4(class);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tclass_v6(class);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use socket2::{Domain, Socket, Type};

    use super::*;

    #[test]
    fn the_kernel_has_what_was_set() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let socket = SockRef::from(&socket);
        let minute = Duration::from_secs(60);
        let options = TcpOptions {
            dscp: 0x24,
            user_timeout: Some(minute),
            hop_limit: NonZeroU8::new(9),
            keep_alive: Some(minute),
            nagle: true,
            ..TcpOptions::DEFAULT
        };
        apply_tcp(&socket, &options);
        assert_eq!(socket.tos_v4().unwrap(), 0x24 << 2);
        assert_eq!(socket.ttl_v4().unwrap(), 9);
        assert!(socket.keepalive().unwrap());
        assert!(!socket.tcp_nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(minute));
        apply_tcp(&socket, &TcpOptions::DEFAULT);
        assert!(!socket.keepalive().unwrap());
        // No more than six bits reach the field.
        set_dscp(&socket, 0xff);
        assert_eq!(socket.tos_v4().unwrap(), 0xfc);
    }
}
