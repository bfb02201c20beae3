//! Runs the sessions of a plan and judges them.

use core::cell::Cell;
use core::future::Future;
use core::pin::{Pin, pin};
use core::time::Duration;
use std::sync::Arc;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rand_chacha::ChaCha8Rng;
use tokio_rustls::rustls::ServerConfig;
use wigwag_embassy::tls::{self, End, Link, TlsParameters};
use wigwag_harness::hostnet::StreamSocket;
use wigwag_harness::pki::Pki;
use wigwag_tests::campaign;
use wigwag_tests::tls::records::{Observer, Sent};
use wigwag_tests::tls::{Dropper, TlsDevice, stopped_after};

use super::device::{Device, QUEUE};
use super::plan::{DEVICE, Finish, Plan};
use super::server::{self, Served};

/// Longest time for a session, far more than any takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// Bytes that two session tickets with a device's certificate fit into.
const TICKETS: usize = 4096;

/// Device and server, made once.
pub(crate) struct Place {
    device: TlsDevice,
    server: ServerConfig,
}

/// What one connection needs.
struct Connecting<'c> {
    link: Link<NoopRawMutex, QUEUE, QUEUE>,
    receive: Vec<u8>,
    send: Vec<u8>,
    rng: ChaCha8Rng,
    parameters: TlsParameters<'c>,
    observer: Observer,
    config: Arc<ServerConfig>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let pki = Pki::generate();
        Self {
            device: TlsDevice::of(&pki),
            server: pki.server_config(false, None).expect("a Pki is good"),
        }
    }

    /// Runs the session of a plan, and a second one when the owner of the first
    /// was dropped; returns how many were.
    pub(crate) async fn run(&self, plan: &Plan, dropper: &Dropper) -> Result<u64, String> {
        let observer = Observer::new();
        let mut config = self.server.clone();
        config.key_log = Arc::new(observer.clone());
        if plan.pipe < TICKETS {
            // rustls reads nothing until its tickets have left, so that a device
            // which closes at once could not say so.
            config.send_tls13_tickets = 0;
        }
        self.device
            .with_parameters(async |parameters| {
                let mut connecting = Connecting {
                    link: Link::new(),
                    receive: vec![0; 16_640],
                    send: vec![0; 1200.max(parameters.send_buffer_needed())],
                    rng: campaign::rng(plan.seed),
                    parameters,
                    observer,
                    config: Arc::new(config),
                };
                let stopped = connecting.session(plan, dropper, 1).await?;
                if stopped {
                    let before = connecting.observer.bytes();
                    connecting.session(plan, dropper, 2).await?;
                    let judged = connecting.judged()?;
                    let sizes = judged.iter().map(|sent| sent.bytes);
                    if sizes.sum::<usize>() < before || judged[0].bytes != before {
                        return Err("a connection that was stopped went on".into());
                    }
                }
                Ok(u64::from(stopped))
            })
            .await
    }
}

