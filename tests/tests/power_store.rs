//! The store alone, on flash of every kind, with the power failing at any write or
//! erasure in every way, also while it mends what an earlier cut has left: every
//! key has its old or its new value.
//!
//! Only cells that read differently each time ([`Tear::Weak`]) are left out: nobody
//! can tell then what a key's value is.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use wigwag_embassy::store::{Key, LONGEST, Opened, Store};
use wigwag_harness::flash::{
    Again, Esp32, FlashChip, Nrf52, Part, Rp2350, SimFlash, Stm32H7, Tear,
};
use wigwag_tests::campaign;

const KEYS: u32 = 8;

fn now<T>(future: impl Future<Output = T>) -> T {
    embassy_futures::block_on(future)
}

/// Words of 32 bytes with a code, as [`Stm32H7`]'s, in sectors that are soon full.
enum SmallSectors {}

impl Part for SmallSectors {
    const NAME: &'static str = "32-byte words";
    const READ: usize = 1;
    const WRITE: usize = 32;
    const ERASE: usize = 8192;
    const PAGE: usize = 32;
    const AGAIN: Again = Again::Never;
    const WRITE_TIME: core::time::Duration = Stm32H7::WRITE_TIME;
    const ERASE_TIME: core::time::Duration = Stm32H7::ERASE_TIME;
    const ENDURANCE: u32 = Stm32H7::ENDURANCE;
}

/// What each key may hold.
type Model = BTreeMap<u8, Vec<Option<Vec<u8>>>>;

struct World<P: Part> {
    chip: FlashChip<P>,
    model: Model,
    rng: ChaCha8Rng,
}

impl<P: Part> World<P> {
    fn below(&mut self, end: u64) -> u64 {
        self.rng.next_u64() % end
    }

    /// Powers the device on, and opens its store; `None` when the power fails
    /// meanwhile.
    fn boot(&self) -> Option<Store<SimFlash<P>, 16>> {
        self.chip.power_on();
        let size = self.chip.bytes().len() as u32;
        let mut store = Store::new(self.chip.driver(), 0..size).unwrap();
        let opened = now(self.chip.power(store.open()))?;
        assert_eq!(opened, Ok(Opened::Found));
        Some(store)
    }

    /// Every key has one of the values that it may have.
    fn check(&mut self, store: &mut Store<SimFlash<P>, 16>) {
        for (key, values) in &mut self.model {
            let value = now(store.get_with(Key::App(*key), <[u8]>::to_vec)).unwrap();
            let of = |value: &Option<Vec<u8>>| value.as_ref().map(Vec::len);
            let lengths: Vec<_> = values.iter().map(of).collect();
            assert!(
                values.contains(&value),
                "key {key} has {:?} bytes of {lengths:?}",
                of(&value)
            );
            *values = vec![value];
        }
    }

    /// Stores and removes until the power fails.
    fn use_up(&mut self, store: &mut Store<SimFlash<P>, 16>, longest: u64) {
        loop {
            let key = self.below(u64::from(KEYS)) as u8;
            let length = 1 + self.below(longest) as usize;
            let mut value = vec![0; length];
            self.rng.fill_bytes(&mut value);
            let is_removed = self.below(5) == 0;
            let change = async {
                match is_removed {
                    true => store.remove(Key::App(key)).await,
                    false => store.put(Key::App(key), &value).await,
                }
            };
            let done = now(self.chip.power(change));
            let value = (!is_removed).then_some(value);
            match done {
                Some(stored) => {
                    assert_eq!(stored, Ok(()));
                    self.model.insert(key, vec![value]);
                }
                None => {
                    let values = self.model.entry(key).or_insert_with(|| vec![None]);
                    values.push(value);
                    return;
                }
            }
        }
    }
}

/// Twelve boots, each of which ends with a power cut in one of `tears`.
fn boots<P: Part>(seed: u64, sectors: usize, tears: &[Tear]) {
    let mut world = World {
        chip: FlashChip::<P>::new(sectors, seed),
        model: Model::new(),
        rng: campaign::rng(seed),
    };
    let sector = P::ERASE as u64;
    let longest = (sector / 20).min(LONGEST as u64);
    // Two sectors full, in writes.
    let often = sector / longest * 6;
    let first = now(async {
        let size = world.chip.bytes().len() as u32;
        let mut store = Store::<_, 16>::new(world.chip.driver(), 0..size).unwrap();
        store.open().await
    });
    assert_eq!(first, Ok(Opened::New));
    for _ in 0..12 {
        let tear = tears[world.below(tears.len() as u64) as usize];
        let is_soon = world.below(3) == 0;
        let change = 1 + world.below(if is_soon { 8 } else { often });
        world.chip.never_cut();
        if is_soon {
            world.chip.cut_with(change, tear);
        }
        let Some(mut store) = world.boot() else {
            continue;
        };
        if !is_soon {
            world.check(&mut store);
            world.chip.cut_with(change, tear);
        }
        world.use_up(&mut store, longest);
    }
    world.chip.never_cut();
    let mut store = world.boot().expect("there is power");
    world.check(&mut store);
    assert_eq!(world.chip.counts().clobbered, 0, "a word was written over");
}

fn all_tears<P: Part>(sectors: usize, cases: u64) {
    for seed in campaign::seeds(P::NAME, cases) {
        for tear in Tear::SETTLED {
            boots::<P>(seed, sectors, &[tear]);
        }
        boots::<P>(seed, sectors, &Tear::SETTLED);
    }
}

#[test]
fn a_campaign_of_power_cuts_on_the_flash_of_an_rp2350() {
    all_tears::<Rp2350>(4, 100);
}

#[test]
fn a_campaign_of_power_cuts_on_the_flash_of_an_esp32() {
    all_tears::<Esp32>(3, 100);
}

#[test]
fn a_campaign_of_power_cuts_on_the_flash_of_an_nrf52() {
    all_tears::<Nrf52>(3, 100);
}

#[test]
fn a_campaign_of_power_cuts_on_words_with_a_code() {
    all_tears::<SmallSectors>(3, 100);
}

#[test]
fn a_campaign_of_power_cuts_on_the_flash_of_an_stm32h7() {
    all_tears::<Stm32H7>(3, 10);
}
