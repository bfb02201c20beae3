//! Takes a free slot for a new connection.

use super::super::property::ConnectionProperties;
use super::memory::{GroupState, Hub, Seat};
use super::state::{Duty, Order, Stage, State, is_datagram};
use wigwag_codec::framer::Framer;

/// Takes a free slot for `order`, in a group of its own. `None` when there is
/// none.
pub(super) fn claim<'h, 'a, F: Framer, S>(
    hub: &'h dyn Hub<'a, F, S>,
    order: Order<'a, F, S>,
    properties: &ConnectionProperties,
    listener: Option<u32>,
    is_held: bool,
) -> Option<Seat<'h, 'a, F, S>> {
    // There are as many groups as slots, so a free slot means a free group.
    let free = |group: &u8| hub.members(*group).next().is_none();
    let slots = u8::try_from(hub.slots()).unwrap_or(u8::MAX);
    let group = (0..slots).find(free)?;
    let seat = claim_in(hub, order, group, properties.conn_priority, is_held)?;
    let (properties, turn) = (*properties, GroupState::NEW.turn);
    hub.group(group.into())?
        .set(GroupState { properties, turn });
    seat.with(|state| state.listener = listener);
    Some(seat)
}

/// Whether another connection or listener of this transport has the local port
/// that an order is for. The stacks below would let both have it, and only one
/// would hear anything.
pub(super) fn is_in_use<F: Framer, S>(hub: &dyn Hub<'_, F, S>, order: &Order<'_, F, S>) -> bool {
    let Some(wanted) = bound(order) else {
        return false;
    };
    hub.seats().any(|seat| {
        seat.with(|state| {
            // What a listener has accepted shares its port; what it gives up
            // leaves it. A gate stays where it is for its guests.
            let is_there = match (state.stage, &state.order) {
                (Stage::Free | Stage::Closed, _) | (_, None) => false,
                (_, Some(order)) if order.duty == Duty::Accept => {
                    state.listener.is_some() && !state.is_aborted
                }
                (_, Some(order)) if order.duty == Duty::Gate => true,
                _ => state.failed.is_none() && !state.is_aborted,
            };
            is_there && state.order.as_ref().and_then(bound) == Some(wanted)
        })
    })
}

/// The local port that an order binds, and whether it is one of UDP. Who
/// initiates over TCP is given a port by the stack.
fn bound<F, S>(order: &Order<'_, F, S>) -> Option<(u16, bool)> {
    let port = order.local.and_then(|local| local.port())?;
    let has_datagrams = || {
        order
            .stacks
            .stacks()
            .iter()
            .any(|stack| is_datagram(*stack))
    };
    match order.duty {
        Duty::Accept => Some((port, false)),
        Duty::Gate | Duty::Rendezvous => Some((port, true)),
        Duty::Initiate => has_datagrams().then_some((port, true)),
        Duty::Guest(_) => None,
    }
}

/// Takes a free slot for another member of a group.
pub(super) fn claim_in<'h, 'a, F: Framer, S>(
    hub: &'h dyn Hub<'a, F, S>,
    order: Order<'a, F, S>,
    group: u8,
    priority: u32,
    is_held: bool,
) -> Option<Seat<'h, 'a, F, S>> {
    let seat = hub.seats().find(|seat| seat.stage() == Stage::Free)?;
    seat.with_queue(|queue| queue.reset(false));
    seat.with(|state| {
        *state = State::FREE;
        state.stage = Stage::Establishing;
        state.is_held = is_held;
        state.order = Some(order);
        state.group = group;
        state.priority = priority;
    });
    hub.shared().wake_runner();
    Some(seat)
}
