//! What the host's stacks have to offer, for the planner.

use wigwag_embassy::taps::{
    Answer, ConnectionProperty as C, MultipathAbility, Property, PropertySet,
    SelectionProperty as P, Stack, StackId, Support, support,
};

use super::{DtlsNetwork, HostNetwork, StreamProtocol};

impl HostNetwork {
    /// The stacks of this network, for [`plan`](wigwag_embassy::taps::plan):
    /// its streams and UDP, all in the clear.
    ///
    /// ```
    /// use wigwag_embassy::taps::{StackId, TransportProperties, plan, PropertySet};
    /// use wigwag_harness::hostnet::HostNetwork;
    ///
    /// let stacks = HostNetwork::new().stacks();
    /// let plan = plan(&TransportProperties::RELIABLE_INORDER_STREAM, &stacks, PropertySet::EMPTY);
    /// assert_eq!(plan.unwrap().stacks(), [StackId::Tcp]);
    /// ```
    #[must_use]
    pub fn stacks(&self) -> [Stack; 2] {
        let stream = match self.streams {
            StreamProtocol::Tcp => Stack::TCP,
            StreamProtocol::Mptcp => Stack {
                id: StackId::Mptcp,
                multipath: MultipathAbility::Always,
                ..Stack::TCP
            },
            // A stream of bytes over one of its streams: what tells its
            // messages apart (MSG_EOR) is not read.
            StreamProtocol::Sctp => Stack {
                id: StackId::Sctp,
                ..Stack::TCP
            },
        };
        // The kernel takes datagrams over IPv4 that have no checksum.
        let unchecked = PropertySet::of(&[P::FullChecksumRecv]);
        let datagrams = Stack {
            always: Stack::UDP.always.difference(unchecked),
            ..Stack::UDP
        };
        [stream, datagrams]
    }

    /// What a property does on a stack of this network. The kernel can do more
    /// than a device's stack, and in one place less.
    #[must_use]
    pub fn support(&self, stack: StackId, property: Property) -> Answer {
        if !self.stacks().iter().any(|known| known.id == stack) {
            return Answer::new(Support::Unsupported, "this network does not have the stack");
        }
        let stream = stack != StackId::Udp;
        let known = match property {
            Property::Connection(C::ConnCapacityProfile) => (
                Support::Applied,
                "the kernel marks packets with the profile's DSCP",
            ),
            Property::Connection(C::TcpUserTimeoutValue | C::TcpUserTimeoutEnabled)
                if stream && stack != StackId::Sctp =>
            {
                (
                    Support::Partial,
                    "TCP_USER_TIMEOUT ends the connection at this end; Linux does not tell the \
                     peer (RFC 5482)",
                )
            }
            Property::Connection(C::ConnTimeout) if stack == StackId::Sctp => (
                Support::NoEffect,
                "the kernel does not tell what is acknowledged",
            ),
            Property::Connection(C::ConnTimeout) if stream => (
                Support::Applied,
                "TCP_USER_TIMEOUT is about what is not acknowledged, as connTimeout is",
            ),
            Property::Multipath if stack == StackId::Mptcp => (
                Support::Applied,
                "the kernel uses the paths that `ip mptcp` allows, with a peer that knows it",
            ),
            Property::Selection(P::FullChecksumRecv) if !stream => (
                Support::Partial,
                "the kernel takes datagrams over IPv4 that have no checksum",
            ),
            Property::Selection(P::FullChecksumSend) => {
                (Support::Applied, "the kernel computes it")
            }
            Property::Selection(P::CongestionControl) if stream => (
                Support::Applied,
                "the kernel's, Cubic unless it is set otherwise",
            ),
            // The rest is the protocol's nature or this layer's work. What the
            // kernel has and this network does not use stays unsupported.
            _ => {
                let kind = if stream { StackId::Tcp } else { StackId::Udp };
                return support(kind, property);
            }
        };
        Answer::new(known.0, known.1)
    }
}

impl DtlsNetwork {
    /// The stacks that this network has in place of UDP in the clear.
    #[must_use]
    pub fn secure_stacks(&self) -> [Stack; 1] {
        [Stack {
            id: StackId::Dtls,
            ..Stack::UDP
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_say_the_same_as_the_answers() {
        let network = HostNetwork::new();
        for stack in network.stacks() {
            for property in P::ALL {
                let answer = network.support(stack.id, Property::Selection(*property));
                assert_eq!(
                    stack.has().contains(*property),
                    answer.support.satisfies_require(),
                    "{} {property}: {answer}",
                    stack.id
                );
            }
        }
        let missing = network.support(StackId::Dtls, Property::Multipath);
        assert_eq!(missing.support, Support::Unsupported);
        let profile = Property::Connection(C::ConnCapacityProfile);
        let marked = network.support(StackId::Udp, profile);
        assert_eq!(marked.support, Support::Applied);
        let timeout = Property::Connection(C::ConnTimeout);
        let ended = network.support(StackId::Tcp, timeout);
        assert_eq!(ended.support, Support::Applied);
    }
}
