use std::vec;
use std::vec::Vec;

use core::time::Duration;

use super::*;

const NOW: Instant = Instant::ZERO;

fn at(seconds: u64) -> Instant {
    Instant::from_secs(seconds)
}

fn priority(priority: u32) -> Terms {
    Terms {
        priority,
        ..Terms::DEFAULT
    }
}

/// Hands down what can be, and returns it.
fn drain<X: Copy>(queue: &mut Queue<'_, X>) -> Vec<Vec<u8>> {
    let mut sent = vec![];
    while let Some(head) = queue.head(true) {
        let (id, data) = (head.id, head.data.to_vec());
        assert!(head.end_of_message);
        queue.advance(id, data.len());
        sent.push(data);
    }
    sent
}

#[test]
fn the_lower_number_goes_first_and_equals_keep_their_order() {
    let mut queue: SendQueue<8, 64> = SendQueue::new();
    let mut queue = queue.queue();
    for (text, number) in [("b1", 100), ("c", 200), ("a", 1), ("b2", 100)] {
        queue
            .push(NOW, &[text.as_bytes()], priority(number), ())
            .unwrap();
    }
    assert_eq!(
        drain(&mut queue),
        [b"a".to_vec(), b"b1".into(), b"b2".into(), b"c".into()]
    );
}

#[test]
fn parts_of_a_message_are_put_together() {
    let mut queue: SendQueue<2, 8> = SendQueue::new();
    let mut queue = queue.queue();
    queue
        .push(NOW, &[b"ab", b"", b"cd"], priority(1), ())
        .unwrap();
    queue.push(NOW, &[], priority(2), ()).unwrap();
    assert_eq!(drain(&mut queue), [b"abcd".to_vec(), vec![]]);
}

#[test]
fn each_message_ends_once() {
    let mut queue: SendQueue<2, 8> = SendQueue::new();
    let mut queue = queue.queue();
    let id = queue.push(NOW, &[b"one"], Terms::DEFAULT, ()).unwrap();
    assert_eq!(queue.take_outcome(id), None);
    queue.begin(id);
    queue.advance(id, 1);
    assert_eq!(queue.take_outcome(id), None);
    queue.advance(id, 2);
    queue.fail(SendError::UnderlyingStack);
    queue.refuse(id, SendError::Timeout);
    assert_eq!(queue.take_outcome(id), Some(Ok(Sent)));
    assert_eq!(queue.take_outcome(id), None);
}

#[test]
fn the_place_of_a_message_is_free_when_its_outcome_was_taken_or_nobody_wants_it() {
    let mut queue: SendQueue<1, 8> = SendQueue::new();
    let mut queue = queue.queue();
    let first = queue.push(NOW, &[b"1"], Terms::DEFAULT, ()).unwrap();
    drain(&mut queue);
    let full = queue.push(NOW, &[b"2"], Terms::DEFAULT, ());
    assert_eq!(full, Err(SendError::Full));
    assert_eq!(queue.take_outcome(first), Some(Ok(Sent)));
    let second = queue.push(NOW, &[b"2"], Terms::DEFAULT, ()).unwrap();
    queue.forget(second);
    drain(&mut queue);
    let third = queue.push(NOW, &[b"3"], Terms::DEFAULT, ()).unwrap();
    drain(&mut queue);
    queue.forget(third);
    let fourth = queue.push(NOW, &[b"4"], Terms::DEFAULT, ()).unwrap();
    // Names of earlier messages mean nothing any more.
    for old in [first, second, third] {
        assert_eq!(queue.take_outcome(old), None);
        queue.refuse(old, SendError::Timeout);
    }
    assert_eq!(queue.head(true).map(|head| head.id), Some(fourth));
}

#[test]
fn what_does_not_fit_is_refused_and_room_comes_back() {
    let mut queue: SendQueue<8, 8> = SendQueue::new();
    let mut queue = queue.queue();
    let long = queue.push(NOW, &[&[0; 9]], Terms::DEFAULT, ());
    assert_eq!(
        long,
        Err(SendError::MessageTooLarge {
            length: 9,
            limit: 8
        })
    );
    queue.push(NOW, &[b"12345"], Terms::DEFAULT, ()).unwrap();
    let full = queue.push(NOW, &[b"1234"], Terms::DEFAULT, ());
    assert_eq!(full, Err(SendError::Full));
    queue.push(NOW, &[b"123"], Terms::DEFAULT, ()).unwrap();
    assert_eq!(drain(&mut queue).len(), 2);
    queue.push(NOW, &[b"12345678"], Terms::DEFAULT, ()).unwrap();
}

