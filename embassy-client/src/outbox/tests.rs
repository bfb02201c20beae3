use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::vec::Vec;

use wigwag_codec::minijson::Encoder;

use super::*;
use crate::store::Store;
use crate::store::test_flash::{Flash, now};

type Chip = Flash<4, 4096>;
type Shared = SharedStore<NoopRawMutex, Chip>;
type Small<'a> = Outbox<'a, NoopRawMutex, Chip, 3>;

fn start(flash: &Chip) -> Shared {
    let mut store = Store::new(flash.clone(), Chip::region()).unwrap();
    now(store.open()).unwrap();
    SharedStore::new(store)
}

fn open(store: &Shared, rule: WhenFull) -> Small<'_> {
    now(Outbox::open(store, 64, rule)).unwrap()
}

/// Submits a batch that is a number.
async fn submit(outbox: &Small<'_>, number: i64) -> Result<(), OutboxError> {
    let write = |place: &mut [u8]| {
        let mut to = Encoder::new(place);
        to.int(number)?;
        to.finish().map(<[u8]>::len)
    };
    outbox.submit(SendKind::DataStream, write).await
}

/// What waits, oldest first, as a sender would find it.
fn waiting(outbox: &Small<'_>) -> Vec<u8> {
    let mut all = Vec::new();
    let mut taken = Vec::new();
    while let Some(place) = outbox.with(Index::take) {
        let mut store = now(outbox.store.lock());
        let last = now(store.get_with(Key::Outgoing(place), |value| value[HEAD..].to_vec()));
        all.extend(last.unwrap().unwrap());
        taken.push(place);
    }
    for place in taken {
        outbox.with(|index| index.wait_again(place));
    }
    all
}

fn is_pending(future: impl Future) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    pin!(future).poll(&mut context).is_pending()
}

/// Numbers up to 15 are one byte in minijson: what they are encoded as.
fn encoded(numbers: &[i64]) -> Vec<u8> {
    let one = |number: &i64| {
        let mut bytes = [0; 9];
        let mut to = Encoder::new(&mut bytes);
        to.int(*number).unwrap();
        to.finish().unwrap().to_vec()
    };
    numbers.iter().flat_map(one).collect()
}

#[test]
fn batches_wait_in_order_over_restarts() {
    let flash = Chip::new();
    for number in 1..=3 {
        let store = start(&flash);
        let outbox = open(&store, WhenFull::Block);
        now(submit(&outbox, number)).unwrap();
        let all: Vec<_> = (1..=number).collect();
        assert_eq!(waiting(&outbox), encoded(&all));
        assert_eq!(outbox.len(), all.len());
    }
}

#[test]
fn each_rule_does_what_it_says() {
    for (rule, left, dropped) in [
        (WhenFull::DropOldest, [3, 4, 5], 2),
        (WhenFull::DropNewest, [1, 2, 3], 2),
    ] {
        let flash = Chip::new();
        let store = start(&flash);
        let outbox = open(&store, rule);
        for number in 1..=5 {
            let is_refused = rule == WhenFull::DropNewest && number > 3;
            let refused = is_refused.then_some(OutboxError::Dropped);
            assert_eq!(now(submit(&outbox, number)).err(), refused);
        }
        assert_eq!(waiting(&outbox), encoded(&left));
        assert_eq!(outbox.counters().dropped, dropped);
        let store = start(&flash);
        assert_eq!(waiting(&open(&store, rule)), encoded(&left));
    }
}

#[test]
fn a_full_outbox_that_blocks_waits_for_room() {
    let flash = Chip::new();
    let store = start(&flash);
    let outbox = open(&store, WhenFull::Block);
    for number in 1..=3 {
        now(submit(&outbox, number)).unwrap();
    }
    let mut fourth = pin!(submit(&outbox, 4));
    let mut context = Context::from_waker(Waker::noop());
    assert!(fourth.as_mut().poll(&mut context).is_pending());
    let place = outbox.with(Index::take).unwrap();
    assert!(fourth.as_mut().poll(&mut context).is_pending());
    outbox.with(|index| index.free(place));
    assert!(matches!(
        fourth.as_mut().poll(&mut context),
        Poll::Ready(Ok(()))
    ));
    assert_eq!(waiting(&outbox), encoded(&[2, 3, 4]));
    assert!(is_pending(outbox.wait_empty()));
}

#[test]
fn what_is_on_its_way_does_not_make_room() {
    let flash = Chip::new();
    let store = start(&flash);
    let outbox = open(&store, WhenFull::DropOldest);
    for number in 1..=3 {
        now(submit(&outbox, number)).unwrap();
    }
    let first = outbox.with(Index::take).unwrap();
    now(submit(&outbox, 4)).unwrap();
    assert_eq!(waiting(&outbox), encoded(&[3, 4]));
    outbox.with(|index| index.wait_again(first));
    assert_eq!(waiting(&outbox), encoded(&[1, 3, 4]));
}

#[test]
fn a_batch_that_cannot_be_written_changes_nothing() {
    let flash = Chip::new();
    let store = start(&flash);
    let outbox = open(&store, WhenFull::DropOldest);
    let long = outbox.submit_pathpoints(1, |batch| batch.pathpoint(&"p".repeat(64), 0).map(drop));
    assert_eq!(now(long), Err(OutboxError::TooLarge { limit: 64 }));
    let wrong = now(outbox.submit_pathpoints(1, |_| Ok(())));
    assert!(matches!(wrong, Err(OutboxError::Invalid(_))), "{wrong:?}");
    assert!(outbox.is_empty());
    now(outbox.wait_empty());

    for number in 1..=3 {
        now(submit(&outbox, number)).unwrap();
    }
    let message = "m".repeat(64);
    let long = now(outbox.submit_logs(&[LogEntry::text("s", 0, 20, &message)]));
    assert_eq!(long, Err(OutboxError::TooLarge { limit: 64 }));
    assert_eq!(waiting(&outbox), encoded(&[1, 2, 3]));
    assert_eq!(outbox.counters().dropped, 0);
    flash.cut_at(0);
    assert!(matches!(
        now(submit(&outbox, 4)),
        Err(OutboxError::Store(_))
    ));
    flash.power_on();
    assert_eq!(waiting(&outbox), encoded(&[1, 2, 3]));
}

#[test]
fn a_submission_that_is_dropped_half_way_leaves_no_place_behind() {
    let flash = Chip::new();
    let store = start(&flash);
    let outbox = open(&store, WhenFull::Block);
    let held = now(store.lock());
    for _ in 0..5 {
        assert!(is_pending(submit(&outbox, 1)));
    }
    drop(held);
    assert!(outbox.is_empty());
    for number in 1..=3 {
        now(submit(&outbox, number)).unwrap();
    }
    assert_eq!(waiting(&outbox), encoded(&[1, 2, 3]));
}

#[test]
fn what_is_no_batch_is_no_batch() {
    let flash = Chip::new();
    let store = start(&flash);
    let mut held = now(store.lock());
    now(held.put(Key::Outgoing(0), b"\x03\0\0\0\0what?")).unwrap();
    now(held.put(Key::Outgoing(1), b"\x01\0\0")).unwrap();
    now(held.put(Key::Outgoing(200), &encoded(&[1]))).unwrap();
    drop(held);
    assert!(open(&store, WhenFull::Block).is_empty());
}
