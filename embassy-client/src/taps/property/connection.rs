//! What can be said about a connection before and while it lives.

use core::time::Duration;

use super::capacity::CapacityProfile;
use super::message::ChecksumLength;
use super::named::{named, same_name, same_value};

named! {
    /// The names of the connection properties (RFC 9622 sections 8.1 and 8.2).
    pub enum ConnectionProperty: same_name, "connection property" {
        /// How much of what is received a checksum must cover (8.1.1).
        RecvChecksumLen = "recvChecksumLen",
        /// Which connection of a group goes first; a lower number does (8.1.2).
        ConnPriority = "connPriority",
        /// How long sent data may stay unacknowledged (8.1.3).
        ConnTimeout = "connTimeout",
        /// After how much silence the peer is asked (8.1.4).
        KeepAliveTimeout = "keepAliveTimeout",
        /// How a group shares what it may send (8.1.5).
        ConnScheduler = "connScheduler",
        /// What the network is asked to do (8.1.6).
        ConnCapacityProfile = "connCapacityProfile",
        /// What several paths are used for (8.1.7).
        MultipathPolicy = "multipathPolicy",
        /// The lowest useful rate of sending (8.1.8).
        MinSendRate = "minSendRate",
        /// The lowest useful rate of receiving (8.1.8).
        MinRecvRate = "minRecvRate",
        /// The highest rate of sending (8.1.8).
        MaxSendRate = "maxSendRate",
        /// The highest rate of receiving (8.1.8).
        MaxRecvRate = "maxRecvRate",
        /// How many connections a group may have (8.1.9).
        GroupConnLimit = "groupConnLimit",
        /// Whether nothing that was remembered of others is used (8.1.10).
        IsolateSession = "isolateSession",
        /// Where in its life the connection is; read only (8.1.11.1).
        ConnState = "connState",
        /// Whether data can be sent now; read only (8.1.11.2).
        CanSend = "canSend",
        /// Whether data can come; read only (8.1.11.3).
        CanReceive = "canReceive",
        /// The largest message that fits one packet; read only (8.1.11.4).
        SingularTransmissionMsgMaxLen = "singularTransmissionMsgMaxLen",
        /// The largest message that can be sent; read only (8.1.11.5).
        SendMsgMaxLen = "sendMsgMaxLen",
        /// The largest message that can be received; read only (8.1.11.6).
        RecvMsgMaxLen = "recvMsgMaxLen",
        /// The user timeout that TCP tells its peer (8.2.1).
        TcpUserTimeoutValue = "tcp.userTimeoutValue",
        /// Whether it is told (8.2.2).
        TcpUserTimeoutEnabled = "tcp.userTimeoutEnabled",
        /// Whether the peer's may change `connTimeout` (8.2.3).
        TcpUserTimeoutChangeable = "tcp.userTimeoutChangeable",
    }
}

impl ConnectionProperty {
    /// Whether it can only be asked for.
    #[must_use]
    pub const fn is_read_only(self) -> bool {
        matches!(
            self,
            Self::ConnState
                | Self::CanSend
                | Self::CanReceive
                | Self::SingularTransmissionMsgMaxLen
                | Self::SendMsgMaxLen
                | Self::RecvMsgMaxLen
        )
    }

    /// Whether all connections of a group have the same value (RFC 9622
    /// section 7.4): every one that can be set, but the priority.
    #[must_use]
    pub const fn is_entangled(self) -> bool {
        !self.is_read_only() && !matches!(self, Self::ConnPriority)
    }
}

named! {
    /// How the connections of a group share what may be sent: the schedulers
    /// of RFC 8260 section 3.
    pub enum Scheduler: same_value, "scheduler" {
        /// In the order of the calls (3.1).
        FirstComeFirstServed = "First-Come, First-Served",
        /// A message of each in turn (3.2).
        RoundRobin = "Round-Robin",
        /// A packet of each in turn (3.3).
        RoundRobinPerPacket = "Round-Robin per Packet",
        /// By `connPriority` only (3.4).
        PriorityBased = "Priority-Based",
        /// As many bytes of each (3.5).
        FairCapacity = "Fair Capacity",
        /// As many bytes of each as its weight says (3.6); the default.
        WeightedFairQueueing = "Weighted Fair Queueing",
    }
}

