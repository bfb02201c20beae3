//! Which stacks fit, in which order, and why the others do not: RFC 9623
//! section 4.1.
//!
//! [`plan`] drops what a `Prohibit` or a `Require` leaves out and sorts the
//! rest: by what is preferred, then by what is to be avoided, then in the order
//! of the list. It is `const`: [`require!`](crate::taps::require) lets the
//! compiler check a constant set of properties, and the same function answers
//! at run time before the first packet.

use core::fmt;

use super::property::{Multipath, Preference, PropertySet, SelectionProperty, TransportProperties};
use super::stack::{MultipathAbility, Stack, StackId};

/// Most stacks one plan looks at.
pub const MAX_STACKS: usize = 8;

/// The stacks that fit, best first; one at least.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Plan {
    stacks: [StackId; MAX_STACKS],
    length: usize,
}

impl Plan {
    /// The best one.
    #[must_use]
    pub const fn first(&self) -> StackId {
        self.stacks[0]
    }

    /// All of them, best first.
    #[must_use]
    pub const fn stacks(&self) -> &[StackId] {
        match self.stacks.split_at_checked(self.length) {
            Some((stacks, _)) => stacks,
            None => &self.stacks,
        }
    }

    /// Whether `stack` is among them.
    #[must_use]
    pub const fn contains(&self, stack: StackId) -> bool {
        let stacks = self.stacks();
        let mut index = 0;
        while index < stacks.len() {
            if stacks[index] as u8 == stack as u8 {
                return true;
            }
            index += 1;
        }
        false
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.stacks()).finish()
    }
}

/// Why one stack fell out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rejection {
    /// The stack.
    pub stack: StackId,
    /// What is required and not there.
    pub missing: PropertySet,
    /// What is prohibited and there for good.
    pub prohibited: PropertySet,
    /// Messages can arrive twice, and nobody said that they may.
    pub duplicates: bool,
    /// It cannot be kept from using several paths.
    pub multipath: bool,
}

impl Rejection {
    /// Nothing speaks against it.
    const fn none(stack: StackId) -> Self {
        Self {
            stack,
            missing: PropertySet::EMPTY,
            prohibited: PropertySet::EMPTY,
            duplicates: false,
            multipath: false,
        }
    }

    const fn is_none(&self) -> bool {
        self.missing.is_empty() && self.prohibited.is_empty() && !self.duplicates && !self.multipath
    }

    /// All the reasons.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        let missing = self
            .missing
            .iter()
            .map(|property| Cause::Property(property, Preference::Require));
        let prohibited = self
            .prohibited
            .iter()
            .map(|property| Cause::Property(property, Preference::Prohibit));
        missing
            .chain(prohibited)
            .chain(self.duplicates.then_some(Cause::SafelyReplayable))
            .chain(self.multipath.then_some(Cause::Multipath))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.stack)?;
        for (index, cause) in self.causes().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            cause.fmt(f)?;
        }
        Ok(())
    }
}

/// What leaves no stack over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Cause {
    /// The property at this level: required and not there, or prohibited and
    /// there for good.
    Property(SelectionProperty, Preference),
    /// `safelyReplayable=false`, and messages can arrive twice.
    SafelyReplayable,
    /// `multipath=Disabled`, and it cannot be switched off.
    Multipath,
    /// The list of stacks is empty.
    NoStacks,
    /// The list has more than [`MAX_STACKS`].
    TooManyStacks,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(property, preference) => write!(f, "{property}={preference}"),
            Self::SafelyReplayable => f.write_str("safelyReplayable=false"),
            Self::Multipath => f.write_str("multipath=Disabled"),
            Self::NoStacks => f.write_str("the list of stacks is empty"),
            Self::TooManyStacks => {
                write!(f, "the list of stacks has more than {MAX_STACKS}")
            }
        }
    }
}

/// No stack fits: NEATPy calls its `unfulfilled_handler` then, RFC 9622 tells
/// it with an EstablishmentError.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unsatisfiable {
    cause: Cause,
    rejections: [Rejection; MAX_STACKS],
    length: usize,
}

impl Unsatisfiable {
    /// The reason that rules out every stack where there is one, else the first
    /// reason against the first stack of the list.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// Each stack, and all that speaks against it.
    #[must_use]
    pub const fn rejections(&self) -> &[Rejection] {
        match self.rejections.split_at_checked(self.length) {
            Some((rejections, _)) => rejections,
            None => &self.rejections,
        }
    }
}

impl fmt::Debug for Unsatisfiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsatisfiable")
            .field("cause", &self.cause)
            .field("rejections", &self.rejections())
            .finish()
    }
}

impl fmt::Display for Unsatisfiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no protocol stack fits: {}", self.cause)
    }
}

impl core::error::Error for Unsatisfiable {}

/// Why `stack` does not fit, if it does not. `framer` is what the message
/// framer adds: [`framer_properties`].
#[must_use]
pub const fn examine(
    properties: &TransportProperties,
    stack: &Stack,
    framer: PropertySet,
) -> Option<Rejection> {
    let always = stack.always.union(framer);
    let has = always.union(stack.optional);
    let rejection = Rejection {
        stack: stack.id,
        missing: properties.all(Preference::Require).difference(has),
        prohibited: properties.all(Preference::Prohibit).intersection(always),
        duplicates: !stack.no_duplicates && !properties.safely_replayable(),
        multipath: matches!(stack.multipath, MultipathAbility::Always)
            && matches!(properties.multipath(), Multipath::Disabled),
    };
    if rejection.is_none() {
        None
    } else {
        Some(rejection)
    }
}

