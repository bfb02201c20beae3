//! The choice of stacks against NEATPy's own, row by row.

use serde_json::Value as Json;
use wigwag_embassy::taps::neat::{NeatCandidates, NeatProperties, NeatStack, select};
use wigwag_embassy::taps::{
    Preference, Profile, PropertySet, SelectionProperty, Stack, StackId, TransportProperties, plan,
};
use wigwag_tests::vectors::{rows, text};

fn asked(row: &Json) -> NeatProperties {
    let profile = row["profile"].as_str().map(|name| name.parse::<Profile>());
    let mut properties = match profile {
        Some(profile) => NeatProperties::of_profile(profile.expect("a profile")),
        None => NeatProperties::DEFAULT,
    };
    for (property, level) in row["preferences"].as_object().expect("preferences") {
        let level = level.as_str().expect("a level");
        properties = properties.with(
            property.parse().expect("a property"),
            level.parse().expect("a level"),
        );
    }
    let message = row["message_properties"].as_object().expect("an object");
    assert!(message.keys().all(|name| name == "IDEMPOTENT"), "{row}");
    match message.get("IDEMPOTENT") {
        Some(idempotent) => properties.with_idempotent(idempotent == true),
        None => properties,
    }
}

fn chosen(row: &Json) -> Option<NeatCandidates> {
    let sctp = row["sctp_available"].as_bool().expect("yes or no");
    select(&asked(row), sctp).expect("no row asks for what is in no table")
}

#[test]
fn every_row_chooses_what_neatpy_chose() {
    let rows = rows("neat_selection.jsonl");
    assert_eq!(rows.len(), 156);
    let (mut none, mut several) = (0, 0);
    for row in &rows {
        let wanted = row["candidates"].as_array().map(|stacks| {
            let names = stacks.iter().map(|name| name.as_str().expect("a name"));
            let stacks = names.map(|name| name.parse::<NeatStack>().expect("a stack"));
            stacks.collect::<NeatCandidates>()
        });
        none += usize::from(wanted.is_none());
        several += usize::from(wanted.as_ref().is_some_and(|stacks| stacks.len() > 1));
        assert_eq!(chosen(row), wanted, "{}", text(row, "name"));
    }
    // The rows tell something: some fit nothing, some are a matter of order.
    assert!(none > 10 && several > 10, "{none} {several}");
}

/// NEATPy takes AVOID and does nothing with it; here it decides between equals.
#[test]
fn avoid_has_an_effect_here() {
    let stacks = [Stack::TCP, Stack::UDP];
    let free = SelectionProperty::ALL.iter().fold(
        TransportProperties::DEFAULT.with_safely_replayable(true),
        |all, property| all.with(*property, Preference::NoPreference),
    );
    let order = |properties: &TransportProperties| {
        let plan = plan(properties, &stacks, PropertySet::EMPTY).expect("both fit");
        plan.stacks().to_vec()
    };
    assert_eq!(order(&free), [StackId::Tcp, StackId::Udp]);
    let avoided = free.avoid(SelectionProperty::Reliability);
    assert_eq!(order(&avoided), [StackId::Udp, StackId::Tcp]);
}
