//! The rules of selection, one by one, and on many random sets of properties.

use std::string::ToString as _;
use std::vec::Vec;

use super::*;
use crate::taps::CommunicationDirection;
use Preference::{Avoid, NoPreference, Prefer, Prohibit, Require};
use SelectionProperty::{
    KeepAlive, Multistreaming, PreserveMsgBoundaries, PreserveOrder, Reliability, SoftErrorNotify,
    UseTemporaryLocalAddress, ZeroRttMsg,
};

const NONE: PropertySet = PropertySet::EMPTY;

/// Properties of which nothing is wanted.
fn free() -> TransportProperties {
    SelectionProperty::ALL
        .iter()
        .fold(TransportProperties::DEFAULT, |all, property| {
            all.no_preference(*property)
        })
        .with_safely_replayable(true)
}

/// A stack that always has these.
fn stack(id: StackId, always: &[SelectionProperty]) -> Stack {
    Stack {
        id,
        always: PropertySet::of(always),
        optional: NONE,
        no_duplicates: true,
        multipath: MultipathAbility::None,
    }
}

fn order(properties: &TransportProperties, stacks: &[Stack]) -> Vec<StackId> {
    plan(properties, stacks, NONE).unwrap().stacks().to_vec()
}

#[test]
fn a_device_gets_the_stack_that_each_profile_means() {
    let all = [Stack::TLS, Stack::TCP, Stack::UDP];
    let boundaries = framer_properties(true);
    let of = |properties: &TransportProperties, framer| {
        plan(properties, &all, framer).map(|plan| plan.stacks().to_vec())
    };
    let stream = TransportProperties::RELIABLE_INORDER_STREAM;
    let message = TransportProperties::RELIABLE_MESSAGE;
    let datagram = TransportProperties::UNRELIABLE_DATAGRAM;
    let streams = std::vec![StackId::Tls, StackId::Tcp];
    assert_eq!(of(&stream, NONE), Ok(streams.clone()));
    assert_eq!(of(&message, boundaries), Ok(streams));
    let error = of(&message, NONE).unwrap_err();
    assert_eq!(
        error.rejections()[0].to_string(),
        "TLS: preserveMsgBoundaries=Require"
    );
    // UDP has the boundaries but nothing else that is required, so no reason
    // holds against all three: the first stack's is told.
    assert_eq!(
        error.cause(),
        Cause::Property(PreserveMsgBoundaries, Require)
    );
    assert_eq!(of(&datagram, NONE), Ok(std::vec![StackId::Udp]));
    // With a framer the streams have boundaries too, and reliability is only
    // avoided, so they follow.
    assert_eq!(
        of(&datagram, boundaries),
        Ok(std::vec![StackId::Udp, StackId::Tls, StackId::Tcp])
    );
}

#[test]
fn what_is_prohibited_falls_out_unless_it_can_be_left_off() {
    let always = stack(StackId::Tcp, &[KeepAlive]);
    let optional = Stack {
        always: NONE,
        optional: PropertySet::of(&[KeepAlive]),
        ..stack(StackId::Tls, &[])
    };
    let without = stack(StackId::Udp, &[]);
    let all = [always, optional, without];
    let prohibited = free().prohibit(KeepAlive);
    assert_eq!(order(&prohibited, &all), [StackId::Tls, StackId::Udp]);
    let required = free().require(KeepAlive);
    assert_eq!(order(&required, &all), [StackId::Tcp, StackId::Tls]);
    // What can be left off does not speak against a stack.
    let avoided = free().avoid(KeepAlive);
    assert_eq!(
        order(&avoided, &all),
        [StackId::Tls, StackId::Udp, StackId::Tcp]
    );
}

#[test]
fn preference_ranks_and_avoidance_decides_between_equals() {
    let two = stack(StackId::Sctp, &[Multistreaming, ZeroRttMsg, Reliability]);
    let one = stack(StackId::Tcp, &[Multistreaming, Reliability]);
    let none = stack(StackId::Udp, &[]);
    let all = [none, one, two];
    let wanted = free().prefer(Multistreaming).prefer(ZeroRttMsg);
    let best_first = [StackId::Sctp, StackId::Tcp, StackId::Udp];
    assert_eq!(order(&wanted, &all), best_first);
    // Avoid never outweighs a preference ...
    assert_eq!(order(&wanted.avoid(Reliability), &all), best_first);
    // ... and orders what is equal otherwise.
    let avoided = free().avoid(Reliability);
    assert_eq!(
        order(&avoided, &all),
        [StackId::Udp, StackId::Tcp, StackId::Sctp]
    );
    // Without either the list's order stays.
    assert_eq!(
        order(&free(), &all),
        [StackId::Udp, StackId::Tcp, StackId::Sctp]
    );
}

