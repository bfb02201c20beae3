//! The tables of conformance against the code: every property, parameter and
//! value that has a name has its row, and what the row says of defaults and
//! stacks is what the code says.
//!
//! That the tests which the rows name exist and pass is held by
//! `cargo xtask test`, which sees them run.

mod neatpy;

use std::collections::BTreeSet;

use wigwag_embassy::taps::neat::{
    NeatClass, NeatPreference, NeatProperty, NeatStack, TRANSLATIONS,
};
use wigwag_embassy::taps::{
    CapacityProfile, CommunicationDirection, ConnectionProperties, ConnectionProperty,
    MessageProperties, MessageProperty, Multipath, MultipathPolicy, Preference, Profile, Property,
    PropertyValue, Scheduler, SecurityParameter, StackId, TransportProperties, security_support,
    support,
};
use xtask::conformance::table::{Row, Table};
use xtask::conformance::tables;

use neatpy::OF_NEATPY;

fn rfc9622() -> Table {
    table("rfc9622.md")
}

fn neatpy() -> Table {
    table("neatpy.md")
}

fn table(name: &str) -> Table {
    let tables = tables().unwrap_or_else(|problems| panic!("{problems}"));
    let found = tables.into_iter().find(|table| table.path.ends_with(name));
    found.expect("it is one of them")
}

/// The row of an item.
fn row<'t>(table: &'t Table, item: &str) -> &'t Row {
    let row = table.rows.iter().find(|row| row.item == item);
    row.unwrap_or_else(|| panic!("{}: there is no row for {item}", table.path))
}

/// The row of something that goes by one name.
fn named<'t>(table: &'t Table, name: &str) -> &'t Row {
    row(table, &format!("`{name}`"))
}

fn says(row: &Row, start: &str) {
    assert!(row.does.starts_with(start), "{}: {start}", row.item);
}

/// What the stacks of a device do: "TCP, TLS: applied; UDP: unsupported.".
fn answers(property: Property) -> String {
    let mut kinds: Vec<(String, Vec<StackId>)> = Vec::new();
    for stack in [StackId::Tcp, StackId::Tls, StackId::Udp] {
        let answer = support(stack, property).support.to_string();
        match kinds.last_mut() {
            Some((last, stacks)) if *last == answer => stacks.push(stack),
            _ => kinds.push((answer, vec![stack])),
        }
    }
    let parts = kinds.iter().map(|(answer, stacks)| {
        let names: Vec<_> = stacks.iter().map(|stack| stack.name()).collect();
        format!("{}: {answer}", names.join(", "))
    });
    format!("{}.", parts.collect::<Vec<_>>().join("; "))
}

/// A value, as RFC 9622 writes it.
fn written(value: PropertyValue, unset: &str) -> String {
    match value {
        PropertyValue::Flag(flag) => flag.to_string(),
        PropertyValue::Number(number) => number.to_string(),
        PropertyValue::Time(time) => format!("{} s", time.as_secs()),
        PropertyValue::Unset => unset.to_owned(),
        PropertyValue::Scheduler(scheduler) => scheduler.to_string(),
        PropertyValue::CapacityProfile(profile) => profile.to_string(),
        PropertyValue::MultipathPolicy(policy) => policy.to_string(),
        PropertyValue::State(state) => format!("{state:?}"),
    }
}

/// What a property is when nothing is said; `None` if nothing can be said.
fn default_of(property: Property) -> Option<String> {
    use ConnectionProperty as C;
    use MessageProperty as M;
    let transport = TransportProperties::DEFAULT;
    Some(match property {
        Property::Selection(property) => transport.preference(property).to_string(),
        Property::Interface | Property::Pvd => "none".into(),
        Property::Multipath => transport.multipath().to_string(),
        Property::AdvertisesAltaddr => transport.advertises_altaddr().to_string(),
        Property::Direction => transport.direction().to_string(),
        Property::Connection(property) => {
            let unset = match property {
                C::RecvChecksumLen => "Full Coverage",
                C::ConnTimeout | C::KeepAliveTimeout => "Disabled",
                _ => "Unlimited",
            };
            written(ConnectionProperties::DEFAULT.get(property)?, unset)
        }
        // Where the connection decides, its own default does.
        Property::Message(M::SafelyReplayable) => transport.safely_replayable().to_string(),
        Property::Message(property) => {
            let unset = match property {
                M::MsgLifetime => "Infinite",
                M::MsgOrdered => "as `preserveOrder`",
                M::MsgReliable => "as `reliability`",
                M::MsgCapacityProfile => "as `connCapacityProfile`",
                _ => "Full Coverage",
            };
            written(MessageProperties::DEFAULT.get(property), unset)
        }
    })
}