named! {
    /// What several paths are used for (RFC 9622 section 8.1.7).
    pub enum MultipathPolicy: same_value, "multipath policy" {
        /// Another path when the one in use fails; the default.
        Handover = "Handover",
        /// Another path when the one in use is slow.
        Interactive = "Interactive",
        /// All at once, for their sum.
        Aggregate = "Aggregate",
    }
}

/// The user timeout option of TCP (RFC 5482; RFC 9622 section 8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TcpUserTimeout {
    /// `tcp.userTimeoutValue`, whole seconds; default 300 s.
    pub value: Duration,
    /// `tcp.userTimeoutEnabled`: tell the peer; off by default.
    pub enabled: bool,
    /// `tcp.userTimeoutChangeable`: the peer's value may change
    /// `connTimeout`. On by default, and off from the moment that the
    /// application sets `connTimeout` itself.
    pub changeable: bool,
}

impl TcpUserTimeout {
    /// 300 s, off, changeable.
    pub const DEFAULT: Self = Self {
        value: Duration::from_secs(300),
        enabled: false,
        changeable: true,
    };
}

impl Default for TcpUserTimeout {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The properties of a connection that can be set (RFC 9622 sections 8.1 and
/// 8.2). `None` is `Disabled` for a timeout and `Unlimited` for a rate or a
/// limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnectionProperties {
    /// `recvChecksumLen`; full coverage by default.
    pub recv_checksum_len: ChecksumLength,
    /// `connPriority`: the lower number goes first; default 100. The only
    /// property that the connections of a group do not share.
    pub conn_priority: u32,
    /// `connTimeout`: how long data that was sent may stay unacknowledged
    /// before the connection is given up; disabled by default. Set it with
    /// [`with_conn_timeout`](Self::with_conn_timeout) or [`set`](Self::set),
    /// which also keep the peer from changing it.
    pub conn_timeout: Option<Duration>,
    /// `keepAliveTimeout`: after how much silence the peer is asked; disabled
    /// by default, and when it is longer than `conn_timeout`.
    pub keep_alive_timeout: Option<Duration>,
    /// `connScheduler`; weighted fair queueing by default.
    pub conn_scheduler: Scheduler,
    /// `connCapacityProfile`; default [`CapacityProfile::Default`].
    pub conn_capacity_profile: CapacityProfile,
    /// `multipathPolicy`; handover by default.
    pub multipath_policy: MultipathPolicy,
    /// `minSendRate`, bit/s; unlimited by default.
    pub min_send_rate: Option<u64>,
    /// `minRecvRate`, bit/s; unlimited by default.
    pub min_recv_rate: Option<u64>,
    /// `maxSendRate`, bit/s; unlimited by default.
    pub max_send_rate: Option<u64>,
    /// `maxRecvRate`, bit/s; unlimited by default.
    pub max_recv_rate: Option<u64>,
    /// `groupConnLimit`; unlimited by default.
    pub group_conn_limit: Option<u32>,
    /// `isolateSession`: use nothing that was remembered of other connections,
    /// and remember nothing for them; off by default.
    pub isolate_session: bool,
    /// `tcp.userTimeout*`.
    pub tcp_user_timeout: TcpUserTimeout,
}

impl ConnectionProperties {
    /// The defaults named at each property.
    pub const DEFAULT: Self = Self {
        recv_checksum_len: ChecksumLength::FullCoverage,
        conn_priority: 100,
        conn_timeout: None,
        keep_alive_timeout: None,
        conn_scheduler: Scheduler::WeightedFairQueueing,
        conn_capacity_profile: CapacityProfile::Default,
        multipath_policy: MultipathPolicy::Handover,
        min_send_rate: None,
        min_recv_rate: None,
        max_send_rate: None,
        max_recv_rate: None,
        group_conn_limit: None,
        isolate_session: false,
        tcp_user_timeout: TcpUserTimeout::DEFAULT,
    };