#[test]
fn what_the_application_says_outweighs_defaults() {
    // By default multistreaming is preferred; the application prefers the other.
    let defaults = stack(StackId::Tcp, &[Multistreaming]);
    let said = stack(StackId::Sctp, &[ZeroRttMsg]);
    let properties = SelectionProperty::ALL
        .iter()
        .filter(|property| **property != Multistreaming)
        .fold(TransportProperties::DEFAULT, |all, property| {
            all.no_preference(*property)
        })
        .prefer(ZeroRttMsg);
    assert_eq!(
        order(&properties, &[defaults, said]),
        [StackId::Sctp, StackId::Tcp]
    );
}

#[test]
fn what_decides_about_paths_outweighs_what_decides_about_protocols() {
    let path = stack(StackId::Tcp, &[UseTemporaryLocalAddress]);
    let protocol = stack(StackId::Sctp, &[Multistreaming, ZeroRttMsg, KeepAlive]);
    let properties = free()
        .prefer(UseTemporaryLocalAddress)
        .prefer(Multistreaming)
        .prefer(ZeroRttMsg)
        .prefer(KeepAlive);
    let all = [protocol, path];
    assert_eq!(order(&properties, &all), [StackId::Tcp, StackId::Sctp]);
    let avoided = properties.avoid(UseTemporaryLocalAddress);
    assert_eq!(order(&avoided, &all), [StackId::Sctp, StackId::Tcp]);
    // Several paths, when they are wanted.
    let several = Stack {
        multipath: MultipathAbility::Optional,
        ..stack(StackId::Mptcp, &[])
    };
    let active = free()
        .prefer(Multistreaming)
        .with_multipath(Multipath::Active);
    assert_eq!(
        order(&active, &[protocol, several]),
        [StackId::Mptcp, StackId::Sctp]
    );
}

#[test]
fn several_paths_that_cannot_be_switched_off_fall_out_when_disabled() {
    let always = Stack {
        multipath: MultipathAbility::Always,
        ..stack(StackId::Mptcp, &[])
    };
    let error = plan(&free(), &[always], NONE).unwrap_err();
    assert_eq!(error.cause(), Cause::Multipath);
    assert_eq!(
        error.rejections()[0].to_string(),
        "MPTCP: multipath=Disabled"
    );
    let passive = free().with_multipath(Multipath::Passive);
    assert_eq!(order(&passive, &[always]), [StackId::Mptcp]);
}

#[test]
fn udp_needs_messages_that_may_arrive_twice() {
    let careful = free().with_safely_replayable(false);
    let error = plan(&careful, &[Stack::UDP], NONE).unwrap_err();
    assert_eq!(error.cause(), Cause::SafelyReplayable);
    assert_eq!(
        error.rejections()[0].to_string(),
        "UDP: safelyReplayable=false"
    );
    assert_eq!(order(&careful, &[Stack::UDP, Stack::TCP]), [StackId::Tcp]);
}

#[test]
fn the_reason_that_all_share_is_the_one_that_is_told() {
    let properties = TransportProperties::DEFAULT
        .require(SoftErrorNotify)
        .with_safely_replayable(true);
    let error = plan(&properties, &[Stack::UDP, Stack::TCP], NONE).unwrap_err();
    assert_eq!(error.cause(), Cause::Property(SoftErrorNotify, Require));
    let of: Vec<_> = error.rejections().iter().map(|one| one.stack).collect();
    assert_eq!(of, [StackId::Udp, StackId::Tcp]);
    assert_eq!(
        error.rejections()[0].to_string(),
        "UDP: reliability=Require, preserveOrder=Require, \
         congestionControl=Require, softErrorNotify=Require"
    );
    let properties = properties
        .default(SoftErrorNotify)
        .prohibit(PreserveOrder)
        .no_preference(Reliability);
    let error = plan(&properties, &[Stack::TLS, Stack::TCP], NONE).unwrap_err();
    assert_eq!(error.cause(), Cause::Property(PreserveOrder, Prohibit));
}

#[test]
fn a_list_that_is_empty_or_too_long_is_refused() {
    let error = plan(&free(), &[], NONE).unwrap_err();
    assert_eq!(error.cause(), Cause::NoStacks);
    assert!(error.rejections().is_empty());
    let error = plan(&free(), &[Stack::TCP; MAX_STACKS + 1], NONE).unwrap_err();
    assert_eq!(error.cause(), Cause::TooManyStacks);
    assert!(error.to_string().contains("more than 8"));
    let most = plan(&free(), &[Stack::TCP; MAX_STACKS], NONE).unwrap();
    assert_eq!(most.stacks().len(), MAX_STACKS);
}

