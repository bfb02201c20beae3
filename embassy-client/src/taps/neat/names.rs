//! NEATPy's names of properties, in the words of RFC 9622.
//!
//! NEATPy follows draft 6 of the interface (RFC 9623 appendix C); names and
//! some meanings have changed since.

use core::fmt;

use super::super::property::named::same_value;
use super::super::property::{ConnectionProperty, MessageProperty, Property, SelectionProperty};
use ConnectionProperty as C;
use MessageProperty as M;
use Property::{Connection, Message, Selection};
use SelectionProperty as S;

/// Which of NEATPy's enumerations a name is from: `PRIORITY` is in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NeatClass {
    /// `SelectionProperties`.
    Selection,
    /// `MessageProperties`.
    Message,
    /// `ConnectionProperties`, and what `tcp-uto` holds.
    Connection,
}

/// What has become of one of NEATPy's properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Translation {
    /// Where NEATPy has it.
    pub class: NeatClass,
    /// NEATPy's identifier, such as `msg-prio`.
    pub id: &'static str,
    /// NEATPy's member, such as `PRIORITY`.
    pub member: &'static str,
    /// The properties that took its place; empty when there is none.
    pub successors: &'static [Property],
    /// What is different beside the name: an inverted sense, another type or
    /// default, no successor. `None` when only the name is.
    pub note: Option<&'static str>,
    /// Whether a value that was set under the old name means the same under
    /// the (first) successor's.
    pub carries_over: bool,
}

/// What has become of NEATPy's property `name`, be it the identifier
/// (`msg-prio`) or the member (`PRIORITY`, which is a message's and a
/// connection's). Case does not matter.
///
/// ```
/// use wigwag_embassy::taps::neat::translate;
/// use wigwag_embassy::taps::{MessageProperty, Property};
///
/// let now = translate("idempotent").next().unwrap();
/// assert_eq!(now.successors, [Property::Message(MessageProperty::SafelyReplayable)]);
/// assert_eq!(now.note, None);
/// let gone = translate("retransmit-notify").next().unwrap();
/// assert!(gone.successors.is_empty());
/// assert!(gone.note.unwrap().contains("no successor"));
/// ```
pub fn translate(name: &str) -> impl Iterator<Item = &'static Translation> {
    TRANSLATIONS.iter().filter(move |one| {
        // NEATPy has one identifier that holds two: "max-send-rate /
        // max-recv-rate".
        name.split('/')
            .any(|name| same_value(name, one.id) || same_value(name, one.member))
    })
}

