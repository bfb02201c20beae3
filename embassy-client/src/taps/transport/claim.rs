//! Takes a free slot for a new connection.

use super::super::property::ConnectionProperties;
use super::memory::{GroupState, Hub, Seat};
use super::state::{Order, Stage, State};
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
        let credentials = state.credentials;
        *state = State::FREE;
        state.credentials = credentials;
        state.stage = Stage::Establishing;
        state.is_held = is_held;
        state.order = Some(order);
        state.group = group;
        state.priority = priority;
    });
    hub.shared().wake_runner();
    Some(seat)
}