#[test]
fn a_message_expires_before_its_turn_and_not_after() {
    let mut queue: SendQueue<4, 64> = SendQueue::new();
    let mut queue = queue.queue();
    queue.set_streaming(true);
    let terms = |seconds| Terms {
        deadline: at(seconds),
        ..Terms::DEFAULT
    };
    let begun = queue.push(NOW, &[b"begun"], terms(5), ()).unwrap();
    let waits = queue.push(NOW, &[b"waits"], terms(7), ()).unwrap();
    let stays = queue.push(NOW, &[b"stays"], Terms::DEFAULT, ()).unwrap();
    assert_eq!(queue.next_timeout(), Some(at(5)));
    queue.begin(begun);
    assert_eq!(queue.next_timeout(), Some(at(7)));
    assert!(!queue.handle_timeout(Instant::from_micros(6_999_999)));
    assert!(queue.handle_timeout(at(7)));
    assert_eq!(queue.next_timeout(), None);
    assert_eq!(queue.take_outcome(waits), Some(Err(SendFailure::Expired)));
    assert_eq!(drain(&mut queue), [b"begun".to_vec(), b"stays".into()]);
    assert_eq!(queue.take_outcome(begun), Some(Ok(Sent)));
    assert_eq!(queue.take_outcome(stays), Some(Ok(Sent)));
}

#[test]
fn what_has_expired_makes_room() {
    let mut queue: SendQueue<1, 8> = SendQueue::new();
    let mut queue = queue.queue();
    let soon = Terms {
        deadline: NOW.saturating_add(Duration::from_millis(5)),
        ..Terms::DEFAULT
    };
    let id = queue.push(NOW, &[b"12345678"], soon, ()).unwrap();
    queue.forget(id);
    queue
        .push(at(1), &[b"12345678"], Terms::DEFAULT, ())
        .unwrap();
}

#[test]
fn the_final_message_is_the_last_and_nothing_follows_it() {
    let mut queue: SendQueue<4, 64> = SendQueue::new();
    let mut queue = queue.queue();
    let last = Terms {
        final_message: true,
        priority: 0,
        ..Terms::DEFAULT
    };
    let parts = queue.open(NOW, priority(900), (), None).unwrap();
    queue.push(NOW, &[b"bye"], last, ()).unwrap();
    let later = queue.push(NOW, &[b"later"], Terms::DEFAULT, ());
    assert_eq!(later, Err(SendError::FinalMessagePassed));
    // What was begun before it may still be completed.
    assert!(queue.head(true).is_none());
    queue.append(parts, b"more", true).unwrap();
    assert!(!queue.is_final_sent());
    assert_eq!(drain(&mut queue), [b"more".to_vec(), b"bye".into()]);
    assert!(queue.is_final_sent());
}

#[test]
fn nothing_of_a_batch_leaves_before_its_end() {
    let mut queue: SendQueue<4, 64> = SendQueue::new();
    let mut queue = queue.queue();
    queue.push(NOW, &[b"before"], Terms::DEFAULT, ()).unwrap();
    queue.start_batch();
    queue.push(NOW, &[b"b"], priority(2), ()).unwrap();
    queue.push(NOW, &[b"a"], priority(1), ()).unwrap();
    assert_eq!(drain(&mut queue), [b"before".to_vec()]);
    queue.end_batch();
    assert_eq!(drain(&mut queue), [b"a".to_vec(), b"b".into()]);
}

#[test]
fn a_batch_that_cannot_fit_is_told_from_a_full_queue() {
    let mut queue: SendQueue<2, 8> = SendQueue::new();
    let mut queue = queue.queue();
    let before = queue.push(NOW, &[b"12"], Terms::DEFAULT, ()).unwrap();
    queue.start_batch();
    queue.push(NOW, &[b"34"], Terms::DEFAULT, ()).unwrap();
    // The first one is going to leave: there will be room.
    let full = queue.push(NOW, &[b"5"], Terms::DEFAULT, ());
    assert_eq!(full, Err(SendError::Full));
    queue.forget(before);
    drain(&mut queue);
    let other = queue.push(NOW, &[b"5"], Terms::DEFAULT, ()).unwrap();
    let never = queue.push(NOW, &[b"6"], Terms::DEFAULT, ());
    assert_eq!(never, Err(SendError::BatchTooLarge));
    queue.end_batch();
    queue.forget(other);
    assert_eq!(drain(&mut queue).len(), 2);
}

