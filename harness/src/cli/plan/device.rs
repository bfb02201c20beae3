//! As a device chooses: RFC 9623 on the stacks that it has.

use std::collections::HashSet;

use serde_json::Value as Json;
use wigwag_embassy::taps::{
    Cause, CommunicationDirection, MessageProperty, Multipath, Preference, Profile, Property,
    Rejection, Stack, StackId, TransportProperties, examine, framer_properties, plan as choose,
    support,
};

use super::Answer;
use super::request::{Request, flag, named, text, wrong};
use crate::cli::problem::Problem;

/// What a device has, the best first.
const STACKS: [Stack; 3] = [Stack::TLS, Stack::TCP, Stack::UDP];

pub(super) fn plan(request: &Request) -> Result<Answer, Problem> {
    if request.sctp_available.is_some() {
        return Err(wrong(
            "sctp_available: goes with --compat neatpy; a device has no SCTP",
        ));
    }
    let mut notes = Vec::new();
    let properties = properties(request, &mut notes)?;
    let stacks = stacks(request)?;
    let framer = framer_properties(request.framer.unwrap_or(false));
    let candidates = choose(&properties, &stacks, framer);
    let rejected = stacks
        .iter()
        .filter_map(|stack| examine(&properties, stack, framer));
    Ok(Answer {
        candidates: candidates
            .ok()
            .map(|plan| plan.stacks().iter().map(ToString::to_string).collect()),
        why: rejected
            .map(|rejection| (rejection.stack.to_string(), why(&rejection)))
            .collect(),
        notes,
    })
}

/// All that speaks against a stack, with what the stack says about it.
fn why(rejection: &Rejection) -> String {
    let reasons = rejection.causes().map(|cause| {
        let reason = match cause {
            Cause::Property(property, _) => {
                support(rejection.stack, Property::Selection(property)).reason
            }
            Cause::SafelyReplayable => "it may deliver a message twice",
            Cause::Multipath => "it cannot be kept from using several paths",
            // These are about the whole list.
            Cause::NoStacks | Cause::TooManyStacks => return cause.to_string(),
        };
        format!("{cause}: {reason}")
    });
    reasons.collect::<Vec<_>>().join("; ")
}

fn stacks(request: &Request) -> Result<Vec<Stack>, Problem> {
    let Some(names) = &request.stacks else {
        return Ok(STACKS.to_vec());
    };
    if names.is_empty() {
        return Err(wrong("stacks: the list is empty"));
    }
    let mut found: Vec<Stack> = Vec::new();
    for name in names {
        let id: StackId = named("stacks", name)?;
        let stack = STACKS.iter().find(|stack| stack.id == id);
        let stack = stack.ok_or_else(|| {
            wrong(format!(
                "stacks: a device has no {id}; it has TLS, TCP and UDP"
            ))
        })?;
        if found.iter().any(|other| other.id == id) {
            return Err(wrong(format!("stacks: {id} is there twice")));
        }
        found.push(*stack);
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
