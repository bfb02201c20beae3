use std::vec;
use std::vec::Vec;

use super::super::{FOOTER, Header, Ident, Packet, packet};
use super::*;

mod campaign;

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

/// A received packet: its header and its fields.
#[derive(Clone)]
struct Arrived {
    header: Header,
    body: Vec<u8>,
}

/// A packet with fields of these names, ids and values.
fn arrived(kind: &str, fields: &[(&str, u32, i32)]) -> Arrived {
    let mut place = [0; 512];
    let mut writer = packet(&mut place, kind);
    for (name, id, value) in fields {
        writer = writer.numbered_field(name, *id).param("N", *value);
    }
    let wire = writer.finish().unwrap();
    Arrived {
        header: *Packet::decode(wire).unwrap().header(),
        body: wire[32..wire.len() - 8].to_vec(),
    }
}

/// The value of the field at the start of the buffer.
fn value(header: Header, field: &[u8]) -> i32 {
    let packet = Packet::from_parts(header, field).unwrap();
    let field = packet.fields().next().unwrap();
    let value = field.param("N").unwrap().value().unwrap().as_i64();
    i32::try_from(value.unwrap()).unwrap()
}

/// Bytes of a field with one number, and of such a field in the mailbox.
const FIELD: usize = 24;
const KEPT: usize = FIELD + mailbox::RECORD;

fn open(desk: &mut Desk<'_>, names: &[&str]) -> (Request, u32) {
    let id = desk.next_id();
    let ids = (0..).map(|count| id.wrapping_add(count));
    let fields = names.iter().zip(ids).map(|(name, id)| (ident(name), id));
    (desk.open(ident("DSPC"), fields).unwrap(), id)
}

fn offer(desk: &mut Desk<'_>, front: &Arrived, who: &Who) -> (Offer, Vec<Option<usize>>) {
    let mut woken = Vec::new();
    let mut buffer = [0; 64];
    let wake = |slot| woken.push(slot);
    let offer = desk.offer(&front.header, &front.body, who, &mut buffer, wake);
    (offer, woken)
}

