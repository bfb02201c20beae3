//! The server that plays a script.

use std::io;
use std::time::Duration;

use p256::SecretKey;
use p256::ecdsa::SigningKey;
use p256::pkcs8::DecodePrivateKey as _;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::io::{ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep, timeout};

use super::keys::{Keys, Schedule, Secrets};
use super::message::Message;
use super::script::{Epoch, PATIENCE, Script, Step, inner};
use super::seen::{Event, Seen, What};
use super::watch::Watch;
use super::wire::{self, content};
use crate::pki::Identity;

/// A pause in the stream: long enough for a client to take what came.
const BREAK: Duration = Duration::from_millis(10);

/// A pause after each round of a loop.
const ROUND: Duration = Duration::from_millis(1);

/// A server that can do all that a real one does, and does what its script
/// says.
#[derive(Clone, Debug)]
pub struct Adversary {
    identity: Identity,
    seed: u64,
    psk: Option<Vec<u8>>,
}

impl Adversary {
    /// A server with this certificate, whose random numbers follow from
    /// `seed`: a run can be repeated to the last byte.
    #[must_use]
    pub fn new(identity: &Identity, seed: u64) -> Self {
        Self {
            identity: identity.clone(),
            seed,
            psk: None,
        }
    }

    /// Mixes a pre-shared key into the keys of the connection. To tell the client
    /// so, in ServerHello, is for the script; its binder is not looked at.
    #[must_use]
    pub fn with_psk(mut self, key: &[u8]) -> Self {
        self.psk = Some(key.to_vec());
        self
    }

    /// Plays `script` to the client behind `stream`, then listens until the
    /// client has gone or done nothing for two minutes. Returns what the
    /// client did.
    ///
    /// # Panics
    /// When the identity's key is not P-256, or the script wants something
    /// sealed before there are keys: mistakes of the test.
    pub async fn play<S>(&self, script: &Script, stream: S) -> Seen
    where
        S: AsyncRead + AsyncWrite,
    {
        let mut play = Play::new(self, stream);
        for (number, step) in script.0.iter().enumerate() {
            play.step = number;
            if play.step(step).await.is_err() {
                break;
            }
        }
        play.step = script.0.len();
        // Errors are the client's ways to go.
        while let Ok(Ok(())) = timeout(2 * PATIENCE, play.read()).await {}
        play.seen
    }
}

/// The client has gone.
struct Gone;

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self
    }
}

pub(super) struct Play<S> {
    read: ReadHalf<S>,
    write: WriteHalf<S>,
    pub(super) rng: ChaCha8Rng,
    pub(super) key: SigningKey,
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) watch: Watch,
    pub(super) psk: Option<Vec<u8>>,
    pub(super) schedule: Option<Schedule>,
    pub(super) handshake: Option<Secrets>,
    pub(super) application: Option<Secrets>,
    pub(super) keys: Option<Keys>,
    /// The epoch of the keys.
    pub(super) epoch: Option<Epoch>,
    version: [u8; 2],
    pace: Option<(usize, Duration)>,
    breaks: Option<usize>,
    last: Vec<u8>,
    gone: bool,
    started: Instant,
    step: usize,
    seen: Seen,
}

