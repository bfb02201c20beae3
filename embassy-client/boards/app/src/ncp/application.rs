//! The client of the device: what it asks its server.

use core::cell::{Cell, RefCell};
use core::future::pending;

use embassy_futures::select::{Either3, select3};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Instant, Timer};
use rand_core::CryptoRngCore;
use wigwag_embassy::ncp::{Client, ClientConnection, Error, Keeper, KeeperStatus, Time, Value};
use wigwag_embassy::supervisor::FailureClass;
use wigwag_embassy::taps::Disabled;

use super::device::{self, ANSWER};
use super::report::Report;
use super::words::{MOST_POINTS, Words};
use crate::device::Board;
use crate::trial::Verdict;

/// How often the server is asked without an end.
const EVERY: Duration = Duration::from_secs(60);

/// Between an answer and the next command of a trial: long enough for the
/// device to sleep in between, so that the next command does not share its
/// segments with the acknowledgement of the answer, or now and then.
const PAUSE: Duration = Duration::from_millis(10);

/// How often answers of the node are counted.
const LOOK: Duration = Duration::from_millis(10);

/// How long clients of the node have to leave by themselves after the last
/// answer of a trial, which is on its way to them.
const LEAVE: Duration = Duration::from_secs(2);

/// The client of the device.
pub struct Application<R> {
    pub(super) ncp: device::Client,
    pub(super) rng: R,
    pub(super) board: Board,
    pub(super) now: fn() -> Time,
    pub(super) words: Words<'static>,
    pub(super) report: &'static RefCell<Report>,
    /// Clients of the node that are there.
    pub(super) clients: &'static Cell<u32>,
}

impl<R> core::fmt::Debug for Application<R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Application")
            .field("words", &self.words)
            .finish_non_exhaustive()
    }
}

/// A kind of question.
#[derive(Clone, Copy)]
enum Question {
    Command,
    Sweep,
}

