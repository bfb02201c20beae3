//! What can happen to a device in the field while it works, each from its
//! beginning to its end: afterwards everything is as it should be again, and the
//! device has to find its way back by itself.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use tokio::net::TcpStream;
use tokio::time::sleep;
use wigwag_embassy::ngtt::Reason;
use wigwag_embassy::tls::{CertificateError, End};
use wigwag_harness::faults::{
    Cut, Direction, DnsFault, Faults, LinkFaults, StreamFault, StreamPlan,
};
use wigwag_harness::firmware::{Line, Run};
use wigwag_harness::mock::{Answer, Book, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki, Validity};
use wigwag_harness::vnet::Dial;
use wigwag_tests::e2e::SERVER;
use wigwag_tests::runner;

use crate::site::{LIMIT, log, says};

/// How long the device may keep its address. It asks again at half of that.
pub(crate) const LEASE: Duration = Duration::from_secs(5);

/// How long something goes wrong, at most.
const LONGEST: Duration = Duration::from_millis(1500);

/// How long the device is left alone before somebody looks after the cable,
/// which cuts its wait for the next attempt short.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often somebody does at most. The device itself may wait for a minute.
const LOOKS: u32 = 60;

/// One kind of accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accident {
    /// The cable is pulled and put back.
    Cable,
    /// A middlebox resets the connection.
    Reset,
    /// The connection is ended in the middle of whatever is said.
    Close,
    /// Nothing passes in either direction, and nobody is told.
    Silence,
    /// Frames are lost, doubled, damaged, late and out of order.
    Weather,
    /// The server is stopped and started again, with its queue.
    Restart,
    /// The next connection is cut at some byte: in its handshake or behind.
    TornRecord,
    /// The names of the network fail when the device connects anew.
    NoNames,
    /// The lease of the address runs out.
    NoLease,
    /// Somebody else is in the server's place, with a certificate of its own.
    WrongServer,
}

impl Accident {
    /// All kinds.
    pub(crate) const ALL: [Self; 10] = [
        Self::Cable,
        Self::Reset,
        Self::Close,
        Self::Silence,
        Self::Weather,
        Self::Restart,
        Self::TornRecord,
        Self::NoNames,
        Self::NoLease,
        Self::WrongServer,
    ];
}

/// Where the connections of the device lead to: it can be changed while the
/// network is there.
#[derive(Clone, Debug)]
pub(crate) struct Way(Arc<Mutex<SocketAddr>>);

impl Way {
    pub(crate) fn to(server: SocketAddr) -> Self {
        Self(Arc::new(Mutex::new(server)))
    }

    fn set(&self, server: SocketAddr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = server;
    }

    /// What takes connections that way.
    pub(crate) fn dial(&self) -> impl Dial + Send + use<> {
        let way = self.clone();
        move |_: SocketAddr| {
            let server = *way.0.lock().unwrap_or_else(PoisonError::into_inner);
            async move {
                let stream = TcpStream::connect(server).await?;
                stream.set_nodelay(true)?;
                Ok::<_, io::Error>(stream)
            }
        }
    }
}

/// Servers whose certificates are not good for the device, each with the
/// device's word for the reason.
pub(crate) struct Impostors(Vec<(MockNgtt, CertificateError)>);

impl Impostors {
    /// A server of another authority of the same name, one whose certificate is
    /// over, and one that has a certificate for another name. `pki` shows its
    /// own server again afterwards.
    pub(crate) async fn start(pki: &mut Pki) -> Result<Self, runner::Failed> {
        let good = pki.server().clone();
        let stranger = MockNgtt::start(&Pki::generate()).await?;
        let mut all = vec![(stranger, CertificateError::BadSignature)];
        let old = (SERVER, Validity::expired(), CertificateError::Expired);
        let other = (
            "other.test",
            Validity::current(),
            CertificateError::WrongName,
        );
        for (name, validity, error) in [old, other] {
            pki.set_server(pki.server_identity(&[name.into()], validity)?);
            all.push((MockNgtt::start(pki).await?, error));
        }
        pki.set_server(good);
        Ok(Self(all))
    }

    /// Nothing of the device's came to any of them.
    pub(crate) fn have_nothing(&self) -> bool {
        let mut books = self.0.iter().map(|(server, _)| server.book());
        books.all(|book| book.devices.is_empty())
    }
}

/// What accidents happen to.
pub(crate) struct Scene<'a> {
    pub(crate) run: &'a mut Run,
    pub(crate) server: &'a mut MockNgtt,
    pub(crate) impostors: &'a Impostors,
    pub(crate) way: &'a Way,
    pub(crate) faults: &'a Faults,
    pub(crate) rng: &'a mut ChaCha8Rng,
}

