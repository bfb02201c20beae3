use std::vec;
use std::vec::Vec;

use embedded_storage_async::nor_flash::{NorFlash, NorFlashErrorKind};

use super::test_flash::{Flash, now};
use super::*;

type Small = Flash<4, 4096>;
type Checked = Flash<32, 8192>;

fn open<const WORD: usize, const SECTOR: usize>(
    flash: &Flash<WORD, SECTOR>,
) -> (Opened, Store<Flash<WORD, SECTOR>>) {
    let region = Flash::<WORD, SECTOR>::region();
    let mut store = Store::new(flash.clone(), region).unwrap();
    (now(store.open()).unwrap(), store)
}

fn get<F: NorFlash>(store: &mut Store<F>, key: Key) -> Option<Vec<u8>> {
    now(store.get_with(key, <[u8]>::to_vec)).unwrap()
}

#[test]
fn values_come_back_after_a_restart() {
    let flash = Small::new();
    let (opened, mut store) = open(&flash);
    assert_eq!(opened, Opened::New);
    assert_eq!(get(&mut store, Key::Floor), None);
    now(store.put(Key::Floor, b"one")).unwrap();
    now(store.put(Key::Floor, b"two")).unwrap();
    now(store.put(Key::Mark(1), &[7; LONGEST])).unwrap();
    now(store.put(Key::Mark(2), b"gone")).unwrap();
    now(store.remove(Key::Mark(2))).unwrap();
    now(store.remove(Key::Mark(3))).unwrap();

    let (opened, mut store) = open(&flash);
    assert_eq!(opened, Opened::Found);
    assert_eq!(get(&mut store, Key::Floor), Some(b"two".to_vec()));
    assert_eq!(get(&mut store, Key::Mark(1)), Some(vec![7; LONGEST]));
    assert_eq!(get(&mut store, Key::Mark(2)), None);
    let mut last = std::collections::HashMap::new();
    now(store.each(|key, value| drop(last.insert(key, value.to_vec())))).unwrap();
    assert_eq!(last[&Key::Floor], b"two");
    assert_eq!(last[&Key::Mark(2)], b"");
    assert!(!last.contains_key(&Key::Mark(3)), "nothing to remove");
}

#[test]
fn too_long_and_too_much_are_refused() {
    let (_, mut store) = open(&Small::new());
    let long = now(store.put(Key::App(0), &[1; LONGEST + 1]));
    assert_eq!(long, Err(StoreError::TooLong { limit: LONGEST }));
    now(store.put(Key::App(0), b"four")).unwrap();
    let short = now(store.get(Key::App(0), &mut [0; 3])).map(|_| ());
    assert_eq!(short, Err(StoreError::TooLong { limit: 3 }));

    let mut stored = 0;
    let full = (1..=255).find_map(|index| {
        let put = now(store.put(Key::App(index), &[index; LONGEST]));
        stored += u8::from(put.is_ok());
        put.err()
    });
    assert_eq!(full, Some(StoreError::Full));
    assert!(stored >= 6, "{stored}: less than half of it could be used");
    for index in 1..=stored {
        let value = get(&mut store, Key::App(index));
        assert_eq!(value, Some(vec![index; LONGEST]), "{index}");
    }
}

#[test]
fn a_region_must_consist_of_sectors() {
    let new = |region| Store::<Small>::new(Small::new(), region).map(drop);
    let refused = |error| Err(StoreError::Region(error));
    assert_eq!(new(0..4096 * 4), Ok(()));
    assert_eq!(new(4096..4096 * 4), Ok(()));
    assert_eq!(new(0..4096 * 2), refused(RegionError::TooFewSectors));
    assert_eq!(new(0..4096 * 5), refused(RegionError::OutOfBounds));
    assert_eq!(new(1..4096 * 4), refused(RegionError::NotAligned));
    assert_eq!(new(0..4096 * 3 + 4), refused(RegionError::NotAligned));
    #[expect(clippy::reversed_empty_ranges, reason = "that is the test")]
    let reversed = new(4096 * 4..0);
    assert_eq!(reversed, refused(RegionError::OutOfBounds));
    let tiny = Store::<Flash<4, 1024>>::new(Flash::new(), 0..4096).map(drop);
    assert_eq!(tiny, refused(RegionError::Geometry));
}

#[test]
fn what_is_no_store_is_erased_and_that_is_told() {
    let flash = Small::new();
    flash.0.borrow_mut().bytes.fill(0x5a);
    assert_eq!(open(&flash).0, Opened::Lost);
    assert_eq!(open(&flash).0, Opened::Found);
}

#[test]
fn a_later_version_is_left_alone() {
    let flash = Small::new();
    let (_, mut store) = open(&flash);
    now(store.put(Key::Format, &[9])).unwrap();
    let before = flash.0.borrow().bytes.clone();
    let mut store: Store<_> = Store::new(flash.clone(), Small::region()).unwrap();
    let opened = now(store.open());
    assert_eq!(opened, Err(StoreError::UnknownVersion { version: 9 }));
    assert_eq!(flash.0.borrow().bytes, before);
    now(Store::<_, 64>::erase(&mut flash.clone(), Small::region())).unwrap();
    assert_eq!(open(&flash).0, Opened::New);
}