#[test]
fn an_unordered_message_passes_one_that_is_not_complete() {
    let mut queue: SendQueue<4, 64> = SendQueue::new();
    let mut queue = queue.queue();
    let unordered = Terms {
        ordered: false,
        ..Terms::DEFAULT
    };
    let first = queue.open(NOW, Terms::DEFAULT, (), None).unwrap();
    queue.append(first, b"fir", false).unwrap();
    queue.push(NOW, &[b"second"], Terms::DEFAULT, ()).unwrap();
    queue.push(NOW, &[b"third"], unordered, ()).unwrap();
    queue.push(NOW, &[b"urgent"], priority(1), ()).unwrap();
    assert_eq!(drain(&mut queue), [b"urgent".to_vec(), b"third".into()]);
    queue.append(first, b"st", true).unwrap();
    assert_eq!(drain(&mut queue), [b"first".to_vec(), b"second".into()]);
}

#[test]
fn scavengers_wait_until_nothing_else_is_there() {
    let mut queue: SendQueue<4, 64> = SendQueue::new();
    let mut queue = queue.queue();
    let scavenger = Terms {
        scavenger: true,
        priority: 0,
        ..Terms::DEFAULT
    };
    queue.push(NOW, &[b"backup"], scavenger, ()).unwrap();
    queue.push(NOW, &[b"order"], priority(500), ()).unwrap();
    assert_eq!(queue.head(false).unwrap().data, b"order");
    let id = queue.head(false).unwrap().id;
    queue.advance(id, 5);
    assert!(queue.head(false).is_none(), "something is under way");
    assert_eq!(queue.head(true).unwrap().data, b"backup");
}

#[test]
fn a_message_of_known_length_streams_through_a_smaller_queue() {
    let mut queue: SendQueue<2, 8> = SendQueue::new();
    let mut queue = queue.queue();
    queue.reset(true);
    let id = queue.open(NOW, Terms::DEFAULT, (), Some(20)).unwrap();
    assert!(queue.head(true).is_none());
    let body: Vec<u8> = (0..20).collect();
    let (mut given, mut sent) = (0, vec![]);
    while given < 20 {
        let next = (given + 5).min(20);
        match queue.append(id, &body[given..next], next == 20) {
            Ok(()) => given = next,
            Err(SendError::Full) => {
                let head = queue.head(true).unwrap();
                assert_eq!((head.length, head.offset), (20, sent.len()));
                assert!(!head.end_of_message);
                let count = head.data.len().min(3);
                sent.extend_from_slice(&head.data[..count]);
                queue.advance(id, count);
            }
            Err(error) => panic!("{error}"),
        }
    }
    while let Some(head) = queue.head(true) {
        sent.extend_from_slice(head.data);
        let count = head.data.len();
        queue.advance(id, count);
    }
    assert_eq!(sent, body);
    assert_eq!(queue.take_outcome(id), Some(Ok(Sent)));
}

#[test]
fn a_message_of_known_length_keeps_to_it() {
    let mut queue: SendQueue<2, 8> = SendQueue::new();
    let mut queue = queue.queue();
    queue.reset(true);
    let id = queue.open(NOW, Terms::DEFAULT, (), Some(4)).unwrap();
    let short = queue.append(id, b"123", true);
    assert_eq!(short, Err(SendError::Incomplete));
    let long = queue.append(id, b"12345", false);
    assert_eq!(
        long,
        Err(SendError::MessageTooLarge {
            length: 5,
            limit: 4
        })
    );
    queue.append(id, b"1234", true).unwrap();
    let after = queue.append(id, b"", true);
    assert_eq!(after, Err(SendError::ConnectionClosing));
}

