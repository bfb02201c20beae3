//! As RFC 9623 chooses, on the stacks that a network has.

use std::collections::HashSet;

use serde_json::Value as Json;
use wigwag_embassy::taps::{
    Cause, CommunicationDirection, MessageProperty, Multipath, Preference, Profile, Property,
    Rejection, StackId, TransportProperties, examine, framer_properties, plan as choose,
};

use super::Answer;
use super::offers::{self, Net, Offer};
use super::request::{Request, flag, named, text, wrong};
use crate::cli::problem::Problem;

pub(super) fn plan(request: &Request, net: Net) -> Result<Answer, Problem> {
    if request.sctp_available.is_some() {
        return Err(wrong(
            "sctp_available: goes with --compat neatpy; without it ask for --net host",
        ));
    }
    let mut notes = Vec::new();
    let properties = properties(request, &mut notes)?;
    let offers = chosen(request, net)?;
    let framer = framer_properties(request.framer.unwrap_or(false));
    let mut stacks = Vec::new();
    let mut why = Vec::new();
    for offer in &offers {
        let reason = match &offer.stack {
            Ok(stack) => {
                stacks.push(*stack);
                examine(&properties, stack, framer).map(|found| reasons(offer, &found))
            }
            Err(missing) => Some(missing.clone()),
        };
        why.extend(reason.map(|reason| (offer.id.to_string(), reason)));
    }
    let candidates = choose(&properties, &stacks, framer);
    Ok(Answer {
        candidates: candidates
            .ok()
            .map(|plan| plan.stacks().iter().map(ToString::to_string).collect()),
        why,
        notes,
    })
}

/// All that speaks against a stack, with what the network says about it.
fn reasons(offer: &Offer, rejection: &Rejection) -> String {
    let reasons = rejection.causes().map(|cause| {
        let reason = match cause {
            Cause::Property(property, _) => offer.answer(Property::Selection(property)).reason,
            Cause::SafelyReplayable => "it may deliver a message twice",
            Cause::Multipath => "it cannot be kept from using several paths",
            // These are about the whole list.
            Cause::NoStacks | Cause::TooManyStacks => return cause.to_string(),
        };
        format!("{cause}: {reason}")
    });
    reasons.collect::<Vec<_>>().join("; ")
}

/// The stacks that the input names, or all of the network.
fn chosen(request: &Request, net: Net) -> Result<Vec<Offer>, Problem> {
    let mut offers = offers::of(net);
    let Some(names) = &request.stacks else {
        return Ok(offers);
    };
    if names.is_empty() {
        return Err(wrong("stacks: the list is empty"));
    }
    let known: Vec<String> = offers.iter().map(|offer| offer.id.to_string()).collect();
    let mut found: Vec<Offer> = Vec::new();
    for name in names {
        let id: StackId = named("stacks", name)?;
        if found.iter().any(|other| other.id == id) {
            return Err(wrong(format!("stacks: {id} is there twice")));
        }
        let place = offers.iter().position(|offer| offer.id == id);
        let place = place.ok_or_else(|| {
            let known = known.join(", ");
            wrong(format!("stacks: there is no {id} here; there are {known}"))
        })?;
        found.push(offers.swap_remove(place));
    }
    Ok(found)
}

fn properties(request: &Request, notes: &mut Vec<String>) -> Result<TransportProperties, Problem> {
    let profile = match &request.profile {
        Some(profile) => Some(named::<Profile>("profile", profile)?),
        None => None,
    };
    let mut properties = TransportProperties::from_profile(profile);
    let mut said = HashSet::new();
    for (name, value) in request.preferences.iter() {
        let property = property(name, &mut said, notes)?;
        properties = set(properties, property, name, value)?;
    }
    for (name, value) in request.message_properties.iter() {
        match property(name, &mut said, notes)? {
            Property::Message(MessageProperty::SafelyReplayable) => {
                properties = properties.with_safely_replayable(flag(name, value)?);
            }
            // The others decide nothing about stacks.
            Property::Message(_) => {}
            other => {
                return Err(wrong(format!(
                    "message_properties: {other} is not a property of messages"
                )));
            }
        }
    }
    Ok(properties)
}

fn set(
    properties: TransportProperties,
    property: Property,
    name: &str,
    value: &Json,
) -> Result<TransportProperties, Problem> {
    Ok(match property {
        Property::Selection(property) => {
            // NEATPy's word for it is still understood.
            let level = match text(name, value)? {
                level if level.eq_ignore_ascii_case("ignore") => Preference::NoPreference,
                level => named(name, level)?,
            };
            properties.with(property, level)
        }
        Property::Multipath => {
            properties.with_multipath(named::<Multipath>(name, text(name, value)?)?)
        }
        Property::Direction => {
            properties.with_direction(named::<CommunicationDirection>(name, text(name, value)?)?)
        }
        Property::AdvertisesAltaddr => properties.with_advertises_altaddr(flag(name, value)?),
        Property::Interface | Property::Pvd => {
            return Err(wrong(format!(
                "{property}: it chooses among the paths of a device, which are not known here"
            )));
        }
        Property::Connection(_) | Property::Message(_) => {
            return Err(wrong(format!(
                "preferences: {property} is not a selection property"
            )));
        }
    })
}

/// A property by its name, or by NEATPy's where that means the same; once.
fn property(
    name: &str,
    said: &mut HashSet<Property>,
    notes: &mut Vec<String>,
) -> Result<Property, Problem> {
    let property = name.parse::<Property>().or_else(|error| {
        let old = error.translation().filter(|old| old.carries_over);
        // What carries over has a successor.
        let successor = old.and_then(|old| old.successors.first());
        notes.extend(old.map(ToString::to_string));
        successor
            .copied()
            .ok_or_else(|| wrong(format!("{name}: {error}")))
    })?;
    if said.insert(property) {
        Ok(property)
    } else {
        Err(wrong(format!("{name}: {property} is said twice")))
    }
}