impl<S: AsyncRead + AsyncWrite> Play<S> {
    fn new(adversary: &Adversary, stream: S) -> Self {
        let identity = &adversary.identity;
        let key = SecretKey::from_pkcs8_der(identity.key().secret_pkcs8_der());
        let key = key.expect("the adversary signs with P-256");
        let (read, write) = tokio::io::split(stream);
        Self {
            read,
            write,
            rng: ChaCha8Rng::seed_from_u64(adversary.seed),
            key: key.into(),
            chain: identity.chain().iter().map(|der| der.to_vec()).collect(),
            watch: Watch::default(),
            psk: adversary.psk.clone(),
            schedule: None,
            handshake: None,
            application: None,
            keys: None,
            epoch: None,
            version: [3, 3],
            pace: None,
            breaks: None,
            last: Vec::new(),
            gone: false,
            started: Instant::now(),
            step: 0,
            seen: Seen::default(),
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), Gone> {
        match step {
            Step::Hello => self.until(|seen| seen.hello().is_some()).await,
            Step::Plain(messages) => {
                let bytes = self.build(messages);
                let record = self.plain(&bytes);
                self.send(record).await?;
                self.turn(messages);
                Ok(())
            }
            Step::Sealed(messages) => self.cut(messages, usize::MAX).await,
            Step::Padded(messages, padding) => {
                let bytes = self.build(messages);
                let record = self.seal(&inner(content::HANDSHAKE, &bytes, *padding));
                self.send(record).await?;
                self.turn(messages);
                Ok(())
            }
            Step::Cut(messages, size) => self.cut(messages, *size).await,
            Step::Inner(inner) => {
                let record = self.seal(inner);
                self.send(record).await
            }
            Step::Damaged(inner, edit) => {
                let mut record = self.seal(inner);
                edit.apply(&mut record);
                self.send(record).await
            }
            Step::Wire(bytes) => self.send(bytes.clone()).await,
            Step::Again => self.send(self.last.clone()).await,
            Step::Skip(count) => {
                self.keys().sequence += count;
                Ok(())
            }
            Step::Keys(epoch) => {
                let secrets = match epoch {
                    Epoch::Handshake => self.handshake,
                    Epoch::Application => self.application,
                };
                let secrets = secrets.expect("the script is that far");
                self.keys = Some(Keys::new(secrets.server));
                Ok(())
            }
            Step::Update => {
                let next = self.keys().updated();
                self.keys = Some(next);
                Ok(())
            }
            Step::Finished => {
                let done = |seen: &Seen| {
                    let mut events = seen.events.iter();
                    events.any(|event| matches!(event.what, What::Finished(_)))
                };
                self.until(done).await
            }
            Step::Data(count) => self.until(|seen| seen.data().len() >= *count).await,
            Step::Pause(time) => self.pause(*time).await,
            Step::Pace(bytes, every) => {
                self.pace = Some(((*bytes).max(1), *every));
                Ok(())
            }
            Step::Header(version) => {
                self.version = *version;
                Ok(())
            }
            Step::Break(at) => {
                self.breaks = Some(*at);
                Ok(())
            }
            Step::Forever(steps) => loop {
                for step in steps {
                    Box::pin(self.step(step)).await?;
                }
                // Time has to go on, for deadlines to come.
                self.pause(ROUND).await?;
            },
            Step::End => Ok(self.write.shutdown().await?),
        }
    }

    fn keys(&mut self) -> &mut Keys {
        self.keys
            .as_mut()
            .expect("a script seals after ServerHello")
    }

    fn seal(&mut self, inner: &[u8]) -> Vec<u8> {
        self.keys().seal(inner)
    }

    /// A plain handshake record.
    fn plain(&self, body: &[u8]) -> Vec<u8> {
        let mut record = wire::record(content::HANDSHAKE, body);
        record[1..3].copy_from_slice(&self.version);
        record
    }

    /// Sends messages as handshake records of `size` bytes of contents.
    async fn cut(&mut self, messages: &[Message], size: usize) -> Result<(), Gone> {
        let bytes = self.build(messages);
        for piece in bytes.chunks(size.max(1)) {
            let record = match &mut self.keys {
                Some(keys) => keys.seal(&inner(content::HANDSHAKE, piece, 0)),
                None => self.plain(piece),
            };
            self.send(record).await?;
        }
        self.turn(messages);
        Ok(())
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), Gone> {
        let (size, every) = self.pace.unwrap_or((usize::MAX, Duration::ZERO));
        for piece in bytes.chunks(size) {
            if self.pace.is_some() {
                self.pause(every).await?;
            }
            let first = self.breaks.and_then(|at| at.checked_sub(self.seen.sent));
            match first.and_then(|first| piece.split_at_checked(first)) {
                Some((first, second)) => {
                    self.write(first).await?;
                    self.breaks = None;
                    self.pause(BREAK).await?;
                    self.write(second).await?;
                }
                None => self.write(piece).await?,
            }
        }
        self.last = bytes;
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let mut sent = 0;
        while sent < bytes.len() {
            tokio::select! {
                written = self.write.write(&bytes[sent..]) => match written? {
                    0 => return Err(Gone),
                    count => sent += count,
                },
                read = self.read.read_buf(&mut self.watch.incoming), if !self.gone => {
                    self.took(read);
                }
            }
        }
        self.seen.sent += sent;
        Ok(self.write.flush().await?)
    }

    async fn pause(&mut self, time: Duration) -> Result<(), Gone> {
        let pause = sleep(time);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return if self.gone { Err(Gone) } else { Ok(()) },
                read = self.read.read_buf(&mut self.watch.incoming), if !self.gone => {
                    self.took(read);
                }
            }
        }
    }

    /// Reads until `done` or for [`PATIENCE`].
    async fn until(&mut self, done: impl Fn(&Seen) -> bool) -> Result<(), Gone> {
        let end = Instant::now() + PATIENCE;
        while !done(&self.seen) {
            match tokio::time::timeout_at(end, self.read()).await {
                Ok(read) => read?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), Gone> {
        if self.gone {
            return Err(Gone);
        }
        let read = self.read.read_buf(&mut self.watch.incoming).await;
        self.took(read);
        Ok(())
    }

    /// Notes what a read brought.
    fn took(&mut self, read: io::Result<usize>) {
        let mut found = self.watch.events();
        if matches!(read, Ok(0) | Err(_)) {
            self.gone = true;
            found.push(What::Gone);
        }
        let (step, at) = (self.step, self.started.elapsed());
        let events = found.into_iter().map(|what| Event { step, at, what });
        self.seen.events.extend(events);
    }
}
