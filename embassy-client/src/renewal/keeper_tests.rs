use std::string::{String, ToString as _};
use std::vec;
use std::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use rand_core::OsRng;

use super::test_authority::{Authority, new_key, sec1};
use super::*;
use crate::settings::{Fingerprint, Roots, Settings};
use crate::store::StoreError;
use crate::store::test_flash::{Flash, now};
use crate::store::{Key, LONGEST, Opened, SharedStore, Store};
use crate::tls::test_pki::IN_2026;
use crate::tls::{ClockPolicy, Credentials, End, Slot};

type Chip = Flash<4, 4096>;
type Shared = SharedStore<NoopRawMutex, Chip>;
type TestKeeper<'a> = Keeper<'a, NoopRawMutex, Chip>;

const PRINT: Fingerprint = [7; 32];
const CLOCK: ClockPolicy = ClockPolicy::real_time(|| Some(IN_2026));

/// A device's settings, and the authority of its certificates.
struct World {
    authority: Authority,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let authority = Authority::new();
        let key = new_key();
        Self {
            certificate: authority.issue(&key, |_| {}),
            key: sec1(&key),
            authority,
        }
    }

    fn keeper<'a>(&'a self, store: &'a Shared, print: Fingerprint) -> TestKeeper<'a> {
        let roots = Roots::from_slice(&[b"root"]).unwrap();
        let settings = Settings::new("ngtt.test", roots, &self.certificate, &self.key);
        Keeper::new(store, &settings, print, CLOCK, 2048)
    }

    /// The certificate that is made of a request, as an order brings it.
    fn sign(&self, request: &str) -> String {
        let der = STANDARD.decode_vec_of(request);
        encode(&self.authority.sign(&der, |_| {}))
    }
}

trait DecodeVec {
    fn decode_vec_of(&self, text: &str) -> Vec<u8>;
}