#[test]
fn a_message_without_a_length_must_fit() {
    let mut queue: SendQueue<2, 8> = SendQueue::new();
    let mut queue = queue.queue();
    queue.reset(true);
    let id = queue.open(NOW, Terms::DEFAULT, (), None).unwrap();
    queue.append(id, b"12345", false).unwrap();
    let long = queue.append(id, b"6789", false);
    assert_eq!(
        long,
        Err(SendError::MessageTooLarge {
            length: 9,
            limit: 8
        })
    );
    // Nothing of it has left: the connection can go on without it.
    assert!(queue.cancel(id));
    assert_eq!(
        queue.take_outcome(id),
        Some(Err(SendError::Incomplete.into()))
    );
    // Where messages are handed down whole, a known length changes nothing.
    queue.reset(false);
    let long = queue.open(NOW, Terms::DEFAULT, (), Some(9));
    assert!(matches!(long, Err(SendError::MessageTooLarge { .. })));
}

#[test]
fn a_message_that_was_begun_is_not_broken_off_unseen() {
    let mut queue: SendQueue<2, 8> = SendQueue::new();
    let mut queue = queue.queue();
    for close in [false, true] {
        queue.reset(true);
        let id = queue.open(NOW, Terms::DEFAULT, (), Some(20)).unwrap();
        queue.append(id, b"1234", false).unwrap();
        queue.begin(id);
        queue.advance(id, 2);
        let whole = if close {
            queue.close()
        } else {
            queue.cancel(id)
        };
        assert!(!whole);
        assert!(queue.is_empty());
    }
}

#[test]
fn closing_sends_what_was_taken_and_takes_no_more() {
    let mut queue: SendQueue<4, 64> = SendQueue::new();
    let mut queue = queue.queue();
    queue.start_batch();
    queue.push(NOW, &[b"batch"], Terms::DEFAULT, ()).unwrap();
    let parts = queue.open(NOW, Terms::DEFAULT, (), None).unwrap();
    assert!(queue.close());
    assert_eq!(
        queue.take_outcome(parts),
        Some(Err(SendError::ConnectionClosing.into()))
    );
    let later = queue.push(NOW, &[b"later"], Terms::DEFAULT, ());
    assert_eq!(later, Err(SendError::ConnectionClosing));
    assert_eq!(drain(&mut queue), [b"batch".to_vec()]);
}

#[test]
fn a_lost_connection_ends_all_that_waits_with_its_reason() {
    let mut queue: SendQueue<4, 64> = SendQueue::new();
    let mut queue = queue.queue();
    let sent = queue.push(NOW, &[b"sent"], Terms::DEFAULT, ()).unwrap();
    drain(&mut queue);
    let waits = queue.push(NOW, &[b"waits"], Terms::DEFAULT, ()).unwrap();
    queue.start_batch();
    let held = queue.push(NOW, &[b"held"], Terms::DEFAULT, ()).unwrap();
    let parts = queue.open(NOW, Terms::DEFAULT, (), None).unwrap();
    queue.fail(SendError::UnderlyingStack);
    assert_eq!(queue.take_outcome(sent), Some(Ok(Sent)));
    for id in [waits, held, parts] {
        let lost = Err(SendError::UnderlyingStack.into());
        assert_eq!(queue.take_outcome(id), Some(lost));
        assert_eq!(queue.take_outcome(id), None);
    }
    assert!(queue.is_empty() && !queue.is_open());
}

#[test]
fn a_new_connection_begins_with_nothing() {
    let mut queue: SendQueue<2, 8> = SendQueue::new();
    let mut queue = queue.queue();
    let old = queue.push(NOW, &[b"12345678"], Terms::DEFAULT, ()).unwrap();
    assert!(queue.close());
    queue.reset(false);
    assert!(queue.is_open() && queue.is_empty());
    assert_eq!(queue.take_outcome(old), None);
    queue.push(NOW, &[b"12345678"], Terms::DEFAULT, ()).unwrap();
}

#[test]
fn retiring_takes_no_more_and_lets_a_message_in_parts_come_to_its_end() {
    let mut queue: SendQueue<4, 64> = SendQueue::new();
    let mut queue = queue.queue();
    queue.push(NOW, &[b"whole"], priority(1), ()).unwrap();
    let parts = queue.open(NOW, priority(2), (), None).unwrap();
    queue.append(parts, b"one", false).unwrap();
    queue.retire();
    let late = queue.push(NOW, &[b"late"], priority(1), ());
    assert_eq!(late, Err(SendError::ConnectionClosing));
    assert_eq!(queue.append(parts, b"two", true), Ok(()));
    assert_eq!(drain(&mut queue), [b"whole".to_vec(), b"onetwo".into()]);
    assert!(queue.is_empty());
}
