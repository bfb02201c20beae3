//! Connection and message properties by name: RFC 9622's `SetProperty` and
//! `GetProperties` (section 8), and `add` of a message context (section 9.1.1).

use core::fmt;
use core::time::Duration;

use super::super::transport::ConnectionState;
use super::capacity::CapacityProfile;
use super::connection::{ConnectionProperties, ConnectionProperty, MultipathPolicy, Scheduler};
use super::message::{ChecksumLength, MessageProperties, MessageProperty};

/// The value of a property that is set or asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PropertyValue {
    /// Yes or no.
    Flag(bool),
    /// A number: a priority, a length in bytes, a rate in bit/s, a limit.
    Number(u64),
    /// A time.
    Time(Duration),
    /// `Disabled`, `Unlimited`, `Infinite`, `Full Coverage`, or for a message
    /// property what its connection says: whatever the absence of a value is
    /// called.
    Unset,
    /// Of `connScheduler`.
    Scheduler(Scheduler),
    /// Of `connCapacityProfile` and `msgCapacityProfile`.
    CapacityProfile(CapacityProfile),
    /// Of `multipathPolicy`.
    MultipathPolicy(MultipathPolicy),
    /// Of `connState`.
    State(ConnectionState),
}

/// Why a property was not set. The connection lives on with the value it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SetError {
    /// It can only be asked for.
    ReadOnly,
    /// The value is of another type.
    WrongType,
    /// The value is of the right type and not allowed: a time or a rate of
    /// zero, a number that is too large.
    OutOfRange,
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "the property can be read only",
            Self::WrongType => "the value is of the wrong type for the property",
            Self::OutOfRange => "the value is out of the property's range",
        })
    }
}

impl core::error::Error for SetError {}

/// Longest user timeout that the option of TCP can carry: 15 bits of minutes
/// (RFC 5482 section 2).
const MAX_USER_TIMEOUT: Duration = Duration::from_secs(32_767 * 60);

impl ConnectionProperties {
    /// Sets a property by name.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wigwag_embassy::taps::{
    ///     ConnectionProperties, ConnectionProperty, PropertyValue, SetError,
    /// };
    ///
    /// let mut properties = ConnectionProperties::DEFAULT;
    /// let timeout = PropertyValue::Time(Duration::from_secs(60));
    /// properties.set(ConnectionProperty::ConnTimeout, timeout)?;
    /// assert_eq!(properties.conn_timeout, Some(Duration::from_secs(60)));
    /// let state = properties.set(ConnectionProperty::ConnState, timeout);
    /// assert_eq!(state, Err(SetError::ReadOnly));
    /// # Ok::<(), SetError>(())
    /// ```
    ///
    /// # Errors
    /// [`SetError`]; nothing has changed then.
    pub fn set(
        &mut self,
        property: ConnectionProperty,
        value: PropertyValue,
    ) -> Result<(), SetError> {
        use ConnectionProperty as C;
        match property {
            C::RecvChecksumLen => self.recv_checksum_len = checksum_length(value)?,
            C::ConnPriority => self.conn_priority = number(value)?,
            C::ConnTimeout => *self = self.with_conn_timeout(time(value)?),
            C::KeepAliveTimeout => self.keep_alive_timeout = time(value)?,
            C::ConnScheduler => match value {
                PropertyValue::Scheduler(scheduler) => self.conn_scheduler = scheduler,
                _ => return Err(SetError::WrongType),
            },
            C::ConnCapacityProfile => match value {
                PropertyValue::CapacityProfile(profile) => self.conn_capacity_profile = profile,
                _ => return Err(SetError::WrongType),
            },
            C::MultipathPolicy => match value {
                PropertyValue::MultipathPolicy(policy) => self.multipath_policy = policy,
                _ => return Err(SetError::WrongType),
            },
            C::MinSendRate => self.min_send_rate = rate(value)?,
            C::MinRecvRate => self.min_recv_rate = rate(value)?,
            C::MaxSendRate => self.max_send_rate = rate(value)?,
            C::MaxRecvRate => self.max_recv_rate = rate(value)?,
            C::GroupConnLimit => {
                self.group_conn_limit = match rate(value)? {
                    Some(limit) => Some(u32::try_from(limit).map_err(|_| SetError::OutOfRange)?),
                    None => None,
                }
            }
            C::IsolateSession => self.isolate_session = flag(value)?,
            C::TcpUserTimeoutValue => match time(value)? {
                Some(timeout) if timeout <= MAX_USER_TIMEOUT && timeout.subsec_nanos() == 0 => {
                    self.tcp_user_timeout.value = timeout;
                }
                Some(_) => return Err(SetError::OutOfRange),
                None => return Err(SetError::WrongType),
            },
            C::TcpUserTimeoutEnabled => self.tcp_user_timeout.enabled = flag(value)?,
            C::TcpUserTimeoutChangeable => self.tcp_user_timeout.changeable = flag(value)?,
            C::ConnState
            | C::CanSend
            | C::CanReceive
            | C::SingularTransmissionMsgMaxLen
            | C::SendMsgMaxLen
            | C::RecvMsgMaxLen => return Err(SetError::ReadOnly),
        }
        Ok(())
    }

