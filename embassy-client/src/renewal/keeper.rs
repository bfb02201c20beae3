//! Renewal on a [`Store`](crate::store::Store).

use core::cell::Cell;
use core::pin::pin;

use embassy_futures::select::select;
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, with_timeout};
use embedded_storage_async::nor_flash::NorFlash;
use rand_core::CryptoRngCore;
use sha2::{Digest as _, Sha256};
use wigwag_codec::ngtt::client::Sizes;

use super::answer::{Answer, Stage};
use super::argument::{self, Argument};
use super::check::{Limits, check};
use super::error::RenewalError;
use super::memory::{Identities, Memory};
use super::plan::{Print, Step, step};
use super::record::Record;
use crate::journal::Journal;
use crate::net::Network;
use crate::ngtt::{self, Client, Status};
use crate::settings::{Fingerprint, Settings};
use crate::store::{Key, LONGEST, SharedStore, Store, StoreError};
use crate::tls::{ClockPolicy, Credentials, Identity, Slot, SoftwareKey, Standing};

/// Longest wait for the server to have read the answers that are on their way,
/// before the connection is closed for one with another identity.
const PATIENCE: Duration = Duration::from_secs(30);

/// The device's identities: the one of its settings, and what has been renewed
/// since. See [the module](super).
pub struct Keeper<'a, M: RawMutex, F: NorFlash, const KEYS: usize = 64> {
    store: &'a SharedStore<M, F, KEYS>,
    settings: Fingerprint,
    certificate: &'a [u8],
    key: &'a [u8],
    limits: Limits,
    /// The next identity that the connection was given.
    given: Mutex<M, Cell<Option<Print>>>,
    changed: Signal<M, ()>,
}

impl<'a, M: RawMutex, F: NorFlash, const KEYS: usize> Keeper<'a, M, F, KEYS> {
    /// Renewals of the identity in `settings`, whose
    /// [`fingerprint`](crate::settings::fingerprint) this is: what is stored for
    /// other settings does not count.
    ///
    /// New certificates are held against `clock`; they must fit the
    /// `send_buffer` bytes of the TLS send buffer.
    pub const fn new(
        store: &'a SharedStore<M, F, KEYS>,
        settings: &Settings<'a>,
        fingerprint: Fingerprint,
        clock: ClockPolicy,
        send_buffer: usize,
    ) -> Self {
        Self {
            store,
            settings: fingerprint,
            certificate: settings.certificate,
            key: settings.key,
            limits: Limits { clock, send_buffer },
            given: Mutex::new(Cell::new(None)),
            changed: Signal::new(),
        }
    }