    /// With `connTimeout`. The peer's user timeout may not change it any more
    /// (RFC 9622 section 8.2.3).
    #[must_use]
    pub const fn with_conn_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.conn_timeout = timeout;
        self.tcp_user_timeout.changeable = false;
        self
    }

    /// With `keepAliveTimeout`.
    #[must_use]
    pub const fn with_keep_alive_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.keep_alive_timeout = timeout;
        self
    }

    /// With a priority; the lower number goes first.
    #[must_use]
    pub const fn with_conn_priority(mut self, priority: u32) -> Self {
        self.conn_priority = priority;
        self
    }

    /// With a capacity profile.
    #[must_use]
    pub const fn with_capacity_profile(mut self, profile: CapacityProfile) -> Self {
        self.conn_capacity_profile = profile;
        self
    }

    /// The interval of keep-alives that holds: `None` when they are off, which
    /// a `keepAliveTimeout` that is longer than `connTimeout` means too.
    #[must_use]
    pub fn keep_alive(&self) -> Option<Duration> {
        self.keep_alive_timeout
            .filter(|interval| self.conn_timeout.is_none_or(|timeout| *interval <= timeout))
    }
}

impl Default for ConnectionProperties {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taps::PropertyValue;

    #[test]
    fn defaults_are_those_of_the_rfc() {
        let defaults = ConnectionProperties::default();
        assert_eq!(defaults.recv_checksum_len, ChecksumLength::FullCoverage);
        assert_eq!(defaults.conn_priority, 100);
        assert_eq!(defaults.conn_timeout, None);
        assert_eq!(defaults.keep_alive(), None);
        assert_eq!(defaults.conn_scheduler, Scheduler::WeightedFairQueueing);
        assert_eq!(defaults.conn_capacity_profile, CapacityProfile::Default);
        assert_eq!(defaults.multipath_policy, MultipathPolicy::Handover);
        assert_eq!(
            (defaults.min_send_rate, defaults.min_recv_rate),
            (None, None)
        );
        assert_eq!(
            (defaults.max_send_rate, defaults.max_recv_rate),
            (None, None)
        );
        assert_eq!(defaults.group_conn_limit, None);
        assert!(!defaults.isolate_session);
        assert_eq!(defaults.tcp_user_timeout.value, Duration::from_secs(300));
        assert!(!defaults.tcp_user_timeout.enabled);
        assert!(defaults.tcp_user_timeout.changeable);
    }

    #[test]
    fn setting_the_timeout_keeps_the_peer_from_changing_it() {
        let set = ConnectionProperties::DEFAULT.with_conn_timeout(Some(Duration::from_secs(90)));
        assert!(!set.tcp_user_timeout.changeable);
        assert_eq!(set.conn_timeout, Some(Duration::from_secs(90)));
    }

    #[test]
    fn a_keep_alive_that_comes_too_late_is_off() {
        let at = |keep_alive, timeout| {
            ConnectionProperties::DEFAULT
                .with_keep_alive_timeout(Some(Duration::from_secs(keep_alive)))
                .with_conn_timeout(Some(Duration::from_secs(timeout)))
                .keep_alive()
        };
        assert_eq!(at(20, 60), Some(Duration::from_secs(20)));
        assert_eq!(at(60, 60), Some(Duration::from_secs(60)));
        assert_eq!(at(61, 60), None);
    }

    #[test]
    fn every_policy_of_paths_can_be_set() {
        let mut properties = ConnectionProperties::DEFAULT;
        for policy in MultipathPolicy::ALL {
            let value = PropertyValue::MultipathPolicy(*policy);
            let property = ConnectionProperty::MultipathPolicy;
            assert_eq!(properties.set(property, value), Ok(()));
            assert_eq!(properties.get(property), Some(value));
        }
    }

    #[test]
    fn all_but_the_priority_are_shared_in_a_group() {
        let alone: std::vec::Vec<_> = ConnectionProperty::ALL
            .iter()
            .filter(|property| !property.is_entangled() && !property.is_read_only())
            .collect();
        assert_eq!(alone, [&ConnectionProperty::ConnPriority]);
    }
}