    /// The value of a property; `None` for those that only a connection knows
    /// ([`ConnectionProperty::is_read_only`]).
    #[must_use]
    pub fn get(&self, property: ConnectionProperty) -> Option<PropertyValue> {
        use ConnectionProperty as C;
        use PropertyValue as V;
        Some(match property {
            C::RecvChecksumLen => of_checksum_length(self.recv_checksum_len),
            C::ConnPriority => V::Number(self.conn_priority.into()),
            C::ConnTimeout => of(self.conn_timeout, V::Time),
            C::KeepAliveTimeout => of(self.keep_alive_timeout, V::Time),
            C::ConnScheduler => V::Scheduler(self.conn_scheduler),
            C::ConnCapacityProfile => V::CapacityProfile(self.conn_capacity_profile),
            C::MultipathPolicy => V::MultipathPolicy(self.multipath_policy),
            C::MinSendRate => of(self.min_send_rate, V::Number),
            C::MinRecvRate => of(self.min_recv_rate, V::Number),
            C::MaxSendRate => of(self.max_send_rate, V::Number),
            C::MaxRecvRate => of(self.max_recv_rate, V::Number),
            C::GroupConnLimit => of(self.group_conn_limit, |limit| V::Number(limit.into())),
            C::IsolateSession => V::Flag(self.isolate_session),
            C::TcpUserTimeoutValue => V::Time(self.tcp_user_timeout.value),
            C::TcpUserTimeoutEnabled => V::Flag(self.tcp_user_timeout.enabled),
            C::TcpUserTimeoutChangeable => V::Flag(self.tcp_user_timeout.changeable),
            C::ConnState
            | C::CanSend
            | C::CanReceive
            | C::SingularTransmissionMsgMaxLen
            | C::SendMsgMaxLen
            | C::RecvMsgMaxLen => return None,
        })
    }
}

impl MessageProperties {
    /// Sets a property by name.
    ///
    /// # Errors
    /// [`SetError`]; nothing has changed then.
    pub fn set(&mut self, property: MessageProperty, value: PropertyValue) -> Result<(), SetError> {
        use MessageProperty as M;
        match property {
            M::MsgLifetime => self.lifetime = time(value)?,
            M::MsgPriority => self.priority = number(value)?,
            M::MsgOrdered => self.ordered = optional_flag(value)?,
            M::SafelyReplayable => self.safely_replayable = optional_flag(value)?,
            M::Final => self.final_message = flag(value)?,
            M::MsgChecksumLen => self.checksum_len = checksum_length(value)?,
            M::MsgReliable => self.reliable = optional_flag(value)?,
            M::MsgCapacityProfile => {
                self.capacity_profile = match value {
                    PropertyValue::CapacityProfile(profile) => Some(profile),
                    PropertyValue::Unset => None,
                    _ => return Err(SetError::WrongType),
                }
            }
            M::NoFragmentation => self.no_fragmentation = flag(value)?,
            M::NoSegmentation => self.no_segmentation = flag(value)?,
        }
        Ok(())
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, property: MessageProperty) -> PropertyValue {
        use MessageProperty as M;
        use PropertyValue as V;
        match property {
            M::MsgLifetime => of(self.lifetime, V::Time),
            M::MsgPriority => V::Number(self.priority.into()),
            M::MsgOrdered => of(self.ordered, V::Flag),
            M::SafelyReplayable => of(self.safely_replayable, V::Flag),
            M::Final => V::Flag(self.final_message),
            M::MsgChecksumLen => of_checksum_length(self.checksum_len),
            M::MsgReliable => of(self.reliable, V::Flag),
            M::MsgCapacityProfile => of(self.capacity_profile, V::CapacityProfile),
            M::NoFragmentation => V::Flag(self.no_fragmentation),
            M::NoSegmentation => V::Flag(self.no_segmentation),
        }
    }
}

fn of<T>(value: Option<T>, shown: impl FnOnce(T) -> PropertyValue) -> PropertyValue {
    value.map_or(PropertyValue::Unset, shown)
}

fn of_checksum_length(length: ChecksumLength) -> PropertyValue {
    match length {
        ChecksumLength::FullCoverage => PropertyValue::Unset,
        ChecksumLength::Bytes(bytes) => PropertyValue::Number(bytes.into()),
    }
}

fn flag(value: PropertyValue) -> Result<bool, SetError> {
    match value {
        PropertyValue::Flag(flag) => Ok(flag),
        _ => Err(SetError::WrongType),
    }
}