    /// Loads the identities that the next connection is to show, and finishes a
    /// promotion that a power failure has cut off. For the task of the connection:
    /// from here on it counts as what is shown.
    ///
    /// What cannot be read from the store, or not be used, is left out: without
    /// a renewed identity the device has the one of its settings. The second
    /// value tells what the store said then.
    ///
    /// # Errors
    /// [`RenewalError::Identity`] when the settings hold no identity.
    pub async fn load<'m>(
        &self,
        memory: &'m mut Memory,
    ) -> Result<(Identities<'m>, Option<StoreError>), RenewalError>
    where
        'a: 'm,
    {
        let Memory {
            first,
            current,
            next,
        } = memory;
        let mut store = self.store.lock().await;
        self.changed.reset();
        // What is to be shown does not depend on it, the write of an earlier time.
        let mut problem = self.finish(&mut store).await.err();
        for (slot, held) in [(Key::Current, &mut *current), (Key::Next, &mut *next)] {
            held.clear();
            let fill = |stored: &[u8]| {
                let record = Record::read(stored, &self.settings);
                if let Some(record) = record.filter(Record::is_ready) {
                    held.fill(&record);
                }
            };
            if let Err(error) = store.get_with(slot, fill).await {
                problem = Some(error);
            }
        }
        let print = self.print(&mut store, Key::Next).await;
        drop(store);

        let send_buffer = self.limits.send_buffer;
        let first = first.insert(SoftwareKey::from_der(self.key)?);
        let first = Identity::new(self.certificate, first)?;
        let next = next.identity(send_buffer);
        let given = print.ok().flatten().filter(|_| next.is_some());
        self.given.lock(|place| place.set(given));
        let identities = Identities {
            current: current.identity(send_buffer).unwrap_or(first),
            next,
        };
        Ok((identities, problem))
    }

    /// Executes the order whose argument this is: `request`, `cancel`, or a
    /// certificate, as base64 of DER. A request is written to `out`, which has
    /// [`LONGEST_REQUEST`](super::LONGEST_REQUEST) bytes at least. The same order
    /// may come again at any time: it does nothing twice.
    ///
    /// # Errors
    /// [`RenewalError`]: the order is to be rejected. After
    /// [`RenewalError::Store`] it may be tried again.
    pub async fn order<'b>(
        &self,
        argument: &str,
        rng: &mut impl CryptoRngCore,
        out: &'b mut [u8],
    ) -> Result<Answer<'b>, RenewalError> {
        let argument = Argument::read(argument);
        let mut store = self.store.lock().await;
        self.finish(&mut store).await?;
        match argument {
            Argument::Request => self.request(&mut store, rng, out).await,
            Argument::Cancel => self.cancel(&mut store).await,
            Argument::Certificate(text) => self.accept(&mut store, text).await,
        }
    }

    async fn request<'b>(
        &self,
        store: &mut Store<F, KEYS>,
        rng: &mut impl CryptoRngCore,
        out: &'b mut [u8],
    ) -> Result<Answer<'b>, RenewalError> {
        let key = match self.requested(store).await? {
            Some((_, true)) => return Err(RenewalError::InProgress),
            Some((key, false)) => key,
            None => {
                let key = SoftwareKey::generate(rng).ok_or(RenewalError::Key)?;
                let secret = key.to_secret();
                let record = Record {
                    secret: &secret,
                    certificate: &[],
                };
                store
                    .put_with(Key::Next, |room| record.write(&self.settings, room))
                    .await?;
                key
            }
        };
        let text = self
            .with_present(store, |present| {
                argument::encoded_request(&key, present, out)
            })
            .await??;
        Ok(Answer::Request(text))
    }

    async fn cancel(&self, store: &mut Store<F, KEYS>) -> Result<Answer<'static>, RenewalError> {
        let was_ready = self.print(store, Key::Next).await?.is_some();
        store.remove(Key::Next).await?;
        if was_ready {
            self.changed.signal(());
        }
        Ok(Answer::Cancelled)
    }

    async fn accept(
        &self,
        store: &mut Store<F, KEYS>,
        text: &str,
    ) -> Result<Answer<'static>, RenewalError> {
        // The same order again, before or after the promotion.
        for slot in [Key::Next, Key::Current] {
            let same = |stored: &[u8]| {
                let record = Record::read(stored, &self.settings)?;
                let offered = argument::certificate(text).ok()?;
                Some(record.is_ready() && offered.as_slice() == record.certificate)
            };
            if store.get_with(slot, same).await?.flatten() == Some(true) {
                return Ok(Answer::Stored);
            }
        }
        let key = match self.requested(store).await? {
            None => return Err(RenewalError::NotRequested),
            Some((_, true)) => return Err(RenewalError::InProgress),
            Some((key, false)) => key,
        };
        self.with_present(store, |present| {
            check(&argument::certificate(text)?, &key, present, &self.limits)
        })
        .await??;
        let secret = key.to_secret();
        let write = |room: &mut [u8]| {
            let record = Record {
                secret: &secret,
                certificate: &argument::certificate(text).ok()?,
            };
            record.write(&self.settings, room)
        };
        store.put_with(Key::Next, write).await?;
        self.changed.signal(());
        Ok(Answer::Stored)
    }

    /// The key in the next slot, and whether it has a certificate.
    async fn requested(
        &self,
        store: &mut Store<F, KEYS>,
    ) -> Result<Option<(SoftwareKey, bool)>, StoreError> {
        let read = |stored: &[u8]| {
            let record = Record::read(stored, &self.settings)?;
            let key = SoftwareKey::of_secret(record.secret)?;
            Some((key, record.is_ready()))
        };
        Ok(store.get_with(Key::Next, read).await?.flatten())
    }

    /// Shows the present certificate to `look`.
    async fn with_present<T>(
        &self,
        store: &mut Store<F, KEYS>,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, StoreError> {
        let ready = |stored: &[u8]| {
            let record = Record::read(stored, &self.settings);
            record.is_some_and(|record| record.is_ready())
        };
        if store.get_with(Key::Current, ready).await? != Some(true) {
            return Ok(look(self.certificate));
        }
        let of_record = |stored: &[u8]| {
            let record = Record::read(stored, &self.settings)?;
            Some(look(record.certificate))
        };
        let seen = store.get_with(Key::Current, of_record).await?;
        seen.flatten().ok_or(StoreError::Corrupted)
    }

    /// Which identity with a certificate stands in a slot.
    async fn print(
        &self,
        store: &mut Store<F, KEYS>,
        slot: Key,
    ) -> Result<Option<Print>, StoreError> {
        let print = |stored: &[u8]| {
            let record = Record::read(stored, &self.settings)?;
            record.is_ready().then(|| Sha256::digest(stored).into())
        };
        Ok(store.get_with(slot, print).await?.flatten())
    }

    async fn step(
        &self,
        store: &mut Store<F, KEYS>,
        proved: Option<Print>,
    ) -> Result<Option<Step>, StoreError> {
        let current = self.print(store, Key::Current).await?;
        let next = self.print(store, Key::Next).await?;
        Ok(step(current, next, proved))
    }

    /// Finishes what a power failure has cut off.
    async fn finish(&self, store: &mut Store<F, KEYS>) -> Result<(), StoreError> {
        match self.step(store, None).await? {
            Some(Step::Clear) => store.remove(Key::Next).await,
            // Nothing is proved that was not proved on this connection.
            Some(Step::Copy) | None => Ok(()),
        }
    }

    /// Lets the new identity take over if `credentials` say that a server has
    /// accepted it; whether it did. Call it after every
    /// [`Notice`](crate::ngtt::Notice), with
    /// [`Client::credentials`](crate::ngtt::Client::credentials): the connection
    /// goes on as it is.
    ///
    /// # Errors
    /// What the store says; call it again.
    pub async fn heed(&self, credentials: &Credentials) -> Result<bool, StoreError> {
        if credentials.standing(Slot::Next) != Some(Standing::Proved) {
            return Ok(false);
        }
        let proved = self.given.lock(Cell::get);
        let mut store = self.store.lock().await;
        let mut has_changed = false;
        while let Some(step) = self.step(&mut store, proved).await? {
            match step {
                Step::Copy => {
                    let mut record = [0; LONGEST];
                    if let Some(record) = store.get(Key::Next, &mut record).await? {
                        store.put(Key::Current, record).await?;
                    }
                    has_changed = true;
                }
                Step::Clear => store.remove(Key::Next).await?,
            }
        }
        Ok(has_changed)
    }

    /// Where the renewal stands, by the store and by `credentials`, those of the
    /// client.
    ///
    /// # Errors
    /// What the store says.
    pub async fn stage(&self, credentials: &Credentials) -> Result<Stage, StoreError> {
        let mut store = self.store.lock().await;
        let next = self.print(&mut store, Key::Next).await?;
        let is_given = next.is_some() && next == self.given.lock(Cell::get);
        Ok(match self.requested(&mut store).await? {
            None => Stage::None,
            Some((_, false)) => Stage::Requested,
            Some((_, true)) => match credentials.standing(Slot::Next) {
                Some(Standing::Proved) if is_given => Stage::Proved,
                Some(Standing::Refused) if is_given => Stage::Refused,
                _ => Stage::Untried,
            },
        })
    }

    /// Runs `runner` until the identities that it should show are others: then
    /// the connection is ended in good order, after the answers that are on
    /// their way. [`load`](Self::load) them and make a new runner; the client
    /// stays the same.
    pub async fn run_until_changed<L, N, R, J, S, B, const PATHS: usize>(
        &self,
        client: &Client<'_, L, S>,
        runner: &mut ngtt::Runner<'_, L, N, R, J, S, B, PATHS>,
    ) where
        L: RawMutex,
        N: Network,
        R: CryptoRngCore,
        J: Journal,
        S: Sizes,
        B: ngtt::Memory,
    {
        let mut run = pin!(runner.run());
        select(run.as_mut(), self.changed.wait()).await;
        if client.status() == Status::Closed {
            // The application wants no connection, and so it stays.
            return;
        }
        let end = async {
            // Whether or not the time was enough: the server delivers again.
            let _ = with_timeout(PATIENCE, client.wait_idle()).await;
            client.close().await;
        };
        select(run, end).await;
        client.open();
    }
}

impl<M: RawMutex, F: NorFlash, const KEYS: usize> core::fmt::Debug for Keeper<'_, M, F, KEYS> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Keeper")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