/// The stacks of the list that fit, best first.
///
/// 1. What has a prohibited property for good falls out, and what lacks a
///    required one; what may deliver a message twice, unless messages are
///    safely replayable; what always uses several paths, when that is disabled.
/// 2. The rest is sorted by how much of what is preferred it has. What decides
///    about paths (`useTemporaryLocalAddress`, `multipath`) counts first, then
///    what the application has said itself, then defaults.
/// 3. Between equals the one with less of what is to be avoided comes first,
///    then the one that stands first in the list.
///
/// `framer` is what the message framer adds: [`framer_properties`].
///
/// ```
/// use wigwag_embassy::taps::{
///     PropertySet, SelectionProperty, Stack, StackId, TransportProperties, plan,
/// };
///
/// let stacks = [Stack::TCP, Stack::UDP];
/// let stream = plan(&TransportProperties::DEFAULT, &stacks, PropertySet::EMPTY)?;
/// assert_eq!(stream.stacks(), [StackId::Tcp]);
///
/// let impossible = TransportProperties::DEFAULT.require(SelectionProperty::Multistreaming);
/// let error = plan(&impossible, &stacks, PropertySet::EMPTY).unwrap_err();
/// assert_eq!(error.to_string(), "no protocol stack fits: multistreaming=Require");
/// # Ok::<(), wigwag_embassy::taps::Unsatisfiable>(())
/// ```
///
/// # Errors
/// [`Unsatisfiable`] when nothing fits, with the reasons for each stack.
pub const fn plan(
    properties: &TransportProperties,
    stacks: &[Stack],
    framer: PropertySet,
) -> Result<Plan, Unsatisfiable> {
    let mut found = Plan {
        stacks: [StackId::Tcp; MAX_STACKS],
        length: 0,
    };
    let mut scores = [0; MAX_STACKS];
    let mut failed = Unsatisfiable {
        cause: Cause::NoStacks,
        rejections: [Rejection::none(StackId::Tcp); MAX_STACKS],
        length: 0,
    };
    if stacks.len() > MAX_STACKS {
        failed.cause = Cause::TooManyStacks;
        return Err(failed);
    }
    let mut index = 0;
    while index < stacks.len() {
        let stack = &stacks[index];
        match examine(properties, stack, framer) {
            Some(rejection) => {
                failed.rejections[failed.length] = rejection;
                failed.length += 1;
            }
            None => {
                // Insertion keeps equals in the order of the list.
                let score = score(properties, stack, framer);
                let mut place = found.length;
                while place > 0 && scores[place - 1] < score {
                    scores[place] = scores[place - 1];
                    found.stacks[place] = found.stacks[place - 1];
                    place -= 1;
                }
                scores[place] = score;
                found.stacks[place] = stack.id;
                found.length += 1;
            }
        }
        index += 1;
    }
    if found.length > 0 {
        return Ok(found);
    }
    if failed.length > 0 {
        failed.cause = common_cause(failed.rejections());
    }
    Err(failed)
}

/// What a message framer adds to a stack: message boundaries, if it keeps them.
/// See [`Framer::PRESERVES_BOUNDARIES`](wigwag_codec::framer::Framer::PRESERVES_BOUNDARIES).
#[must_use]
pub const fn framer_properties(preserves_boundaries: bool) -> PropertySet {
    if preserves_boundaries {
        PropertySet::of(&[SelectionProperty::PreserveMsgBoundaries])
    } else {
        PropertySet::EMPTY
    }
}

/// How well a stack fits; more is better. One nibble a rule, the strongest
/// first: there are 13 properties, so a count always fits.
const fn score(properties: &TransportProperties, stack: &Stack, framer: PropertySet) -> u32 {
    let has = stack.has().union(framer);
    // What is only possible and to be avoided is left off.
    let forced = stack.always.union(framer);
    let prefer = properties.all(Preference::Prefer).intersection(has);
    let avoid = properties.all(Preference::Avoid).intersection(forced);
    let paths = PropertySet::PATHS;
    let several = matches!(properties.multipath(), Multipath::Active)
        && !matches!(stack.multipath, MultipathAbility::None);
    let protocols = prefer.difference(paths);
    let said = protocols.intersection(properties.said());
    let rules = [
        prefer.intersection(paths).len() + several as u32,
        15 - avoid.intersection(paths).len(),
        said.len(),
        protocols.difference(said).len(),
        15 - avoid.difference(paths).len(),
    ];
    let mut score = 0;
    let mut index = 0;
    while index < rules.len() {
        score = score << 4 | rules[index];
        index += 1;
    }
    score
}

/// The first reason that all rejections share, else the first of the first.
const fn common_cause(rejections: &[Rejection]) -> Cause {
    let mut shared = rejections[0];
    let mut index = 1;
    while index < rejections.len() {
        let other = &rejections[index];
        shared.missing = shared.missing.intersection(other.missing);
        shared.prohibited = shared.prohibited.intersection(other.prohibited);
        shared.duplicates &= other.duplicates;
        shared.multipath &= other.multipath;
        index += 1;
    }
    let chosen = if shared.is_none() {
        rejections[0]
    } else {
        shared
    };
    match (chosen.missing.first(), chosen.prohibited.first()) {
        (Some(property), _) => Cause::Property(property, Preference::Require),
        (None, Some(property)) => Cause::Property(property, Preference::Prohibit),
        (None, None) if chosen.duplicates => Cause::SafelyReplayable,
        (None, None) => Cause::Multipath,
    }
}

#[cfg(test)]
#[path = "planner_tests.rs"]
mod tests;