/// Every property of NEATPy.
pub const TRANSLATIONS: &[Translation] = &[
    selection("reliability", "RELIABILITY", &[Selection(S::Reliability)]),
    selection(
        "preserve-msg-boundaries",
        "PRESERVE_MSG_BOUNDARIES",
        &[Selection(S::PreserveMsgBoundaries)],
    )
    .noting("the default is No Preference now, and was PREFER"),
    selection(
        "per-msg-reliability",
        "PER_MSG_RELIABILITY",
        &[Selection(S::PerMsgReliability)],
    ),
    selection(
        "preserve-order",
        "PRESERVE_ORDER",
        &[Selection(S::PreserveOrder)],
    ),
    selection("zero-rtt-msg", "ZERO_RTT_MSG", &[Selection(S::ZeroRttMsg)]),
    selection(
        "multistreaming",
        "MULTISTREAMING",
        &[Selection(S::Multistreaming)],
    ),
    selection(
        "per-msg-checksum-len-send",
        "PER_MSG_CHECKSUM_LEN_SEND",
        &[Selection(S::FullChecksumSend)],
    )
    .changed(
        "the sense is inverted: it asked for checksums that cover a part, fullChecksumSend asks \
         for whole ones, and the default is Require",
    ),
    selection(
        "per-msg-checksum-len-recv",
        "PER_MSG_CHECKSUM_LEN_RECV",
        &[Selection(S::FullChecksumRecv)],
    )
    .changed(
        "the sense is inverted: it asked for checksums that cover a part, fullChecksumRecv asks \
         for whole ones, and the default is Require",
    ),
    selection(
        "congestion-control",
        "CONGESTION_CONTROL",
        &[Selection(S::CongestionControl)],
    ),
    selection(
        "multipath",
        "MULTIPATH",
        &[
            Property::Multipath,
            Connection(C::MultipathPolicy),
            Property::AdvertisesAltaddr,
        ],
    )
    .changed(
        "it was a preference, and is a mode now (Disabled, Active, Passive) with a policy and \
         advertisesAltaddr beside it",
    ),
    selection("direction", "DIRECTION", &[Property::Direction])
        .noting("it can be set now; NEATPy's add() takes no direction"),
    selection("retransmit-notify", "RETRANSMIT_NOTIFY", &[])
        .changed("removed, no successor: softErrorNotify is about ICMP only"),
    selection(
        "soft-error-notify",
        "SOFT_ERROR_NOTIFY",
        &[Selection(S::SoftErrorNotify)],
    ),
    selection("interface", "INTERFACE", &[Property::Interface])
        .changed("a preference for each interface; NEATPy dies of a KeyError"),
    selection("pvd", "PVD", &[Property::Pvd])
        .changed("a preference for each provisioning domain; NEATPy dies of a KeyError"),
    selection(
        "local-address-preference",
        "LOCAL_ADDRESS_PREFERENCE",
        &[Selection(S::UseTemporaryLocalAddress)],
    )
    .changed("a preference now: TEMPORARY is Prefer, STABLE is Avoid (AddressPreference)"),
    message("msg-lifetime", "LIFETIME", &[Message(M::MsgLifetime)]),
    message("msg-prio", "PRIORITY", &[Message(M::MsgPriority)])
        .changed("the lower number goes first; NEATPy sends the higher first"),
    message("msg-ordered", "ORDERED", &[Message(M::MsgOrdered)])
        .noting("the default follows preserveOrder"),
    message("idempotent", "IDEMPOTENT", &[Message(M::SafelyReplayable)]),
    message("final", "FINAL", &[Message(M::Final)]),
    message(
        "msg-checksum-len",
        "CORRUPTION_PROTECTION_LENGTH",
        &[Message(M::MsgChecksumLen)],
    )
    .changed("Full Coverage where NEATPy had -1"),
    message(
        "msg-reliable",
        "RELIABLE_DATA_TRANSFER",
        &[Message(M::MsgReliable)],
    )
    .noting("the default follows reliability"),
    message(
        "msg-capacity-profile",
        "MESSAGE_CAPACITY_PROFILE_OVERRIDE",
        &[Message(M::MsgCapacityProfile)],
    )
    .noting("the default is the connection's profile"),
    message(
        "singular-transmission",
        "SINGULAR_TRANSMISSION",
        &[Message(M::NoSegmentation), Message(M::NoFragmentation)],
    )
    .changed("noSegmentation is the same; noFragmentation is new beside it"),
    message("ecn", "ECN", &[])
        .changed("no property: the receive context tells it where the stack does"),
    message("early-data", "EARLY_DATA", &[])
        .changed("no property: the receive context tells it where the stack does"),
    message("receiving-final-messages", "RECEIVING_FINAL_MESSAGE", &[])
        .changed("no property: the receive context tells it"),
    connection(
        "retransmit-notify-threshold",
        "RETRANSMISSION_THRESHOLD_BEFORE_EXCESSIVE_RETRANSMISSION_NOTIFICATION",
        &[],
    )
    .changed("removed, no successor"),
    connection(
        "recv-checksum-len",
        "REQUIRED_MINIMUM_CORRUPTION_PROTECTION_COVERAGE_FOR_RECEIVING",
        &[Connection(C::RecvChecksumLen)],
    )
    .changed("Full Coverage where NEATPy had -1"),
    connection("conn-prio", "PRIORITY", &[Connection(C::ConnPriority)])
        .changed("the lower number goes first"),
    connection(
        "conn-timeout",
        "TIMEOUT_FOR_ABORTING_CONNECTION",
        &[Connection(C::ConnTimeout)],
    )
    .changed("Disabled where NEATPy had -1"),
    connection(
        "conn-scheduler",
        "CONNECTION_GROUP_TRANSMISSION_SCHEDULER",
        &[Connection(C::ConnScheduler)],
    ),
    connection(
        "zero-rtt-msg-max-len",
        "MAXIMUM_MESSAGE_SIZE_CONCURRENT_WITH_CONNECTION_ESTABLISHMENT",
        &[],
    )
    .changed("removed, no successor"),
    connection(
        "singular-transmission-msg-max-len",
        "MAXIMUM_MESSAGE_SIZE_BEFORE_FRAGMENTATION_OR_SEGMENTATION",
        &[Connection(C::SingularTransmissionMsgMaxLen)],
    ),
    connection(
        "send-msg-max-len",
        "MAXIMUM_MESSAGE_SIZE_ON_SEND",
        &[Connection(C::SendMsgMaxLen)],
    ),
    connection(
        "recv-msg-max-len",
        "MAXIMUM_MESSAGE_SIZE_ON_RECEIVE",
        &[Connection(C::RecvMsgMaxLen)],
    ),
    connection(
        "conn-capacity-profile",
        "CAPACITY_PROFILE",
        &[Connection(C::ConnCapacityProfile)],
    ),
    connection(
        "max-send-rate",
        "BOUNDS_ON_SEND_OR_RECEIVE_RATE",
        &[Connection(C::MaxSendRate), Connection(C::MinSendRate)],
    )
    .changed("one property held both rates, -1 for no bound; minSendRate is new"),
    connection(
        "max-recv-rate",
        "BOUNDS_ON_SEND_OR_RECEIVE_RATE",
        &[Connection(C::MaxRecvRate), Connection(C::MinRecvRate)],
    )
    .changed("one property held both rates, -1 for no bound; minRecvRate is new"),
    connection("tcp-uto", "USER_TIMEOUT_TCP", USER_TIMEOUT)
        .changed("one dictionary, and three properties now"),
    connection(
        "tcp.user-timeout-value",
        "ADVERTISED_USER_TIMEOUT",
        &[Connection(C::TcpUserTimeoutValue)],
    ),
    connection(
        "tcp.user-timeout",
        "USER_TIMEOUT_ENABLED",
        &[Connection(C::TcpUserTimeoutEnabled)],
    ),
    connection(
        "tcp.user-timeout-recv",
        "CHANGEABLE",
        &[Connection(C::TcpUserTimeoutChangeable)],
    ),
];