fn optional_flag(value: PropertyValue) -> Result<Option<bool>, SetError> {
    match value {
        PropertyValue::Unset => Ok(None),
        other => flag(other).map(Some),
    }
}

/// A number of 32 bits.
fn number(value: PropertyValue) -> Result<u32, SetError> {
    match value {
        PropertyValue::Number(number) => u32::try_from(number).map_err(|_| SetError::OutOfRange),
        _ => Err(SetError::WrongType),
    }
}

/// A time that is not zero, or none.
fn time(value: PropertyValue) -> Result<Option<Duration>, SetError> {
    match value {
        PropertyValue::Time(time) if time.is_zero() => Err(SetError::OutOfRange),
        PropertyValue::Time(time) => Ok(Some(time)),
        PropertyValue::Unset => Ok(None),
        _ => Err(SetError::WrongType),
    }
}

/// A rate or a limit that is not zero, or none.
fn rate(value: PropertyValue) -> Result<Option<u64>, SetError> {
    match value {
        PropertyValue::Number(0) => Err(SetError::OutOfRange),
        PropertyValue::Number(number) => Ok(Some(number)),
        PropertyValue::Unset => Ok(None),
        _ => Err(SetError::WrongType),
    }
}

fn checksum_length(value: PropertyValue) -> Result<ChecksumLength, SetError> {
    match value {
        PropertyValue::Unset => Ok(ChecksumLength::FullCoverage),
        other => number(other).map(ChecksumLength::Bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PropertyValue as V;

    /// One value of each type, none of them a default.
    const VALUES: [V; 8] = [
        V::Flag(true),
        V::Flag(false),
        V::Number(7),
        V::Time(Duration::from_secs(7)),
        V::Unset,
        V::Scheduler(Scheduler::RoundRobin),
        V::CapacityProfile(CapacityProfile::Scavenger),
        V::MultipathPolicy(MultipathPolicy::Aggregate),
    ];

    #[test]
    fn what_was_set_is_what_is_read_and_a_refusal_changes_nothing() {
        for property in ConnectionProperty::ALL {
            let mut taken = 0;
            for value in VALUES {
                let mut properties = ConnectionProperties::DEFAULT;
                match properties.set(*property, value) {
                    Ok(()) => {
                        taken += 1;
                        assert_eq!(properties.get(*property), Some(value), "{property}");
                    }
                    Err(error) => {
                        assert_eq!(properties, ConnectionProperties::DEFAULT, "{property}");
                        let read_only = error == SetError::ReadOnly;
                        assert_eq!(read_only, property.is_read_only(), "{property}: {error}");
                    }
                }
            }
            assert_eq!(taken == 0, property.is_read_only(), "{property}");
        }
        for property in MessageProperty::ALL {
            let mut taken = 0;
            for value in VALUES {
                let mut properties = MessageProperties::DEFAULT;
                match properties.set(*property, value) {
                    Ok(()) => {
                        taken += 1;
                        assert_eq!(properties.get(*property), value, "{property}");
                    }
                    Err(error) => {
                        assert_eq!(properties, MessageProperties::DEFAULT, "{property}");
                        assert_eq!(error, SetError::WrongType, "{property}");
                    }
                }
            }
            assert!(taken > 0, "{property}");
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        use ConnectionProperty as C;
        let refused = |property, value| {
            let mut properties = ConnectionProperties::DEFAULT;
            properties.set(property, value) == Err(SetError::OutOfRange)
        };
        assert!(refused(C::ConnTimeout, V::Time(Duration::ZERO)));
        assert!(refused(C::KeepAliveTimeout, V::Time(Duration::ZERO)));
        assert!(refused(C::ConnPriority, V::Number(1 << 32)));
        assert!(refused(C::MaxSendRate, V::Number(0)));
        assert!(refused(C::GroupConnLimit, V::Number(0)));
        assert!(refused(C::GroupConnLimit, V::Number(1 << 32)));
        assert!(refused(C::RecvChecksumLen, V::Number(u64::MAX)));
        let longer = MAX_USER_TIMEOUT + Duration::from_secs(1);
        assert!(refused(C::TcpUserTimeoutValue, V::Time(longer)));
        let halves = Duration::from_millis(1500);
        assert!(refused(C::TcpUserTimeoutValue, V::Time(halves)));
        let mut message = MessageProperties::DEFAULT;
        let never = message.set(MessageProperty::MsgLifetime, V::Time(Duration::ZERO));
        assert_eq!(never, Err(SetError::OutOfRange));
    }

    #[test]
    fn the_timeout_by_name_keeps_the_peer_from_changing_it() {
        let mut properties = ConnectionProperties::DEFAULT;
        properties
            .set(ConnectionProperty::ConnTimeout, V::Unset)
            .unwrap();
        assert_eq!(
            properties.get(ConnectionProperty::TcpUserTimeoutChangeable),
            Some(V::Flag(false))
        );
    }
}