#[test]
fn what_no_stack_has_may_be_preferred_and_not_required() {
    let of = |properties: &TransportProperties, stacks: &[Stack]| {
        plan(properties, stacks, framer_properties(true)).map(|plan| plan.stacks().to_vec())
    };
    let all = [Stack::TLS, Stack::TCP, Stack::UDP];
    let missing: Vec<_> = SelectionProperty::ALL
        .iter()
        .filter(|property| all.iter().all(|stack| !stack.has().contains(**property)))
        .collect();
    assert_eq!(
        missing,
        [
            &SelectionProperty::PerMsgReliability,
            &Multistreaming,
            &UseTemporaryLocalAddress,
            &SoftErrorNotify
        ]
    );
    for property in missing {
        for level in [Prefer, NoPreference, Avoid, Prohibit] {
            let accepted = of(&free().with(*property, level), &all);
            assert_eq!(accepted, of(&free(), &all), "{property}={level}");
        }
        let error = of(&free().require(*property), &all).unwrap_err();
        assert_eq!(error.cause(), Cause::Property(*property, Require));
        assert_eq!(error.rejections().len(), all.len());
    }
    // What datagrams have and streams have not.
    let error = of(&free().require(ZeroRttMsg), &all[..2]).unwrap_err();
    assert_eq!(error.cause(), Cause::Property(ZeroRttMsg, Require));
}

#[test]
fn keep_alives_can_be_prohibited_on_a_device() {
    let stream = TransportProperties::RELIABLE_INORDER_STREAM;
    let both = [Stack::TLS, Stack::TCP];
    for properties in [stream.prohibit(KeepAlive), stream.require(KeepAlive)] {
        assert_eq!(order(&properties, &both), [StackId::Tls, StackId::Tcp]);
    }
}

#[test]
fn a_direction_ranks_nothing() {
    let all = [Stack::UDP, Stack::TCP, Stack::TLS];
    for direction in CommunicationDirection::ALL {
        let plan = order(&free().with_direction(*direction), &all);
        assert_eq!(plan, order(&free(), &all), "{direction}");
    }
}

/// A generator of numbers that is the same everywhere (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn set(&mut self) -> PropertySet {
        SelectionProperty::ALL
            .iter()
            .filter(|_| self.roll(2) == 0)
            .fold(NONE, |set, property| set.with(*property))
    }
}

/// The rules again, in the slowest words there are, against the planner.
#[test]
fn random_properties_on_random_stacks_follow_the_rules() {
    let ids = [StackId::Tcp, StackId::Udp, StackId::Sctp, StackId::Dtls];
    let mut dice = Dice(0x5eed_cafe_f00d_1234);
    let mut found = 0;
    for round in 0..20_000 {
        let mut stacks: Vec<Stack> = Vec::new();
        for id in &ids[..1 + dice.roll(4) as usize] {
            stacks.push(Stack {
                id: *id,
                always: dice.set(),
                optional: dice.set(),
                no_duplicates: dice.roll(2) == 0,
                multipath: MultipathAbility::None,
            });
        }
        let mut properties = free().with_safely_replayable(dice.roll(4) > 0);
        for property in SelectionProperty::ALL {
            // Demands are rare, or nothing ever fits.
            let level = [Require, Prohibit, Prefer, Avoid, NoPreference, NoPreference]
                [if dice.roll(6) == 0 { 0 } else { 2 } + dice.roll(2) as usize];
            properties = properties.with(*property, level);
        }
        let fits = |stack: &Stack| {
            let level = |property: &SelectionProperty| properties.preference(*property);
            let has = |property: &SelectionProperty| stack.has().contains(*property);
            let forced = |property: &SelectionProperty| stack.always.contains(*property);
            SelectionProperty::ALL
                .iter()
                .all(|one| level(one) != Require || has(one))
                && !SelectionProperty::ALL
                    .iter()
                    .any(|one| level(one) == Prohibit && forced(one))
                && (stack.no_duplicates || properties.safely_replayable())
        };
        let key = |stack: &Stack, paths: bool| {
            let (mut prefer, mut avoid) = (0_i32, 0_i32);
            for property in SelectionProperty::ALL {
                if property.is_about_paths() != paths {
                    continue;
                }
                let level = properties.preference(*property);
                prefer += i32::from(level == Prefer && stack.has().contains(*property));
                avoid -= i32::from(level == Avoid && stack.always.contains(*property));
            }
            (prefer, avoid)
        };
        let mut wanted: Vec<&Stack> = stacks.iter().filter(|stack| fits(stack)).collect();
        wanted.sort_by_key(|stack| core::cmp::Reverse((key(stack, true), key(stack, false))));
        match plan(&properties, &stacks, NONE) {
            Ok(plan) => {
                found += 1;
                let ids: Vec<_> = wanted.iter().map(|stack| stack.id).collect();
                assert_eq!(plan.stacks(), ids, "round {round}");
                assert_eq!(plan.first(), ids[0]);
                for stack in &stacks {
                    assert_eq!(plan.contains(stack.id), ids.contains(&stack.id));
                }
            }
            Err(error) => {
                assert!(wanted.is_empty(), "round {round}: {error}");
                assert_eq!(error.rejections().len(), stacks.len());
                assert!(
                    error
                        .rejections()
                        .iter()
                        .all(|one| one.causes().count() > 0)
                );
            }
        }
    }
    assert!(found > 1_000 && found < 19_000, "{found} plans");
}