#[test]
fn every_property_has_a_row_that_tells_its_default_and_what_each_stack_does() {
    let table = rfc9622();
    for property in Property::all() {
        let row = named(&table, property.name());
        let default = default_of(property).map_or_else(
            || String::from("Read only."),
            |default| format!("Default {default}."),
        );
        says(row, &format!("{default} {}", answers(property)));
    }
}

#[test]
fn every_security_parameter_has_a_row_that_tells_its_answer() {
    let table = rfc9622();
    for parameter in SecurityParameter::ALL {
        let row = named(&table, parameter.name());
        says(row, &format!("{}: ", security_support(*parameter).support));
        if let Some(only) = parameter.only_value() {
            assert!(row.does.contains(&format!("`{only}`")), "{}", row.item);
        }
    }
}

#[test]
fn every_value_that_has_a_name_has_a_row() {
    let table = rfc9622();
    for preference in Preference::ALL {
        named(&table, preference.name());
    }
    for profile in Profile::ALL {
        named(&table, profile.name());
    }
    let of = |property: &str, value: &str| row(&table, &format!("`{property}`: `{value}`"));
    for mode in Multipath::ALL {
        of("multipath", mode.name());
    }
    for scheduler in Scheduler::ALL {
        of("connScheduler", scheduler.name());
    }
    for policy in MultipathPolicy::ALL {
        of("multipathPolicy", policy.name());
    }
    for profile in CapacityProfile::ALL {
        let row = of("connCapacityProfile", profile.name());
        says(row, &format!("DSCP {:#04x}", profile.dscp()));
    }
    of("direction", CommunicationDirection::Bidirectional.name());
}

#[test]
fn every_name_of_neatpy_has_a_row_that_tells_its_successors() {
    let table = neatpy();
    for old in TRANSLATIONS {
        let class = match old.class {
            NeatClass::Selection => "SelectionProperties",
            NeatClass::Message => "MessageProperties",
            NeatClass::Connection => "ConnectionProperties",
        };
        let row = row(&table, &format!("`{class}.{}` (`{}`)", old.member, old.id));
        for successor in old.successors {
            let name = format!("`{}`", successor.name());
            assert!(row.does.contains(&name), "{}: {name}", row.item);
        }
        if old.successors.is_empty() {
            let says = row.does.starts_with("No successor") || row.does.starts_with("No property");
            assert!(says, "{}", row.item);
        }
    }
    for property in NeatProperty::ALL {
        let start = format!("`SelectionProperties.{property}` ");
        let rows = table.rows.iter().filter(|row| row.item.starts_with(&start));
        assert_eq!(rows.count(), 1, "{property}");
    }
    for level in NeatPreference::ALL {
        named(&table, &format!("PreferenceLevel.{level}"));
    }
    for stack in NeatStack::ALL {
        named(&table, &format!("SupportedProtocolStacks.{stack}"));
    }
}

