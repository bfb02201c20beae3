//! NEATPy's choice of stacks, step by step.

use core::fmt;

use super::properties::{NeatPreference, NeatProperties, NeatProperty, NeatStack, ServiceLevel};

/// The stacks that are left, best first.
pub type NeatCandidates = heapless::Vec<NeatStack, 3>;

/// NEATPy asks its table for a property that is not in it, and dies of a
/// `KeyError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotInTable(pub NeatProperty);

impl fmt::Display for NotInTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "NEATPy has no service level for {}: asking for it ends there with a KeyError",
            self.0
        )
    }
}

impl core::error::Error for NotInTable {}

/// Why NEATPy drops a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NeatRejection {
    /// UDP, and messages are not idempotent.
    NotIdempotent,
    /// The property is prohibited and intrinsic.
    Prohibited(NeatProperty),
    /// The property is required and not provided.
    Missing(NeatProperty),
}

impl fmt::Display for NeatRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotIdempotent => f.write_str("IDEMPOTENT=False: UDP may deliver a message twice"),
            Self::Prohibited(property) => write!(f, "{property}=PROHIBIT: it is intrinsic"),
            Self::Missing(property) => write!(f, "{property}=REQUIRE: it is not provided"),
        }
    }
}

/// Why NEATPy drops `stack`, if it does.
///
/// # Errors
/// [`NotInTable`] where NEATPy dies.
pub fn examine(
    properties: &NeatProperties,
    stack: NeatStack,
) -> Result<Option<NeatRejection>, NotInTable> {
    if stack == NeatStack::Udp && !properties.idempotent() {
        return Ok(Some(NeatRejection::NotIdempotent));
    }
    for property in properties.at(NeatPreference::Prohibit) {
        if service(stack, property)? == ServiceLevel::Intrinsic {
            return Ok(Some(NeatRejection::Prohibited(property)));
        }
    }
    for property in properties.at(NeatPreference::Require) {
        if service(stack, property)? == ServiceLevel::NotProvided {
            return Ok(Some(NeatRejection::Missing(property)));
        }
    }
    Ok(None)
}

/// The stacks that NEATPy chooses, exactly: with its order (TCP, UDP, SCTP) and
/// its faults. AVOID does nothing, a property that can be left off is not
/// dropped for being prohibited, and MPTCP is never there. `None` is its
/// `unfulfilled_handler`.
///
/// For programs that are compared with it; [`plan`](crate::taps::plan) follows
/// the RFC.
///
/// ```
/// use wigwag_embassy::taps::neat::{NeatProperties, NeatStack, select};
///
/// let chosen = select(&NeatProperties::DEFAULT, true)?;
/// assert_eq!(chosen.unwrap(), [NeatStack::Sctp, NeatStack::Tcp]);
/// # Ok::<(), wigwag_embassy::taps::neat::NotInTable>(())
/// ```
///
/// # Errors
/// [`NotInTable`] where NEATPy dies.
pub fn select(
    properties: &NeatProperties,
    sctp_available: bool,
) -> Result<Option<NeatCandidates>, NotInTable> {
    let mut candidates = NeatCandidates::new();
    for stack in NeatStack::ALL {
        let there = *stack != NeatStack::Sctp || sctp_available;
        if there && examine(properties, *stack)?.is_none() {
            // There are three stacks, and room for three.
            let _ = candidates.push(*stack);
        }
    }
    if candidates.is_empty() {
        return Ok(None);
    }
    if candidates.len() > 1 {
        let mut scores = [0_usize; 3];
        for (stack, score) in candidates.iter().zip(&mut scores) {
            for property in properties.at(NeatPreference::Prefer) {
                let provided = service(*stack, property)? != ServiceLevel::NotProvided;
                *score += usize::from(provided);
            }
        }
        // Stable, the highest first.
        let mut sorted = NeatCandidates::new();
        for wanted in (0..=NeatProperty::ALL.len()).rev() {
            for (stack, score) in candidates.iter().zip(&scores) {
                if *score == wanted {
                    let _ = sorted.push(*stack);
                }
            }
        }
        candidates = sorted;
    }
    Ok(Some(candidates))
}

fn service(stack: NeatStack, property: NeatProperty) -> Result<ServiceLevel, NotInTable> {
    stack.service(property).ok_or(NotInTable(property))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taps::Profile;

    fn chosen(properties: NeatProperties, sctp: bool) -> Option<NeatCandidates> {
        select(&properties, sctp).unwrap()
    }

    #[test]
    fn profiles_choose_what_they_chose_there() {
        use NeatStack::{Sctp, Tcp, Udp};
        let of = |profile| NeatProperties::of_profile(profile);
        let stream = of(Profile::ReliableInorderStream);
        assert_eq!(chosen(stream, true).unwrap(), [Tcp]);
        let message = of(Profile::ReliableMessage);
        assert_eq!(chosen(message, true).unwrap(), [Sctp]);
        assert_eq!(chosen(message, false), None);
        let datagram = of(Profile::UnreliableDatagram);
        assert_eq!(chosen(datagram, true).unwrap(), [Udp]);
        assert_eq!(chosen(NeatProperties::DEFAULT, false).unwrap(), [Tcp]);
    }

    #[test]
    fn avoid_does_nothing() {
        let plain = NeatProperties::DEFAULT;
        for property in NeatProperty::ALL {
            let ignored = plain.with(*property, NeatPreference::Ignore);
            let avoided = plain.with(*property, NeatPreference::Avoid);
            for sctp in [false, true] {
                assert_eq!(chosen(avoided, sctp), chosen(ignored, sctp), "{property}");
            }
        }
    }

    #[test]
    fn asking_for_what_is_in_no_table_is_an_error_instead_of_a_crash() {
        for property in [
            NeatProperty::Interface,
            NeatProperty::Pvd,
            NeatProperty::LocalAddressPreference,
        ] {
            let required = NeatProperties::DEFAULT.with(property, NeatPreference::Require);
            assert_eq!(select(&required, false), Err(NotInTable(property)));
            let ignored = NeatProperties::DEFAULT.with(property, NeatPreference::Avoid);
            assert!(select(&ignored, false).is_ok());
        }
    }

    #[test]
    fn the_reason_against_each_stack_is_told() {
        let message = NeatProperties::of_profile(Profile::ReliableMessage);
        assert_eq!(
            examine(&message, NeatStack::Tcp),
            Ok(Some(NeatRejection::Missing(
                NeatProperty::PreserveMsgBoundaries
            )))
        );
        assert_eq!(
            examine(&message, NeatStack::Udp),
            Ok(Some(NeatRejection::NotIdempotent))
        );
        let stream = NeatProperties::of_profile(Profile::ReliableInorderStream);
        assert_eq!(
            examine(&stream, NeatStack::Sctp),
            Ok(Some(NeatRejection::Prohibited(
                NeatProperty::PreserveMsgBoundaries
            )))
        );
    }
}