impl<E: base64::Engine> DecodeVec for E {
    fn decode_vec_of(&self, text: &str) -> Vec<u8> {
        let mut bytes = vec![0; text.len()];
        let length = self.decode_slice(text, &mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }
}

fn encode(der: &[u8]) -> String {
    let mut text = vec![0; der.len().div_ceil(3) * 4];
    STANDARD.encode_slice(der, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Switches the device on.
fn boot(flash: &Chip) -> Shared {
    flash.power_on();
    let mut store = Store::new(flash.clone(), Chip::region()).unwrap();
    assert_ne!(now(store.open()), Ok(Opened::Lost));
    Shared::new(store)
}

fn ask(keeper: &TestKeeper<'_>, argument: &str) -> Result<String, RenewalError> {
    let mut out = [0; LONGEST_REQUEST];
    now(keeper.order(argument, &mut OsRng, &mut out)).map(|answer| match answer {
        Answer::Request(text) => text.to_string(),
        Answer::Stored => "stored".into(),
        Answer::Cancelled => "cancelled".into(),
    })
}

/// The certificates that a connection would show: current and next.
fn shown(keeper: &TestKeeper<'_>) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut memory = Memory::new();
    let (identities, problem) = now(keeper.load(&mut memory)).unwrap();
    assert_eq!(problem, None);
    let next = identities.next.map(|next| next.certificate().to_vec());
    (identities.current.certificate().to_vec(), next)
}

/// After a connection on which the server took, or refused, the next identity.
fn tried(is_taken: bool) -> Credentials {
    let mut credentials = Credentials::new(true);
    assert_eq!(credentials.start(), Slot::Next);
    if is_taken {
        assert_eq!(credentials.heard(), Some(Slot::Next));
    } else {
        credentials.ended(&End::IdentityRefused(48));
    }
    credentials
}

fn stage(keeper: &TestKeeper<'_>, credentials: Credentials) -> Stage {
    now(keeper.stage(&credentials)).unwrap()
}

fn decoded(order: &str) -> Vec<u8> {
    STANDARD.decode_vec_of(order)
}

#[test]
fn a_renewal_from_the_request_to_the_next_one() {
    let (world, flash) = (World::new(), Chip::new());
    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    let untried = Credentials::new(true);
    assert_eq!(stage(&keeper, untried), Stage::None);
    assert_eq!(shown(&keeper), (world.certificate.clone(), None));

    let request = ask(&keeper, "request").unwrap();
    assert_eq!(stage(&keeper, untried), Stage::Requested);
    assert_eq!(shown(&keeper), (world.certificate.clone(), None));

    let order = world.sign(&request);
    assert_eq!(ask(&keeper, &order).as_deref(), Ok("stored"));
    assert_eq!(stage(&keeper, untried), Stage::Untried);
    let new = decoded(&order);
    let both = (world.certificate.clone(), Some(new.clone()));
    assert_eq!(shown(&keeper), both);

    // Nothing that a server has not taken takes over.
    for said in [untried, tried(false), Credentials::new(false)] {
        assert_eq!(now(keeper.heed(&said)), Ok(false));
    }
    assert_eq!(stage(&keeper, tried(false)), Stage::Refused);
    assert_eq!(shown(&keeper), both);
    assert_eq!(stage(&keeper, tried(true)), Stage::Proved);
    assert_eq!(now(keeper.heed(&tried(true))), Ok(true));
    assert_eq!(stage(&keeper, tried(true)), Stage::None);
    assert_eq!(now(keeper.heed(&tried(true))), Ok(false));

    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    assert_eq!(shown(&keeper), (new.clone(), None));

    // The next one, for the subject of this one.
    let order = world.sign(&ask(&keeper, "request").unwrap());
    assert_eq!(ask(&keeper, &order).as_deref(), Ok("stored"));
    assert_eq!(shown(&keeper), (new, Some(decoded(&order))));
    assert_eq!(now(keeper.heed(&tried(true))), Ok(true));
    assert_eq!(shown(&keeper), (decoded(&order), None));
}

#[test]
fn orders_that_come_again_do_nothing_twice() {
    let (world, flash) = (World::new(), Chip::new());
    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    let request = ask(&keeper, "request").unwrap();
    assert_eq!(ask(&keeper, "request").as_ref(), Ok(&request));
    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    assert_eq!(ask(&keeper, "request").as_ref(), Ok(&request));

    let order = world.sign(&request);
    for _ in 0..2 {
        assert_eq!(ask(&keeper, &order).as_deref(), Ok("stored"));
    }
    assert_eq!(ask(&keeper, "request"), Err(RenewalError::InProgress));
    // Another certificate of the same key, while a server judges this one.
    let again = world.sign(&request);
    assert_ne!(again, order);
    assert_eq!(ask(&keeper, &again), Err(RenewalError::InProgress));

    assert!(shown(&keeper).1.is_some());
    assert_eq!(now(keeper.heed(&tried(true))), Ok(true));
    // It has taken over meanwhile.
    assert_eq!(ask(&keeper, &order).as_deref(), Ok("stored"));
    assert_eq!(stage(&keeper, tried(true)), Stage::None);
    assert_eq!(ask(&keeper, &again), Err(RenewalError::NotRequested));
    for _ in 0..2 {
        assert_eq!(ask(&keeper, "cancel").as_deref(), Ok("cancelled"));
    }
    assert_eq!(shown(&keeper), (decoded(&order), None));
}

#[test]
fn what_is_cancelled_is_gone_and_its_certificate_too_late() {
    let (world, flash) = (World::new(), Chip::new());
    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    let first = ask(&keeper, "request").unwrap();
    assert_eq!(ask(&keeper, "cancel").as_deref(), Ok("cancelled"));
    let late = world.sign(&first);
    assert_eq!(ask(&keeper, &late), Err(RenewalError::NotRequested));
    let second = ask(&keeper, "request").unwrap();
    assert_ne!(first, second);
    let mismatch = crate::tls::IdentityError::KeyMismatch;
    assert_eq!(ask(&keeper, &late), Err(RenewalError::Identity(mismatch)));
    assert_eq!(ask(&keeper, &world.sign(&second)).as_deref(), Ok("stored"));
    assert_eq!(ask(&keeper, "cancel").as_deref(), Ok("cancelled"));
    assert_eq!(shown(&keeper), (world.certificate.clone(), None));
}

#[test]
fn a_certificate_that_is_refused_changes_nothing() {
    let (world, flash) = (World::new(), Chip::new());
    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    let stranger = encode(&world.authority.issue(&new_key(), |_| {}));
    assert_eq!(ask(&keeper, &stranger), Err(RenewalError::NotRequested));
    let request = ask(&keeper, "request").unwrap();
    for bad in [stranger, "no base64".into(), encode(&[0x30; 4096])] {
        assert!(ask(&keeper, &bad).is_err());
        assert_eq!(stage(&keeper, Credentials::new(false)), Stage::Requested);
    }
    assert_eq!(ask(&keeper, "request"), Ok(request));
}

#[test]
fn a_proof_counts_for_the_identity_that_was_shown() {
    let (world, flash) = (World::new(), Chip::new());
    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    let order = world.sign(&ask(&keeper, "request").unwrap());
    ask(&keeper, &order).unwrap();
    // Stored, but no connection was given it: what was proved is another one.
    assert_eq!(now(keeper.heed(&tried(true))), Ok(false));
    assert_eq!(stage(&keeper, tried(true)), Stage::Untried);
    assert!(shown(&keeper).1.is_some());
    // Replaced before anybody heeded its proof.
    ask(&keeper, "cancel").unwrap();
    let order = world.sign(&ask(&keeper, "request").unwrap());
    ask(&keeper, &order).unwrap();
    assert_eq!(now(keeper.heed(&tried(true))), Ok(false));
    let both = (world.certificate.clone(), Some(decoded(&order)));
    assert_eq!(shown(&keeper), both);
}

#[test]
fn with_other_settings_nothing_stored_counts() {
    let (world, flash) = (World::new(), Chip::new());
    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    let order = world.sign(&ask(&keeper, "request").unwrap());
    ask(&keeper, &order).unwrap();
    shown(&keeper);
    now(keeper.heed(&tried(true))).unwrap();
    let second = world.sign(&ask(&keeper, "request").unwrap());
    ask(&keeper, &second).unwrap();

    let other = world.keeper(&store, [8; 32]);
    assert_eq!(shown(&other), (world.certificate.clone(), None));
    assert_eq!(stage(&other, Credentials::new(false)), Stage::None);
    assert_eq!(ask(&other, &second), Err(RenewalError::NotRequested));
    assert_eq!(now(other.heed(&tried(true))), Ok(false));
    // Back again: it was ignored, not removed.
    assert_eq!(shown(&keeper), (decoded(&order), Some(decoded(&second))));
    // Until something takes its place.
    let order = world.sign(&ask(&other, "request").unwrap());
    assert_eq!(ask(&other, &order).as_deref(), Ok("stored"));
    assert_eq!(shown(&keeper).1, None);
}

#[test]
fn records_that_make_no_sense_leave_the_identity_of_the_settings() {
    let (world, flash) = (World::new(), Chip::new());
    let store = boot(&flash);
    let keeper = world.keeper(&store, PRINT);
    let head = [&[1][..], &PRINT].concat();
    let no_key = [&head[..], &[0; 32], &world.certificate].concat();
    let no_certificate = [&head[..], &[9; 32], b"certificate"].concat();
    let wrong_key = [&head[..], &[9; 32], &world.certificate].concat();
    for bad in [
        &no_key[..],
        &no_certificate,
        &wrong_key,
        &head,
        b"?",
        &[1; LONGEST],
    ] {
        for slot in [Key::Current, Key::Next] {
            let put = async { store.lock().await.put(slot, bad).await };
            now(put).unwrap();
        }
        assert_eq!(shown(&keeper), (world.certificate.clone(), None));
    }
    now(async { store.lock().await.remove(Key::Current).await }).unwrap();
    assert_eq!(ask(&keeper, "cancel").as_deref(), Ok("cancelled"));
    assert!(ask(&keeper, "request").is_ok());
}

/// Two renewals, from wherever the device stands; `told` are the orders of its
/// server so far.
fn live(world: &World, keeper: &TestKeeper<'_>, told: &mut Vec<String>) -> Result<(), StoreError> {
    let store = |error| match error {
        RenewalError::Store(error) => error,
        other => panic!("{other}"),
    };
    loop {
        let (current, _) = shown_or(keeper)?;
        let is_current = |order: &String| decoded(order) == current;
        let done = told.iter().position(is_current).map_or(0, |at| at + 1);
        if done == 2 {
            return Ok(());
        }
        if told.len() == done {
            match ask(keeper, "request") {
                Ok(request) => told.push(world.sign(&request)),
                Err(error) => return Err(store(error)),
            }
        }
        // The request that was signed is still the one that is open.
        ask(keeper, &told[done]).map_err(store)?;
        let (_, next) = shown_or(keeper)?;
        assert!(next.is_some());
        now(keeper.heed(&tried(true)))?;
    }
}

fn shown_or(keeper: &TestKeeper<'_>) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
    let mut memory = Memory::new();
    let (identities, problem) = now(keeper.load(&mut memory)).unwrap();
    let next = identities.next.map(|next| next.certificate().to_vec());
    match problem {
        None => Ok((identities.current.certificate().to_vec(), next)),
        Some(problem) => Err(problem),
    }
}

#[test]
fn a_power_failure_at_any_write_loses_nothing_that_was_told() {
    let world = World::new();
    let mut cuts = 0;
    loop {
        let flash = Chip::new();
        drop(boot(&flash));
        flash.0.borrow_mut().random = cuts + 1;
        let mut told = Vec::new();
        let store = boot(&flash);
        flash.cut_at(cuts);
        let ended = live(&world, &world.keeper(&store, PRINT), &mut told);
        if ended.is_ok() {
            break;
        }
        assert!(flash.is_off(), "{cuts}: {ended:?}");
        // One of the identities is always there, and a key and its certificate
        // are always together: `load` would have left others out.
        let store = boot(&flash);
        let keeper = world.keeper(&store, PRINT);
        let (current, _) = shown(&keeper);
        let known = told.iter().any(|order| decoded(order) == current);
        assert!(known || current == world.certificate, "{cuts}");
        live(&world, &keeper, &mut told).unwrap();
        assert_eq!(told.len(), 2, "{cuts}: a request was lost");
        assert_eq!(shown(&keeper), (decoded(&told[1]), None), "{cuts}");
        cuts += 1;
    }
    // Four puts and removals in each of two renewals, of some writes each.
    assert!(cuts >= 16, "{cuts}");
}