/// What RFC 9622 and 9623 have and no type here lists.
const OF_THE_RFC: &[&str] = &[
    // 6
    "Preconnection.New",
    "Preconnection.AddLocal",
    "Preconnection.AddRemote",
    "Preconnection.AddFramer",
    "Preconnection.Resolve",
    // 6.1
    "WithHopLimit",
    "WithHostName",
    "WithIPAddress",
    "WithPort",
    "WithService",
    "WithInterface",
    "WithProtocol",
    "WithMulticastGroupIP",
    "WithAnySourceMulticastGroupIP",
    "WithSingleSourceMulticastGroupIP",
    "WithStunServer",
    // 6.2
    "TransportProperties.New",
    "TransportProperties.Set",
    // 6.3
    "NewSecurityParameters",
    "NewDisabledSecurityParameters",
    "NewOpportunisticSecurityParameters",
    "SecurityParameters.Set",
    // 7
    "Initiate",
    "InitiateWithSend",
    "Ready",
    "EstablishmentError",
    "Rendezvous",
    "RendezvousDone",
    "Listen",
    "ConnectionReceived",
    "Listener.SetNewConnectionLimit",
    "Listener.Stop",
    "Stopped",
    // 7.4
    "Clone",
    "CloneError",
    "GroupedConnections",
    "CloseGroup",
    "AbortGroup",
    // 7.5
    "AddRemote",
    "RemoveRemote",
    "AddLocal",
    "RemoveLocal",
    // 8
    "SetProperty",
    "GetProperties",
    "Has",
    "SoftError",
    "PathChange",
    // 9.1.1
    "MessageContext.add",
    "MessageContext.get",
    "MessageContext.getRemoteEndpoint",
    "MessageContext.getLocalEndpoint",
    "MessageContext.getOriginalRequest",
    // 9.1.2, and RFC 9623 section 6
    "Start",
    "Stop",
    "MakeConnectionReady",
    "MakeConnectionClosed",
    "FailConnection",
    "PrependFramer",
    "StartPassthrough",
    "NewSentMessage",
    "HandleReceivedData",
    "Parse",
    "AdvanceReceiveCursor",
    "DeliverAndAdvanceReceiveCursor",
    "Deliver",
    // 9.2
    "Send",
    "Sent",
    "Expired",
    "SendError",
    "endOfMessage",
    "StartBatch",
    "EndBatch",
    // 9.3
    "Receive",
    "minIncompleteLength",
    "maxLength",
    "Received",
    "ReceivedPartial",
    "ReceiveError",
    "ECN",
    "Early Data",
    "Receiving Final Message",
    // 10
    "Close",
    "Abort",
    "Closed",
    "ConnectionError",
    // Appendix B
    "TransportProperties.Require",
    "TransportProperties.Prefer",
    "TransportProperties.NoPreference",
    "TransportProperties.Avoid",
    "TransportProperties.Prohibit",
    // RFC 9623 appendix B
    "NoCandidates",
    "InvalidConfiguration",
    "PolicyProhibited",
    "ResolutionFailed",
    "EstablishmentFailed",
    "MessageTooLarge",
    "DeframingFailed",
    "Timeout",
];

#[test]
fn what_no_type_lists_has_a_row_too() {
    let table = rfc9622();
    for name in OF_THE_RFC {
        named(&table, name);
    }
    let table = neatpy();
    for (class, members) in OF_NEATPY {
        for member in *members {
            named(&table, &format!("{class}.{member}"));
        }
    }
    for name in [
        "TransportProperties(profile=None)",
        "unfulfilled_handler",
        "security_needed",
        "ExampleFramer",
        "SecondFramer",
        "FiveBytesFramer",
    ] {
        named(&table, name);
    }
}

/// Who looks for a section finds all of it in one place.
#[test]
fn rows_stand_under_headings_in_the_order_of_the_rfc() {
    let table = rfc9622();
    let mut sections: Vec<&str> = table.rows.iter().map(|row| row.section.as_str()).collect();
    sections.dedup();
    let distinct: BTreeSet<_> = sections.iter().collect();
    assert_eq!(distinct.len(), sections.len(), "{sections:?}");
    let numbers: Vec<Vec<u32>> = sections
        .iter()
        .filter_map(|section| section.split(' ').next())
        .filter_map(|number| number.split('.').map(|part| part.parse().ok()).collect())
        .collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert!(numbers.len() >= 10, "{numbers:?}");
}