const USER_TIMEOUT: &[Property] = &[
    Connection(C::TcpUserTimeoutValue),
    Connection(C::TcpUserTimeoutEnabled),
    Connection(C::TcpUserTimeoutChangeable),
];

impl fmt::Display for Translation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)?;
        for (index, successor) in self.successors.iter().enumerate() {
            f.write_str(if index == 0 { " is " } else { ", " })?;
            f.write_str(successor.name())?;
        }
        match self.note {
            Some(note) => write!(f, ": {note}"),
            None => Ok(()),
        }
    }
}

impl Translation {
    const fn noting(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    const fn changed(mut self, note: &'static str) -> Self {
        self.carries_over = false;
        self.noting(note)
    }
}

const fn row(
    class: NeatClass,
    id: &'static str,
    member: &'static str,
    successors: &'static [Property],
) -> Translation {
    Translation {
        class,
        id,
        member,
        successors,
        note: None,
        carries_over: true,
    }
}

const fn selection(
    id: &'static str,
    member: &'static str,
    successors: &'static [Property],
) -> Translation {
    row(NeatClass::Selection, id, member, successors)
}

const fn message(
    id: &'static str,
    member: &'static str,
    successors: &'static [Property],
) -> Translation {
    row(NeatClass::Message, id, member, successors)
}

const fn connection(
    id: &'static str,
    member: &'static str,
    successors: &'static [Property],
) -> Translation {
    row(NeatClass::Connection, id, member, successors)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::taps::neat::NeatProperty;

    #[test]
    fn every_selection_property_of_neatpy_has_one_translation() {
        for property in NeatProperty::ALL {
            let found: Vec<_> = translate(property.name()).collect();
            assert_eq!(found.len(), 1, "{property}");
            assert_eq!(found[0].class, NeatClass::Selection);
            assert_eq!(found[0].id.parse(), Ok(*property), "{}", found[0].id);
            assert_eq!(translate(found[0].id).next(), Some(found[0]));
        }
    }

    #[test]
    fn what_has_no_successor_or_another_sense_says_so() {
        for one in TRANSLATIONS {
            if one.successors.is_empty() {
                let note = one.note.unwrap_or_default();
                assert!(
                    note.contains("no successor") || note.contains("no property"),
                    "{}",
                    one.id
                );
            }
            if one.successors.len() > 1 || !one.carries_over {
                assert!(one.note.is_some(), "{}", one.id);
            }
            assert!(!one.carries_over || !one.successors.is_empty());
        }
        for id in ["per-msg-checksum-len-send", "per-msg-checksum-len-recv"] {
            let one = translate(id).next().unwrap();
            assert!(!one.carries_over, "{id}");
            assert!(one.note.is_some_and(|note| note.contains("inverted")));
        }
        for id in [
            "retransmit-notify",
            "retransmit-notify-threshold",
            "zero-rtt-msg-max-len",
        ] {
            let gone = translate(id).next().unwrap();
            assert_eq!(gone.successors, [], "{id}");
            assert!(gone.note.is_some_and(|note| note.contains("removed")));
        }
    }

    #[test]
    fn a_member_of_two_enumerations_has_two_translations() {
        let found: Vec<_> = translate("priority").map(|one| one.class).collect();
        assert_eq!(found, [NeatClass::Message, NeatClass::Connection]);
        assert_eq!(translate("max-send-rate / max-recv-rate").count(), 2);
        assert_eq!(translate("BOUNDS_ON_SEND_OR_RECEIVE_RATE").count(), 2);
        assert_eq!(translate("colour").count(), 0);
        assert_eq!(translate("").count(), 0);
    }

    #[test]
    fn identifiers_are_there_once() {
        for (index, one) in TRANSLATIONS.iter().enumerate() {
            let twin = TRANSLATIONS[..index].iter().find(|two| two.id == one.id);
            assert_eq!(twin, None, "{}", one.id);
        }
    }
}