impl<R: CryptoRngCore> Application<R> {
    /// Runs for ever, as a device in the field does.
    pub async fn run(&mut self) -> ! {
        let session = async |connection: &ClientConnection<'static, Disabled>| {
            let mut buffer = [0; ANSWER];
            loop {
                let response = connection.send("DSPC", "STAT", |params| params).await?;
                let field = response.recv(&mut buffer).await?;
                defmt::info!("the server has answered {}", field.name);
                Timer::after(EVERY).await;
            }
        };
        self.keep(&Signal::new(), session).await;
        pending().await
    }

    /// Does what the words ask for and tells how it went. What it cost is in the
    /// [`report`](Self::report) then.
    pub async fn on_trial(&mut self) -> Verdict {
        self.report.borrow_mut().boot = (self.board.busy_nanos)();
        let Words {
            commands,
            sweeps,
            answers,
            seconds,
            ..
        } = self.words;
        let limit = async move {
            match seconds {
                Some(seconds) => Timer::at(Instant::from_secs(seconds.into())).await,
                None => pending().await,
            }
        };
        let (report, clients) = (self.report, self.clients);
        let answered = async move {
            if (commands, sweeps, answers) == (None, None, None) {
                // There is a limit only.
                pending::<()>().await;
            }
            while report.borrow().answers < answers.unwrap_or(0) {
                Timer::after(LOOK).await;
            }
            let leave = Instant::now() + LEAVE;
            while clients.get() > 0 && Instant::now() < leave {
                Timer::after(LOOK).await;
            }
        };
        let refused = Signal::new();
        let work = async {
            self.ask(&refused).await;
            answered.await;
        };
        let verdict = match select3(work, refused.wait(), limit).await {
            Either3::First(()) => Verdict::Reached,
            Either3::Second(()) => Verdict::Refused,
            Either3::Third(()) => Verdict::TimeUp,
        };
        let stack = (self.board.stack)();
        self.report.borrow_mut().stack = stack;
        defmt::info!("stack peak {} of {} bytes", stack.peak, stack.size);
        defmt::info!("trial done: {=str}", verdict.words());
        verdict
    }

    /// What was measured so far.
    pub fn report(&self) -> Report {
        *self.report.borrow()
    }

    /// Asks all commands, then all sweeps, whatever becomes of connections
    /// meanwhile.
    async fn ask(&mut self, refused: &Refused) {
        let left =
            [self.words.commands, self.words.sweeps].map(|count| Cell::new(count.unwrap_or(0)));
        if left.iter().all(|left| left.get() == 0) {
            return;
        }
        let (busy, report) = (self.board.busy_nanos, self.report);
        let points = self.words.points.unwrap_or(MOST_POINTS);
        let session = async |connection: &ClientConnection<'static, Disabled>| {
            let mut buffer = [0; ANSWER];
            for (question, left) in [Question::Command, Question::Sweep].into_iter().zip(&left) {
                while left.get() > 0 {
                    let before = busy();
                    let right = question
                        .ask(connection, left.get(), points, &mut buffer)
                        .await?;
                    if !right {
                        defmt::error!("an answer to another question");
                        refused.signal(());
                    }
                    // With its acknowledgements, whether they came alone or not.
                    Timer::after(PAUSE).await;
                    let nanos = busy().saturating_sub(before);
                    question.count(&mut report.borrow_mut(), nanos);
                    // What was cut off before is asked again.
                    left.set(left.get() - 1);
                }
            }
            Ok(())
        };
        self.keep(refused, session).await;
    }

    /// Keeps a connection to the server until `session` is done.
    async fn keep(
        &mut self,
        refused: &Refused,
        session: impl AsyncFnMut(&ClientConnection<'static, Disabled>) -> Result<(), Error>,
    ) {
        let Some((host, port)) = self.words.server else {
            return;
        };
        let client = match self.words.login {
            Some(login) => Client::login_in_the_clear(host, login),
            None => Client::plain(host),
        };
        let client = client
            .with_port(port)
            .with_hostname("wigwag")
            .with_clock(self.now);
        let (busy, report) = (self.board.busy_nanos, self.report);
        let connecting = Cell::new(None);
        let observer = |status: KeeperStatus, error: Option<&Error>| match status {
            KeeperStatus::Connecting => {
                connecting.set(Some(busy()));
                defmt::info!("connecting to {=str}:{=u16}", host, port);
            }
            KeeperStatus::Connected { .. } => {
                let mut report = report.borrow_mut();
                if let (Some(before), 0) = (connecting.take(), report.connect) {
                    report.connect = busy().saturating_sub(before);
                }
                defmt::info!("connected to {=str}", host);
            }
            KeeperStatus::Waiting {
                class, retry_at, ..
            } => {
                let wait_ms = retry_at
                    .as_micros()
                    .saturating_sub(Instant::now().as_micros())
                    / 1000;
                if let Some(error) = error {
                    let error = defmt::Display2Format(error);
                    defmt::info!("waiting {=u64} ms: {}", wait_ms, error);
                }
                if class != FailureClass::Transient {
                    refused.signal(());
                }
            }
            KeeperStatus::Idle => defmt::info!("done with {=str}", host),
        };
        let keeper = Keeper::new(&client, self.ncp).with_observer(&observer);
        keeper.run(&mut self.rng, session).await;
    }
}

/// Set when trying again does not help.
type Refused = Signal<NoopRawMutex, ()>;

impl Question {
    /// Asks, and says whether the answer is one to this question.
    async fn ask(
        self,
        connection: &ClientConnection<'static, Disabled>,
        number: u32,
        points: u16,
        buffer: &mut [u8],
    ) -> Result<bool, Error> {
        match self {
            Self::Command => {
                // Of those that a node has, so that it sets what it is told.
                let gain = (number % 30) as i32;
                let response = connection
                    .send("DSPC", "GAIN", |params| params.param("GAIN", gain))
                    .await?;
                let field = response.recv(buffer).await?;
                Ok(field.value("GAIN") == Some(Value::I32(gain)))
            }
            Self::Sweep => {
                let response = connection
                    .send("DSPC", "SWEP", |params| {
                        params.param("POIN", u32::from(points))
                    })
                    .await?;
                let field = response.recv(buffer).await?;
                // Padded to a word.
                let padded = usize::from(points).next_multiple_of(wigwag_codec::ncp::WORD);
                Ok(
                    matches!(field.value("PDAT"), Some(Value::U8s(points)) if points.len() == padded),
                )
            }
        }
    }

    /// Counts one, and what it cost.
    fn count(self, report: &mut Report, nanos: u64) {
        let work = match self {
            Self::Command => &mut report.commands,
            Self::Sweep => &mut report.sweeps,
        };
        work.count = work.count.saturating_add(1);
        work.nanos = work.nanos.saturating_add(nanos);
    }
}