impl Scene<'_> {
    /// Lets this happen, and repairs it.
    pub(crate) async fn strike(&mut self, accident: Accident) -> runner::Outcome {
        let long = self.millis(LONGEST);
        match accident {
            Accident::Cable => {
                self.pull_cable().await?;
                sleep(long).await;
                self.run.set_link(true).await?;
            }
            Accident::Reset => self.faults.cut_all(Cut::Reset),
            Accident::Close => self.faults.cut_all(Cut::Close),
            Accident::Silence => {
                let all = LinkFaults {
                    loss: 1.0,
                    ..LinkFaults::NONE
                };
                self.link(all);
                sleep(long).await;
                self.link(LinkFaults::NONE);
            }
            Accident::Weather => {
                self.link(LinkFaults {
                    loss: 0.05,
                    double: 0.05,
                    corrupt: 0.02,
                    truncate: 0.02,
                    delay: Duration::from_millis(3),
                    jitter: Duration::from_millis(10),
                });
                sleep(long).await;
                self.link(LinkFaults::NONE);
            }
            Accident::Restart => {
                let how = [Cut::Reset, Cut::Close][self.below(2)];
                self.server.stop(how).await;
                sleep(long).await;
                self.server.restart().await?;
            }
            Accident::TornRecord => {
                let way = [Direction::ToServer, Direction::ToDevice][self.below(2)];
                let at = self.below(4000) as u64;
                let cut = StreamFault::Cut([Cut::Reset, Cut::Close][self.below(2)]);
                self.faults.plan(StreamPlan::new().at(way, at, cut));
                self.faults.cut_all(Cut::Reset);
            }
            Accident::NoNames => {
                let fault = [
                    DnsFault::ServerFailure,
                    DnsFault::NoSuchName,
                    DnsFault::Silence,
                    DnsFault::Delay(long),
                ][self.below(4)];
                self.faults.set_dns(fault);
                self.faults.cut_all(Cut::Reset);
                sleep(long).await;
                self.faults.set_dns(DnsFault::None);
            }
            Accident::NoLease => {
                self.heard().await;
                self.faults.set_dhcp_silent(true);
                sleep(LEASE).await;
                self.faults.set_dhcp_silent(false);
                // It has lost its address, and asks for it again by itself.
                self.run.wait_for_line(LIMIT, says("address ")).await?;
            }
            Accident::WrongServer => {
                self.heard().await;
                let impostors = self.impostors;
                let (impostor, error) = &impostors.0[self.below(impostors.0.len())];
                self.way.set(impostor.addr());
                self.faults.cut_all(Cut::Reset);
                let reason = Reason::Tls(End::Certificate(*error)).to_string();
                let refused = self.look_after(says(&reason)).await;
                self.way.set(self.server.addr());
                refused?;
            }
        }
        Ok(())
    }

    /// Waits for a line of the log, and looks after the cable when it does not
    /// come.
    async fn look_after(&mut self, wanted: impl Fn(&Line) -> bool) -> runner::Outcome {
        for _ in 0..LOOKS {
            if self.run.wait_for_line(PATIENCE, &wanted).await.is_ok() {
                return Ok(());
            }
            self.look().await?;
        }
        Err(format!("it does not happen:{}", log(&self.run.lines())).into())
    }

    /// Waits until the server has `answers`, and looks after the cable when they
    /// do not come.
    pub(crate) async fn answers(&mut self, answers: usize) -> runner::Outcome {
        for _ in 0..LOOKS {
            let all =
                |book: &Book| book.device(DEFAULT_DEVICE_ID).answered(Answer::Confirm) >= answers;
            if self.server.wait_until(PATIENCE, all).await {
                return Ok(());
            }
            self.look().await?;
        }
        Err(format!("the device does not come back:{}", log(&self.run.lines())).into())
    }

    /// Pulls the cable and puts it back if the device waits: a link that comes
    /// back ends one wait. What works it leaves alone.
    async fn look(&mut self) -> runner::Outcome {
        let state = |line: &&Line| {
            let text = &line.text;
            ["waiting ", "connecting ", "connected "]
                .iter()
                .any(|word| text.starts_with(word))
        };
        let lines = self.run.lines();
        let last = lines.iter().rev().find(state);
        if !last.is_some_and(|line| line.text.starts_with("waiting ")) {
            return Ok(());
        }
        self.pull_cable().await?;
        Ok(self.run.set_link(true).await?)
    }

    /// Pulls the cable; the device knows when this returns.
    async fn pull_cable(&mut self) -> runner::Outcome {
        self.heard().await;
        self.run.set_link(false).await?;
        self.run.wait_for_line(LIMIT, says("link down")).await?;
        Ok(())
    }

    /// Passes over what the log says until now.
    async fn heard(&mut self) {
        while let Some(Some(_)) = self.run.next_line().now_or_never() {}
    }

    fn link(&self, faults: LinkFaults) {
        self.faults.set_link(Direction::ToServer, faults);
        self.faults.set_link(Direction::ToDevice, faults);
    }

    fn below(&mut self, limit: usize) -> usize {
        self.rng.next_u32() as usize % limit
    }

    /// A time of up to `limit`.
    fn millis(&mut self, limit: Duration) -> Duration {
        limit.mul_f64(f64::from(self.rng.next_u32()) / f64::from(u32::MAX))
    }
}