impl Connecting<'_> {
    fn judged(&self) -> Result<Vec<Sent>, String> {
        let judged = self.observer.judge();
        judged.map_err(|(number, fault)| format!("connection {number}: {fault:?}"))
    }

    /// One connection from its beginning to its end; whether its owner was
    /// dropped before that.
    async fn session(
        &mut self,
        plan: &Plan,
        dropper: &Dropper,
        session: u8,
    ) -> Result<bool, String> {
        let (near, far) = tokio::io::duplex(plan.pipe);
        let socket = StreamSocket::new(self.observer.tap(near));
        let device = Device::new(self.link.connection(), plan, dropper, session);
        let serve = server::serve(Arc::clone(&self.config), far, plan, session);
        let stop = match plan.finish(session) {
            Finish::OwnerDropped(polls) => polls,
            _ => u32::MAX,
        };
        let (ended, served) = (Cell::new(None), Cell::new(None));
        let owner = async {
            let run = tls::run(
                &self.link,
                &socket,
                &mut self.receive,
                &mut self.send,
                &self.parameters,
                &mut self.rng,
            );
            ended.set(stopped_after(stop, run).await);
            // A device that was stopped lets go of its socket, too.
            wigwag_embassy::net::TcpSocket::abort(&socket);
        };
        let server = async { served.set(Some(serve.await)) };
        // Each has a waker of its own, as the tasks of a device have.
        let mut all: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + '_>>> =
            FuturesUnordered::new();
        all.push(Box::pin(owner));
        all.push(Box::pin(server));
        all.push(Box::pin(device.send(DEVICE[0])));
        all.push(Box::pin(device.send(DEVICE[1])));
        all.push(Box::pin(device.receive()));
        all.push(Box::pin(device.wait()));
        let finish = async {
            // It does not wait for ever for what was given up.
            let finish = pin!(device.finish());
            let gone = pin!(device.connection.ended());
            futures::future::select(finish, gone).await;
        };
        all.push(Box::pin(finish));
        let done = tokio::time::timeout(PATIENCE, async { while all.next().await.is_some() {} });
        let stuck = done.await.is_err();
        drop(all);
        if let Some(fault) = device.fault() {
            return Err(fault);
        }
        let judged = self.judged()?;
        if stuck {
            return Err(format!(
                "session {session} is stuck; the device sent {:?} and received {}; {judged:?}",
                device.sent,
                device.received.get()
            ));
        }
        let served = served.into_inner().ok_or("the server is not done")??;
        let sent = &judged[usize::from(session) - 1];
        judge(plan, &device, ended.get(), &served, sent)
            .map_err(|fault| {
                format!(
                    "session {session}: {fault}; {:?}, {served:?}, {sent:?}",
                    ended.get()
                )
            })
            .map(|()| ended.get().is_none())
    }
}

/// What must be true of a connection that ended as planned: `end` is `None`
/// when its owner was dropped.
fn judge(
    plan: &Plan,
    device: &Device<'_>,
    end: Option<End>,
    served: &Served,
    sent: &Sent,
) -> Result<(), String> {
    let check = |holds: bool, what: &str| holds.then_some(()).ok_or_else(|| what.to_owned());
    let taken = device.sent.each_ref().map(Cell::get);
    let [first, second, third] = plan.messages;
    let all_sent = served.received == taken;
    let received = device.received.get();
    // The message on its way when the server closed may be whole or not.
    let all_received = received == served.sent || received == served.sent + 1;

    let ends = device.ends.borrow();
    let told = end.unwrap_or(End::Aborted);
    check(!ends.is_empty(), "nobody was told why it ended")?;
    check(
        ends.iter().all(|end| *end == told),
        "the tasks were told different ends",
    )?;
    check(
        served
            .received
            .iter()
            .zip(&taken)
            .all(|(got, sent)| got <= sent),
        "the server got more than was sent",
    )?;
    check(
        received <= served.sent + 1,
        "the device got more than was sent",
    )?;
    let finish = plan.finish(device.session);
    match finish {
        Finish::DeviceCloses | Finish::DeviceClosesAt(_) => {
            check(end == Some(End::Closed), "it should have been closed")?;
            check(all_sent, "not all arrived that was taken")?;
            check(
                served.clean && sent.closed && sent.rest == 0,
                "no clean end",
            )?;
        }
        Finish::ServerCloses | Finish::ServerClosesAt(_) => {
            check(end == Some(End::PeerClosed), "the peer closed it")?;
            check(all_received, "not all arrived that the server sent")?;
        }
        Finish::ServerCutsAt(_) => {
            let cut = matches!(end, Some(End::Truncated | End::Reset));
            check(cut, "it was cut")?;
        }
        Finish::DeviceAbortsAt(_) => check(end == Some(End::Aborted), "it was aborted")?,
        Finish::OwnerDropped(_) => check(matches!(end, None | Some(End::Closed)), "why")?,
    }
    let all_said = match finish {
        Finish::DeviceCloses | Finish::ServerCloses => true,
        Finish::OwnerDropped(_) => end.is_some(),
        _ => false,
    };
    if all_said {
        let complete = taken == [first, second] && all_sent && received == third;
        check(complete, "not all was said")?;
    }
    Ok(())
}
