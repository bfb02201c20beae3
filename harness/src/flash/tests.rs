//! The chips against plain models of themselves.

use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::*;

fn now<T>(future: impl Future<Output = T>) -> T {
    embassy_futures::block_on(future)
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A number below `end`, in steps of `unit`.
fn place(rng: &mut ChaCha8Rng, end: usize, unit: usize) -> usize {
    (rng.next_u64() % (end / unit) as u64) as usize * unit
}

fn random(rng: &mut ChaCha8Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn all<P: Part>(flash: &mut SimFlash<P>) -> Vec<u8> {
    let mut bytes = vec![0; flash.capacity()];
    now(flash.read(0, &mut bytes)).unwrap();
    bytes
}

/// Random accesses on `SECTORS` sectors: the chip is an array of bytes whose
/// writes clear bits, and refuses what the part does not do.
fn behaves_as_its_model<P: Part>() {
    const SECTORS: usize = 3;
    for seed in 0..6 {
        let chip = FlashChip::<P>::new(SECTORS, seed);
        let mut flash = chip.driver();
        let mut rng = rng(seed);
        let mut model = vec![0xff; SECTORS * P::ERASE];
        let mut times = vec![0_u8; model.len() / P::WRITE];
        let mut erases = vec![0; SECTORS];
        for _ in 0..300 {
            if rng.next_u32().is_multiple_of(16) {
                let from = place(&mut rng, model.len(), P::ERASE);
                now(flash.erase(from as u32, (from + P::ERASE) as u32)).unwrap();
                model[from..][..P::ERASE].fill(0xff);
                times[from / P::WRITE..][..P::ERASE / P::WRITE].fill(0);
                erases[from / P::ERASE] += 1;
                continue;
            }
            let at = place(&mut rng, model.len(), P::WRITE);
            let words = (rng.next_u64() % 40) as usize * P::WRITE;
            let words = words.min(model.len() - at);
            let data = random(&mut rng, words);
            let written = &mut times[at / P::WRITE..][..words / P::WRITE];
            let allowed = match P::AGAIN {
                Again::Clears => u8::MAX,
                Again::Times(times) => times,
                Again::Never => 1,
            };
            let fits = written.iter().all(|times| *times < allowed);
            assert_eq!(now(flash.write(at as u32, &data)).is_ok(), fits);
            if fits {
                written.iter_mut().for_each(|t| *t = t.saturating_add(1));
                for (cell, byte) in model[at..].iter_mut().zip(&data) {
                    *cell &= byte;
                }
            }
        }
        assert_eq!(all(&mut flash), model, "{} seed {seed}", P::NAME);
        assert_eq!(chip.bytes(), model);
        assert_eq!(chip.counts().erases, erases);
    }
}

#[test]
fn every_part_is_bytes_whose_bits_only_an_erase_sets() {
    behaves_as_its_model::<Rp2350>();
    behaves_as_its_model::<Esp32>();
    behaves_as_its_model::<Stm32H7>();
    behaves_as_its_model::<Nrf52>();
}

/// Cuts a write and an erase in every way: what was not under way is as before,
/// a torn write has cleared no bit that it should not, and the sector can be
/// used again after an erase.
fn keeps_what_was_not_touched<P: Part>() {
    for (seed, tear) in (0..8).flat_map(|seed| Tear::ALL.map(|tear| (seed, tear))) {
        let chip = FlashChip::<P>::new(2, seed);
        let mut rng = rng(seed);
        let before = random(&mut rng, P::ERASE);
        now(chip.driver().write(0, &before)).unwrap();

        let at = P::ERASE + place(&mut rng, P::ERASE / 2, P::WRITE);
        let length = P::WRITE * (1 + (rng.next_u64() % 20) as usize);
        let data = random(&mut rng, length);
        chip.cut_with(1, tear);
        let cut = now(chip.power(chip.driver().write(at as u32, &data)));
        assert_eq!(cut, None);
        let cells = chip.bytes();
        assert_eq!(cells[..P::ERASE], before);
        assert!(cells[P::ERASE..at].iter().all(|byte| *byte == 0xff));
        assert!(cells[at + length..].iter().all(|byte| *byte == 0xff));
        let torn = &cells[at..][..length];
        assert!(
            torn.iter()
                .zip(&data)
                .all(|(cell, byte)| cell & byte == *byte)
        );
        match tear {
            Tear::Nothing => assert!(torn.iter().all(|byte| *byte == 0xff)),
            Tear::Finished => assert_eq!(torn, data),
            _ => {}
        }

        chip.power_on();
        chip.cut_with(1, tear);
        let mut driver = chip.driver();
        let cut = now(chip.power(driver.erase(P::ERASE as u32, 2 * P::ERASE as u32)));
        assert_eq!(cut, None);
        chip.power_on();
        assert_eq!(chip.bytes()[..P::ERASE], before);

        let mut flash = chip.driver();
        now(flash.erase(P::ERASE as u32, 2 * P::ERASE as u32)).unwrap();
        now(flash.write(P::ERASE as u32, &before)).unwrap();
        let twice = [before.as_slice(), before.as_slice()].concat();
        assert_eq!(all(&mut flash), twice, "{} {tear:?} {seed}", P::NAME);
        assert_eq!(chip.counts().clobbered, 0);
    }
}

#[test]
fn a_cut_touches_nothing_else_and_an_erase_mends_all() {
    keeps_what_was_not_touched::<Rp2350>();
    keeps_what_was_not_touched::<Esp32>();
    keeps_what_was_not_touched::<Nrf52>();
    keeps_what_was_not_touched::<Stm32H7>();
}

#[test]
fn after_the_cut_no_driver_of_that_boot_answers() {
    let chip = FlashChip::<Esp32>::new(1, 0);
    let (mut old, mut other) = (chip.driver(), chip.driver());
    chip.cut_at(1);
    assert_eq!(now(chip.power(old.write(0, &[0; 4]))), None);
    assert!(!chip.is_powered());
    assert_eq!(now(chip.power(other.read(0, &mut [0; 4]))), None);
    chip.power_on();
    let mut out = [0; 4];
    let answered = select_now(other.read(0, &mut out));
    assert!(!answered, "it belongs to the boot before");
    assert_eq!(now(chip.driver().read(0, &mut [0; 4])), Ok(()));
    assert_eq!(chip.counts().cuts, 1);
}

/// Whether a future is ready when it is first asked.
fn select_now<T>(future: impl Future<Output = T>) -> bool {
    embassy_futures::poll_once(future).is_ready()
}

#[test]
fn what_is_not_aligned_or_outside_is_refused() {
    let chip = FlashChip::<Esp32>::new(2, 0);
    let mut flash = chip.driver();
    let outside = FlashError::OutOfBounds {
        at: 8192,
        length: 4,
    };
    assert_eq!(now(flash.read(8192, &mut [0; 4])), Err(outside));
    assert_eq!(now(flash.write(8192, &[0; 4])), Err(outside));
    let crooked = FlashError::NotAligned { at: 2, length: 4 };
    assert_eq!(now(flash.read(2, &mut [0; 4])), Err(crooked));
    assert_eq!(now(flash.write(2, &[0; 4])), Err(crooked));
    for (from, to) in [(0, 100), (4, 4096), (4096, 0), (0, 12_288)] {
        assert!(now(flash.erase(from, to)).is_err(), "{from}..{to}");
    }
    assert_eq!(chip.counts().changes(), 0);
}

#[test]
fn a_word_with_a_code_is_written_once_and_unreadable_when_torn() {
    let mut unreadable = 0;
    for seed in 0..100 {
        let chip = FlashChip::<Stm32H7>::new(1, seed);
        let mut flash = chip.driver();
        now(flash.write(0, &[0x55; 32])).unwrap();
        let again = FlashError::NotErased { at: 0 };
        assert_eq!(now(flash.write(0, &[0; 32])), Err(again));
        chip.cut_with(1, Tear::Scattered);
        assert_eq!(now(chip.power(flash.write(32, &[0x55; 32]))), None);
        chip.power_on();
        let mut flash = chip.driver();
        let mut out = [0; 64];
        assert_eq!(now(flash.read(0, &mut out[..32])), Ok(()));
        let read = now(flash.read(0, &mut out));
        unreadable += u32::from(read == Err(FlashError::Unreadable { at: 32 }));
        let again = FlashError::NotErased { at: 32 };
        assert_eq!(now(flash.write(32, &[0; 32])), Err(again));
    }
    assert!((50..100).contains(&unreadable), "{unreadable}");
}

#[test]
fn weak_bits_read_differently_each_time() {
    let chip = FlashChip::<Rp2350>::new(1, 3);
    now(chip.driver().write(0, &[0; 4096])).unwrap();
    chip.cut_with(1, Tear::Weak);
    assert_eq!(now(chip.power(chip.driver().erase(0, 4096))), None);
    chip.power_on();
    let mut flash = chip.driver();
    assert_ne!(all(&mut flash), all(&mut flash));
    now(flash.erase(0, 4096)).unwrap();
    assert_eq!(all(&mut flash), [0xff; 4096]);
}

#[test]
fn damage_comes_when_it_is_told_to() {
    let chip = FlashChip::<Nrf52>::new(1, 0);
    let mut flash = chip.driver();
    now(flash.write(0, &[0x0f; 8])).unwrap();
    chip.flip(1, 0x81);
    chip.spoil(4);
    let mut out = [0; 4];
    now(flash.read(0, &mut out)).unwrap();
    assert_eq!(out, [0x0f, 0x8e, 0x0f, 0x0f]);
    let spoiled = FlashError::Unreadable { at: 4 };
    assert_eq!(now(flash.read(4, &mut out)), Err(spoiled));
    chip.fail_changes(2);
    let told = FlashError::Scripted { at: 0 };
    assert_eq!(now(flash.erase(0, 4096)), Err(told));
    assert!(now(flash.write(0, &[0; 4])).is_err());
    assert_eq!(now(flash.erase(0, 4096)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_erase_takes_the_time_of_the_part() {
    let chip = FlashChip::<Stm32H7>::new(2, 0);
    chip.take_time(true);
    let before = embassy_time::Instant::now();
    chip.driver().erase(0, 2 * 128 * 1024).await.unwrap();
    assert_eq!(before.elapsed().as_millis(), 8000);
    let before = embassy_time::Instant::now();
    chip.driver().write(0, &[0; 320]).await.unwrap();
    assert_eq!(before.elapsed().as_millis(), 6);
}
