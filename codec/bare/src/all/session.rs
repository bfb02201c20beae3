//! NGTT's sessions.

use wigwag_codec::ngtt::client::{
    Config, MarksFull, QueueError, QueueRule, Record, SendKind, Sizes, Slots, Ticket,
};
use wigwag_codec::ngtt::server::{OrderQueue, ServerConfig};
use wigwag_codec::ngtt::{ClientSession, ServerSession};

type Small = Slots<2, 64, 3, 64, 4>;
type Session = ClientSession<Small>;
type Payload = &'static [u8];

fn submit(session: &mut Session, kind: SendKind, bytes: &[u8]) -> Result<Ticket, QueueError<()>> {
    // ClientSession::submit
    session.submit(kind, |slot| {
        let place = slot.get_mut(..bytes.len()).ok_or(())?;
        for (to, from) in place.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(bytes.len())
    })
}

fn restore(session: &mut Session, records: &[Record]) -> Result<(), MarksFull> {
    // ClientSession::restore ClientSession::restore_part
    session.restore_part(records.iter().copied())?;
    session.restore(records.iter().copied())
}

super::functions![
    <Slots<2, 64, 3, 64, 4> as Sizes>::order_payload,
    <Slots<2, 64, 3, 64, 4> as Sizes>::per_mark::<u8>,
    ClientSession::<Small>::abandon,
    ClientSession::<Small>::acknowledge,
    ClientSession::<Small>::answer,
    ClientSession::<Small>::connected,
    ClientSession::<Small>::counters,
    ClientSession::<Small>::disconnected,
    ClientSession::<Small>::fetch_orders,
    ClientSession::<Small>::give_back,
    ClientSession::<Small>::handle_frame,
    ClientSession::<Small>::handle_oversized,
    ClientSession::<Small>::handle_timeout,
    ClientSession::<Small>::heard,
    ClientSession::<Small>::in_use,
    ClientSession::<Small>::is_connected,
    ClientSession::<Small>::is_idle,
    ClientSession::<Small>::is_past_known,
    ClientSession::<Small>::is_recorded,
    ClientSession::<Small>::is_settled,
    ClientSession::<Small>::new,
    ClientSession::<Small>::next_timeout,
    ClientSession::<Small>::order,
    ClientSession::<Small>::payload,
    ClientSession::<Small>::persisted,
    ClientSession::<Small>::poll_answer,
    ClientSession::<Small>::poll_event,
    ClientSession::<Small>::poll_order,
    ClientSession::<Small>::poll_persist,
    ClientSession::<Small>::poll_transmit,
    ClientSession::<Small>::reject,
    ClientSession::<Small>::release,
    ClientSession::<Small>::tid,
    ClientSession::<Small>::transmitted,
    ClientSession::<Small>::transmitting,
    ClientSession::<Small>::with_defaults,
    Config::default,
    Config::new,
    OrderQueue::<Payload, 4>::default,
    OrderQueue::<Payload, 4>::in_flight,
    OrderQueue::<Payload, 4>::is_empty,
    OrderQueue::<Payload, 4>::len,
    OrderQueue::<Payload, 4>::new,
    OrderQueue::<Payload, 4>::number_of,
    OrderQueue::<Payload, 4>::push,
    OrderQueue::<Payload, 4>::with_hold,
    OrderQueue::<Payload, 4>::with_last_tid,
    OrderQueue::<Payload, 4>::with_tid,
    OrderQueue::<Payload, 4>::with_window,
    QueueRule::new,
    QueueRule::with_limit,
    Record::from_bytes,
    Record::to_bytes,
    ServerConfig::default,
    ServerConfig::new,
    ServerSession::can_receive,
    ServerSession::confirm_data,
    ServerSession::handle_frame::<Payload, 4>,
    ServerSession::handle_timeout,
    ServerSession::heard,
    ServerSession::new::<Payload, 4>,
    ServerSession::next_timeout,
    ServerSession::poll_transmit::<Payload, 4>,
    ServerSession::reject_data,
    ServerSession::transmitted::<Payload, 4>,
    ServerSession::transmitting,
    restore,
    submit,
];