fn take(desk: &mut Desk<'_>, who: &Who) -> Option<i32> {
    let mut buffer = [0; 64];
    match desk.take(who, &mut buffer) {
        Taken::Field { header, length } => Some(value(header, &buffer[..length])),
        Taken::Nothing => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn answers_find_their_requests_in_any_order() {
    let mut exchange: Exchange<4, { 3 * KEPT }> = Exchange::new();
    let mut desk = exchange.desk();
    let requests = [(); 3].map(|()| open(&mut desk, &["TIME"]));
    for (count, (_, id)) in requests.iter().enumerate().rev() {
        let front = arrived("DSPC", &[("TIME", *id, count as i32)]);
        let (offer, woken) = offer(&mut desk, &front, &Who::Recv);
        assert_eq!((offer, woken), (Offer::Done, vec![Some(count)]));
    }
    for (count, (request, _)) in requests.iter().enumerate() {
        let found = take(&mut desk, &Who::Request(*request));
        assert_eq!(found, Some(count as i32));
        assert_eq!(take(&mut desk, &Who::Request(*request)), None);
    }
    assert_eq!(take(&mut desk, &Who::Recv), None);
    assert_eq!(desk.in_use(), (3, 0));
}

#[test]
fn a_desk_is_waited_for_until_the_last_one_has_left() {
    let mut exchange: Exchange<2, 0> = Exchange::new();
    let mut desk = exchange.desk();
    let (request, _) = open(&mut desk, &["TIME"]);
    assert!(!desk.is_waited_for());
    // One of them for an answer, one for whatever comes, in any order.
    let (one, other) = (Who::Request(request), Who::Recv);
    for [first, last] in [[&one, &other], [&other, &one]] {
        desk.wait(&one);
        assert!(desk.is_waited_for());
        desk.wait(&other);
        desk.leave(first);
        assert!(desk.is_waited_for());
        desk.leave(last);
        assert!(!desk.is_waited_for());
    }
}

#[test]
fn packet_type_name_and_id_have_to_be_those_of_the_request() {
    let mut exchange: Exchange<4, 0> = Exchange::new();
    let mut desk = exchange.desk();
    let (request, id) = open(&mut desk, &["TIME"]);
    for (kind, name, id) in [
        ("DSPL", "TIME", id),
        ("DSPC", "SWEP", id),
        ("DSPC", "TIME", id + 1),
    ] {
        let front = arrived(kind, &[(name, id, 0)]);
        let (offer, _) = offer(&mut desk, &front, &Who::Recv);
        let (length, is_done) = (FIELD, true);
        assert_eq!(offer, Offer::Field { length, is_done });
    }
    // The packet's id counts for nothing, nor do spaces at the end of names.
    let mut front = arrived("DSPC", &[("TIME", id, 0)]);
    front.header.id = 77;
    let (offer, _) = offer(&mut desk, &front, &Who::Request(request));
    assert!(matches!(offer, Offer::Field { .. }));
}

#[test]
fn each_field_of_a_request_can_be_waited_for_alone() {
    let mut exchange: Exchange<4, 512> = Exchange::new();
    let mut desk = exchange.desk();
    let (request, id) = open(&mut desk, &["SWEP", "TIME"]);
    let front = arrived(
        "DSPC",
        &[("SWEP", id, 1), ("TIME", id + 1, 2), ("SWEP", id, 3)],
    );
    let time = Who::Field(request, ident("TIME"));
    let (found, woken) = offer(&mut desk, &front, &time);
    let (length, is_done) = (FIELD, false);
    assert_eq!(found, Offer::Field { length, is_done });
    assert_eq!(woken, [Some(0)]);
    assert!(desk.is_begun());
    let swep = Who::Field(request, ident("SWEP"));
    assert_eq!(take(&mut desk, &swep), Some(1));
    let (found, _) = offer(&mut desk, &front, &swep);
    let is_done = true;
    assert_eq!(found, Offer::Field { length, is_done });
    assert!(!desk.is_begun());
    let any = Who::Request(request);
    assert_eq!(desk.slots(&any).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(desk.slots(&time).collect::<Vec<_>>(), [1]);
    assert_eq!(take(&mut desk, &any), None);
}

#[test]
fn a_field_too_large_for_the_mailbox_waits_for_an_owner_who_waits() {
    let mut exchange: Exchange<4, { KEPT - 1 }> = Exchange::new();
    let mut desk = exchange.desk();
    let (request, id) = open(&mut desk, &["TIME"]);
    let who = Who::Request(request);
    let front = arrived("DSPC", &[("TIME", id, 1)]);
    desk.wait(&who);
    let (found, woken) = offer(&mut desk, &front, &Who::Recv);
    assert_eq!((found, woken), (Offer::Stays, vec![Some(0)]));
    let (found, _) = offer(&mut desk, &front, &who);
    assert!(matches!(found, Offer::Field { is_done: true, .. }));

    // The same of unsolicited fields.
    let front = arrived("DSPC", &[("STAT", 0, 1)]);
    desk.wait(&Who::Recv);
    let (found, woken) = offer(&mut desk, &front, &who);
    assert_eq!((found, woken), (Offer::Stays, vec![None]));
    desk.leave(&Who::Recv);
    let (found, _) = offer(&mut desk, &front, &who);
    assert_eq!(found, Offer::Done);
    assert_eq!(desk.counters().lost_unsolicited, 1);
}

#[test]
fn what_is_lost_is_counted_and_told_at_its_place() {
    let mut exchange: Exchange<4, { KEPT }> = Exchange::new();
    let mut desk = exchange.desk();
    let (request, id) = open(&mut desk, &["TIME"]);
    let who = Who::Request(request);
    for value in 1..=3 {
        let front = arrived("DSPC", &[("TIME", id, value)]);
        assert_eq!(offer(&mut desk, &front, &Who::Recv).0, Offer::Done);
    }
    assert_eq!(desk.counters().lost_answers, 2);
    assert_eq!(take(&mut desk, &who), Some(1));
    // One more is kept, behind the two that were lost.
    let front = arrived("DSPC", &[("TIME", id, 4)]);
    assert_eq!(offer(&mut desk, &front, &Who::Recv).0, Offer::Done);
    assert_eq!(desk.take(&who, &mut [0; 64]), Taken::Lost(2));
    assert_eq!(take(&mut desk, &who), Some(4));
    assert_eq!(take(&mut desk, &who), None);

    // Told also before one that is still in front.
    let front = arrived("DSPC", &[("TIME", id, 5), ("TIME", id, 6), ("TIME", id, 7)]);
    let (stat, stat_id) = open(&mut desk, &["STAT"]);
    let mut tail = arrived("DSPC", &[("STAT", stat_id, 8), ("TIME", id, 9)]);
    let mut body = front.body;
    body.append(&mut tail.body);
    let front = Arrived { body, ..tail };
    let (found, _) = offer(&mut desk, &front, &Who::Request(stat));
    assert!(matches!(found, Offer::Field { is_done: false, .. }));
    assert_eq!(take(&mut desk, &who), Some(5));
    assert_eq!(desk.take(&who, &mut [0; 64]), Taken::Lost(2));
    let (found, _) = offer(&mut desk, &front, &who);
    assert!(matches!(found, Offer::Field { is_done: true, .. }));
}

#[test]
fn answers_take_the_room_of_what_is_unsolicited_and_not_the_other_way() {
    let mut exchange: Exchange<4, { 2 * KEPT }> = Exchange::new();
    let mut desk = exchange.desk();
    let (request, id) = open(&mut desk, &["TIME"]);
    let (other, _) = open(&mut desk, &["STAT"]);
    let (who, other) = (Who::Request(request), Who::Request(other));
    let unsolicited = |value| arrived("DSPC", &[("NEWS", 9, value)]);
    for value in 1..=3 {
        let (found, woken) = offer(&mut desk, &unsolicited(value), &other);
        assert_eq!(found, Offer::Done);
        assert_eq!(woken.len(), usize::from(value < 3));
    }
    for value in 4..=6 {
        let front = arrived("DSPC", &[("TIME", id, value)]);
        assert_eq!(offer(&mut desk, &front, &other).0, Offer::Done);
    }
    let counters = desk.counters();
    assert_eq!((counters.lost_answers, counters.lost_unsolicited), (1, 3));
    assert_eq!(take(&mut desk, &who), Some(4));
    assert_eq!(take(&mut desk, &who), Some(5));
    assert_eq!(desk.take(&who, &mut [0; 64]), Taken::Lost(1));
    assert_eq!(desk.take(&Who::Recv, &mut [0; 64]), Taken::Lost(3));
    assert_eq!(take(&mut desk, &Who::Recv), None);
}

#[test]
fn nothing_makes_way_for_an_answer_that_fits_nowhere() {
    let mut exchange: Exchange<4, { 2 * KEPT }> = Exchange::new();
    let mut desk = exchange.desk();
    let (_, id) = open(&mut desk, &["TIME"]);
    let (other, _) = open(&mut desk, &["STAT"]);
    let other = Who::Request(other);
    let news = arrived("DSPC", &[("NEWS", 9, 1)]);
    assert_eq!(offer(&mut desk, &news, &other).0, Offer::Done);
    let mut place = [0; 512];
    let large = packet(&mut place, "DSPC").numbered_field("TIME", id);
    let wire = large.param("DATA", &[0_u8; 2 * KEPT][..]).finish().unwrap();
    let front = Arrived {
        header: *Packet::decode(wire).unwrap().header(),
        body: wire[32..wire.len() - 8].to_vec(),
    };
    assert_eq!(offer(&mut desk, &front, &other).0, Offer::Done);
    let counters = desk.counters();
    assert_eq!((counters.lost_answers, counters.lost_unsolicited), (1, 0));
    assert_eq!(take(&mut desk, &Who::Recv), Some(1));
}

#[test]
fn a_closed_request_leaves_nothing_behind() {
    let mut exchange: Exchange<2, 512> = Exchange::new();
    let mut desk = exchange.desk();
    let (old, id) = open(&mut desk, &["SWEP", "TIME"]);
    let front = arrived("DSPC", &[("SWEP", id, 1), ("TIME", id + 1, 2)]);
    assert_eq!(offer(&mut desk, &front, &Who::Recv).0, Offer::Done);
    let full = desk.open(ident("DSPC"), [(ident("STAT"), 9)].into_iter());
    assert_eq!(full, Err(OpenError::Full));
    desk.close(old);
    desk.close(old);
    assert_eq!(desk.in_use(), (0, 0));
    // Its slots are another's now: the old name is not.
    let (new, new_id) = open(&mut desk, &["SWEP", "TIME"]);
    assert_eq!(new_id, id + 2);
    let front = arrived("DSPC", &[("SWEP", new_id, 3)]);
    assert_eq!(offer(&mut desk, &front, &Who::Recv).0, Offer::Done);
    assert_eq!(take(&mut desk, &Who::Request(old)), None);
    desk.wait(&Who::Request(old));
    desk.close(old);
    assert_eq!(take(&mut desk, &Who::Request(new)), Some(3));
    // A late answer is nobody's.
    let front = arrived("DSPC", &[("TIME", id + 1, 4)]);
    let (found, _) = offer(&mut desk, &front, &Who::Recv);
    assert!(matches!(found, Offer::Field { is_done: true, .. }));
}

#[test]
fn requests_are_refused_whole() {
    let mut exchange: Exchange<3, 0> = Exchange::new();
    let mut desk = exchange.desk();
    let kind = ident("DSPC");
    let name = ident("TIME");
    assert_eq!(desk.open(kind, [].into_iter()), Err(OpenError::NoField));
    desk.open(kind, [(name, 5)].into_iter()).unwrap();
    for (fields, error) in [
        (&[(name, 6), (name, 5)][..], OpenError::Outstanding),
        (&[(name, 6), (name, 6)], OpenError::Outstanding),
        (&[(name, 6), (name, 7), (name, 8)], OpenError::Full),
    ] {
        let opened = desk.open(kind, fields.iter().copied());
        assert_eq!(opened, Err(error));
        assert_eq!(desk.in_use(), (1, 0));
    }
}

#[test]
fn ids_are_not_used_twice_even_when_they_are_used_up() {
    let mut exchange: Exchange<4, 0> = Exchange::new();
    let mut desk = exchange.desk();
    desk.reset(u32::MAX - 1);
    let ids = [(); 3].map(|()| open(&mut desk, &["TIME"]));
    assert_eq!(ids.map(|(_, id)| id), [u32::MAX - 1, u32::MAX, 0]);
    // All ids were used once: the first that are free for all of a request.
    desk.rest.next_id = 0xffff_fffd;
    let next = desk.next_id();
    assert_eq!(next, 1);
}

#[test]
fn what_is_handed_round_stays_for_the_only_one_who_waits_and_is_kept_for_others() {
    let mut exchange: Exchange<4, 512> = Exchange::new();
    let mut desk = exchange.desk();
    let (request, id) = open(&mut desk, &["TIME"]);
    let who = Who::Request(request);
    let front = arrived("DSPC", &[("TIME", id, 1), ("NEWS", 0, 2)]);
    let round = |desk: &mut Desk<'_>| {
        let mut woken = Vec::new();
        let wake = |slot| woken.push(slot);
        (desk.distribute(&front.header, &front.body, wake), woken)
    };
    assert_eq!(round(&mut desk), (Offer::Stays, vec![]));
    desk.wait(&who);
    assert_eq!(round(&mut desk), (Offer::Stays, vec![Some(0)]));
    assert_eq!(desk.in_use(), (1, 0));
    desk.wait(&Who::Recv);
    assert_eq!(round(&mut desk), (Offer::Done, vec![Some(0), None]));
    assert_eq!(take(&mut desk, &who), Some(1));
    assert_eq!(take(&mut desk, &Who::Recv), Some(2));
    desk.leave(&who);
    desk.leave(&Who::Recv);
    assert_eq!(round(&mut desk), (Offer::Stays, vec![]));
}

#[test]
fn footers_between_fields_and_short_buffers_are_no_obstacle() {
    let mut exchange: Exchange<2, 256> = Exchange::new();
    let mut desk = exchange.desk();
    let (request, id) = open(&mut desk, &["TIME"]);
    let first = arrived("DSPC", &[("TIME", id, 1)]);
    let mut body = FOOTER.to_vec();
    body.extend(&first.body);
    body.extend(FOOTER);
    body.extend(FOOTER);
    let front = Arrived { body, ..first };
    let who = Who::Request(request);
    let mut small = [0; FIELD - 1];
    let offered = desk.offer(&front.header, &front.body, &who, &mut small, |_| {});
    assert_eq!(offered, Offer::TooSmall { needed: FIELD });
    assert_eq!(offer(&mut desk, &front, &Who::Recv).0, Offer::Done);
    assert_eq!(
        desk.take(&who, &mut small),
        Taken::TooSmall { needed: FIELD }
    );
    assert_eq!(take(&mut desk, &who), Some(1));
    // A packet without fields is done at once.
    let empty = arrived("DSPC", &[]);
    assert_eq!(offer(&mut desk, &empty, &Who::Recv).0, Offer::Done);
}
