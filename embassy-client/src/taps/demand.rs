//! A plan that the compiler demands.

use super::planner::{Cause, Plan, Unsatisfiable};
use super::property::{Preference, SelectionProperty};

/// The plan, or a panic that names the property: in a constant it stops the
/// build. [`require!`](crate::taps::require) is the short form. At run time
/// look at the [`Unsatisfiable`] itself.
///
/// # Panics
/// When there is no plan.
#[must_use]
pub const fn demand(plan: Result<Plan, Unsatisfiable>) -> Plan {
    let cause = match plan {
        Ok(plan) => return plan,
        Err(unsatisfiable) => unsatisfiable.cause(),
    };
    // A constant cannot format, so each message is a literal.
    macro_rules! refuse {
        ($($property:ident = $name:literal $(, $hint:literal)?;)*) => {
            match cause {
                $(
                    Cause::Property(SelectionProperty::$property, Preference::Require) => {
                        panic!(concat!(
                            "TAPS: ", $name, "=Require cannot be met together with the other \
                             demands: drop it or allow another stack", $($hint)?
                        ))
                    }
                    Cause::Property(SelectionProperty::$property, _) => {
                        panic!(concat!(
                            "TAPS: ", $name, "=Prohibit cannot be met together with the other \
                             demands: drop it or allow another stack"
                        ))
                    }
                )*
                Cause::SafelyReplayable => panic!(
                    "TAPS: safelyReplayable=false, but what is left of the list may deliver a \
                     message twice: say that messages are safely replayable, or allow another stack"
                ),
                Cause::Multipath => panic!(
                    "TAPS: multipath=Disabled, but what is left of the list always uses several \
                     paths: allow it or allow another stack"
                ),
                Cause::NoStacks => panic!("TAPS: the list of stacks is empty"),
                Cause::TooManyStacks => panic!("TAPS: the list has more than 8 stacks"),
            }
        };
    }
    refuse! {
        Reliability = "reliability";
        PreserveMsgBoundaries = "preserveMsgBoundaries", ", or add a framer that keeps them";
        PerMsgReliability = "perMsgReliability";
        PreserveOrder = "preserveOrder";
        ZeroRttMsg = "zeroRttMsg";
        Multistreaming = "multistreaming";
        FullChecksumSend = "fullChecksumSend";
        FullChecksumRecv = "fullChecksumRecv";
        CongestionControl = "congestionControl";
        KeepAlive = "keepAlive";
        UseTemporaryLocalAddress = "useTemporaryLocalAddress";
        SoftErrorNotify = "softErrorNotify";
        ActiveReadBeforeSend = "activeReadBeforeSend";
    }
}

/// Plans at compile time: the stacks of the list that fit, as a constant
/// [`Plan`](crate::taps::Plan). When nothing fits the build stops, and the
/// message names the property.
///
/// ```
/// use wigwag_codec::prefix::PrefixFramer;
/// use wigwag_embassy::taps::{self, Plan, Stack, StackId, TransportProperties};
///
/// const PROPERTIES: TransportProperties = TransportProperties::RELIABLE_MESSAGE;
/// const PLAN: Plan = taps::require!(PROPERTIES, stacks = [Stack::TLS], framer = PrefixFramer);
/// assert_eq!(PLAN.stacks(), [StackId::Tls]);
/// ```
///
/// Without the framer TLS has no message boundaries, and the build says
/// "TAPS: preserveMsgBoundaries=Require cannot be met together with the other
/// demands: drop it or allow another stack, or add a framer that keeps them":
///
/// ```compile_fail,E0080
/// use wigwag_embassy::taps::{self, Plan, Stack, TransportProperties};
///
/// const PROPERTIES: TransportProperties = TransportProperties::RELIABLE_MESSAGE;
/// const PLAN: Plan = taps::require!(PROPERTIES, stacks = [Stack::TLS]);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __taps_require {
    ($properties:expr, stacks = [$($stack:expr),+ $(,)?] $(,)?) => {{
        const PLAN: $crate::taps::Plan = $crate::taps::demand($crate::taps::plan(
            &$properties,
            &[$($stack),+],
            $crate::taps::PropertySet::EMPTY,
        ));
        PLAN
    }};
    ($properties:expr, stacks = [$($stack:expr),+ $(,)?], framer = $framer:ty $(,)?) => {{
        const PLAN: $crate::taps::Plan = $crate::taps::demand($crate::taps::plan(
            &$properties,
            &[$($stack),+],
            $crate::taps::framer_properties(
                <$framer as $crate::taps::Framer>::PRESERVES_BOUNDARIES,
            ),
        ));
        PLAN
    }};
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::string::String;

    use super::*;
    use crate::taps::{PropertySet, Stack, TransportProperties, plan};

    fn refusal(properties: TransportProperties, stacks: &'static [Stack]) -> String {
        let panic = catch_unwind(|| demand(plan(&properties, stacks, PropertySet::EMPTY)))
            .expect_err("no stack fits");
        String::from(*panic.downcast_ref::<&str>().expect("a literal"))
    }

    /// The build shows the message of this same function.
    #[test]
    fn the_message_names_the_property_and_its_level() {
        const EVERYTHING: &[Stack] = &[Stack {
            always: PropertySet::ALL,
            ..Stack::TCP
        }];
        const NOTHING: &[Stack] = &[Stack {
            always: PropertySet::EMPTY,
            optional: PropertySet::EMPTY,
            ..Stack::TCP
        }];
        let free = SelectionProperty::ALL
            .iter()
            .fold(TransportProperties::DEFAULT, |properties, property| {
                properties.no_preference(*property)
            });
        for property in SelectionProperty::ALL {
            let message = refusal(free.require(*property), NOTHING);
            let start = std::format!("TAPS: {property}=Require cannot be met");
            assert!(message.starts_with(&start), "{message}");
            let message = refusal(free.prohibit(*property), EVERYTHING);
            let start = std::format!("TAPS: {property}=Prohibit cannot be met");
            assert!(message.starts_with(&start), "{message}");
        }
        let message = refusal(free, &[Stack::UDP]);
        assert!(message.contains("safelyReplayable=false"), "{message}");
        assert!(refusal(free, &[]).contains("empty"));
        assert!(refusal(free, &[Stack::TCP; 9]).contains("more than 8"));
    }

    #[test]
    fn a_plan_that_is_there_is_returned() {
        const PLAN: Plan = crate::taps::require!(
            TransportProperties::DEFAULT,
            stacks = [Stack::TLS, Stack::TCP]
        );
        assert_eq!(PLAN.stacks().len(), 2);
    }
}
