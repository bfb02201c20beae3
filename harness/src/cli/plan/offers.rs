//! The stacks that a network has, and what it says about them.

use clap::ValueEnum;
use wigwag_embassy::taps::{Answer, Property, Stack, StackId, support};

use crate::hostnet::{HostNetwork, StreamProtocol};

/// Whose stacks are planned for.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Net {
    /// A device's, on embassy-net and embedded-tls.
    Virtual,
    /// This host's: its kernel, and the same TLS.
    Host,
}

/// One stack of a network.
pub(super) struct Offer {
    pub(super) id: StackId,
    /// What it has to offer, or why it is not there today.
    pub(super) stack: Result<Stack, String>,
    /// Where the network's own answers come from; a device's without one.
    network: Option<HostNetwork>,
}

impl Offer {
    /// What a property does on it.
    pub(super) fn answer(&self, property: Property) -> Answer {
        match (&self.network, self.id) {
            (Some(network), id) => network.support(id, property),
            // DTLS changes nothing about the datagrams that it secures.
            (None, StackId::Dtls) => support(StackId::Udp, property),
            (None, id) => support(id, property),
        }
    }
}

/// All stacks of a network, the secure ones first.
pub(super) fn of(net: Net) -> Vec<Offer> {
    let same = |stack: Stack| Offer {
        id: stack.id,
        stack: Ok(stack),
        network: None,
    };
    match net {
        Net::Virtual => vec![same(Stack::TLS), same(Stack::TCP), same(Stack::UDP)],
        Net::Host => vec![
            same(Stack::TLS),
            same(Stack {
                id: StackId::Dtls,
                ..Stack::UDP
            }),
            of_host(StackId::Tcp, StreamProtocol::Tcp),
            of_host(StackId::Mptcp, StreamProtocol::Mptcp),
            of_host(StackId::Sctp, StreamProtocol::Sctp),
            of_host(StackId::Udp, StreamProtocol::Tcp),
        ],
    }
}

/// A stack of the kernel, on a network with these streams.
fn of_host(id: StackId, streams: StreamProtocol) -> Offer {
    match HostNetwork::new().with_streams(streams) {
        Ok(network) => {
            let stacks = network.stacks();
            let found = stacks.into_iter().find(|stack| stack.id == id);
            Offer {
                id,
                stack: found.ok_or_else(|| "this network does not have it".to_owned()),
                network: Some(network),
            }
        }
        Err(unavailable) => Offer {
            id,
            stack: Err(unavailable.to_string()),
            network: None,
        },
    }
}