#[test]
fn dead_flash_is_an_error_and_not_an_empty_store() {
    let flash = Small::new();
    let (_, mut store) = open(&flash);
    now(store.put(Key::Floor, b"here")).unwrap();
    flash.0.borrow_mut().off = true;
    let failed = Err(StoreError::Flash(NorFlashErrorKind::Other));
    assert_eq!(now(store.get_with(Key::Floor, |_| ())), failed.map(Some));
    assert_eq!(now(store.put(Key::Floor, b"there")), failed);
    let mut again: Store<_> = Store::new(flash.clone(), Small::region()).unwrap();
    assert_eq!(now(again.open()).map(|_| ()), failed);
    flash.power_on();
    assert_eq!(get(&mut store, Key::Floor), Some(b"here".to_vec()));
}

/// Values of several lengths under several keys, over and over.
fn step(number: u32) -> (Key, Vec<u8>) {
    let key = Key::App((number % 7) as u8);
    let length = [20, 700, 3, 1040, 0, 300, 90][(number % 11 % 7) as usize];
    (key, vec![number as u8; length])
}

/// Cuts the power at every single write and erasure of a long sequence, and once
/// more while the store is opened again.
fn every_cut_leaves_the_old_or_the_new<const WORD: usize, const SECTOR: usize>(steps: u32) {
    for cut in 0.. {
        let flash = Flash::<WORD, SECTOR>::new();
        flash.0.borrow_mut().random = cut + 1;
        let (_, mut store) = open(&flash);
        flash.cut_at(cut);
        let mut model = std::collections::HashMap::new();
        let cut_off = (0..steps).find_map(|number| {
            let (key, value) = step(number);
            let put = now(store.put(key, &value));
            if put.is_err() {
                return Some((key, value));
            }
            model.insert(key, value);
            None
        });
        let Some((cut_key, cut_value)) = cut_off else {
            assert!(!flash.is_off(), "the power failed and nobody noticed");
            assert!(cut > steps, "{cut}: sectors were never full");
            return;
        };
        assert!(flash.is_off());
        for again in [Some(0), Some(1), Some(2), None] {
            flash.power_on();
            if let Some(operation) = again {
                flash.cut_at(operation);
            }
            let mut store: Store<_> =
                Store::new(flash.clone(), Flash::<WORD, SECTOR>::region()).unwrap();
            match now(store.open()) {
                Ok(opened) => assert_eq!(opened, Opened::Found, "cut {cut} and {again:?}"),
                Err(error) => assert!(flash.is_off(), "cut {cut} and {again:?}: {error}"),
            }
        }
        let (_, mut store) = open(&flash);
        for index in 0..7 {
            let key = Key::App(index);
            let stored = get(&mut store, key).unwrap_or_default();
            let old = model.get(&key).cloned().unwrap_or_default();
            let is_new = key == cut_key && stored == cut_value;
            assert!(
                stored == old || is_new,
                "cut {cut}: {key:?} of {}",
                stored.len()
            );
        }
        // It can be used on.
        for number in 0..40 {
            let (key, value) = step(number);
            let put = now(store.put(key, &value));
            assert_eq!(put, Ok(()), "cut {cut}, step {number}");
            assert_eq!(get(&mut store, key).unwrap_or_default(), value);
        }
    }
}

#[test]
fn power_fails_at_every_write_of_small_words() {
    every_cut_leaves_the_old_or_the_new::<4, 4096>(120);
}

#[test]
fn power_fails_at_every_write_of_checked_words() {
    every_cut_leaves_the_old_or_the_new::<32, 8192>(120);
}

#[test]
fn worn_flash_is_noticed() {
    let flash = Checked::new();
    let (_, mut store) = open(&flash);
    now(store.put(Key::Floor, b"old")).unwrap();
    // Nothing sticks any more.
    flash.0.borrow_mut().bytes.fill(0x00);
    let put = now(store.put(Key::Floor, b"new"));
    assert!(put.is_err(), "{put:?}");
}

/// Stores as many values as are said to fit, over and over, each time with other
/// lengths up to the longest.
fn what_fits_always_fits<const WORD: usize, const SECTOR: usize>(bytes: usize) {
    let flash = Flash::<WORD, SECTOR>::new();
    let (_, mut store) = open(&flash);
    let most = (1..=255).take_while(|count| store.fits(&[(*count, bytes)]).is_ok());
    let most = u8::try_from(most.last().unwrap()).unwrap();
    for round in 0..20_usize {
        for index in 0..most {
            let length = bytes - (round + usize::from(index)) % 7 * (bytes / 8);
            let put = now(store.put(Key::App(index), &std::vec![index; length]));
            assert_eq!(
                put,
                Ok(()),
                "{bytes} bytes, round {round}, {index} of {most}"
            );
        }
    }
}

#[test]
fn what_is_said_to_fit_never_finds_the_store_full() {
    for bytes in [40, 300, 1000, LONGEST] {
        what_fits_always_fits::<4, 4096>(bytes);
        what_fits_always_fits::<32, 8192>(bytes);
    }
    let (_, store) = open(&Small::new());
    assert_eq!(store.fits(&[(7, LONGEST)]), Err(StoreError::Full));
    assert_eq!(
        store.fits(&[(usize::MAX, usize::MAX)]),
        Err(StoreError::Full)
    );
}
