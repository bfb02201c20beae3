//! As NEATPy chooses.

use std::collections::HashSet;

use wigwag_embassy::taps::Profile;
use wigwag_embassy::taps::neat::{
    NeatPreference, NeatProperties, NeatProperty, NeatStack, examine, select,
};

use super::Answer;
use super::request::{Request, flag, named, text, wrong};
use crate::cli::problem::Problem;

pub(super) fn plan(request: &Request) -> Result<Answer, Problem> {
    if request.stacks.is_some() || request.framer.is_some() {
        return Err(wrong(
            "stacks and framer: NEATPy takes neither; say sctp_available",
        ));
    }
    let sctp = request.sctp_available.unwrap_or(false);
    let properties = properties(request)?;
    let candidates = select(&properties, sctp).map_err(wrong)?;
    let mut why = Vec::new();
    for stack in NeatStack::ALL {
        let reason = if *stack == NeatStack::Sctp && !sctp {
            Some("sctp_available=false: the system has none".to_owned())
        } else {
            let rejection = examine(&properties, *stack).map_err(wrong)?;
            rejection.map(|rejection| rejection.to_string())
        };
        if let Some(reason) = reason {
            why.push((stack.to_string(), reason));
        }
    }
    Ok(Answer {
        candidates: candidates.map(|stacks| stacks.iter().map(ToString::to_string).collect()),
        why,
        notes: Vec::new(),
    })
}

fn properties(request: &Request) -> Result<NeatProperties, Problem> {
    let mut properties = match &request.profile {
        Some(profile) => NeatProperties::of_profile(named::<Profile>("profile", profile)?),
        None => NeatProperties::DEFAULT,
    };
    let mut said = HashSet::new();
    for (name, level) in request.preferences.iter() {
        let property: NeatProperty = named("preferences", name)?;
        if !said.insert(property) {
            return Err(wrong(format!("{name}: {property} is said twice")));
        }
        if property == NeatProperty::Direction {
            // NEATPy's add() takes preference levels only, and this property
            // has none.
            return Err(wrong("DIRECTION cannot be set in NEATPy"));
        }
        let level: NeatPreference = named(name, text(name, level)?)?;
        properties = properties.with(property, level);
    }
    let mut named_before = HashSet::new();
    for (name, value) in request.message_properties.iter() {
        if !named_before.insert(name.to_ascii_lowercase()) {
            return Err(wrong(format!("message_properties: {name} is said twice")));
        }
        // The others exist and decide nothing about stacks.
        if name.eq_ignore_ascii_case("idempotent") {
            properties = properties.with_idempotent(flag(name, value)?);
        } else if !is_message_property(name) {
            return Err(wrong(format!(
                "message_properties: NEATPy has no message property {name}"
            )));
        }
    }
    Ok(properties)
}

fn is_message_property(name: &str) -> bool {
    use wigwag_embassy::taps::neat::{NeatClass, translate};
    translate(name).any(|one| one.class == NeatClass::Message)
}
