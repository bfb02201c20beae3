//! The server of the device: what its clients are answered.

use core::cell::{Cell, RefCell};

use embassy_time::Timer;
use wigwag_embassy::ncp::{
    self, Array, Error, Field, Login, Server, ServerConnection, Time, Value,
};

use super::device::{self, CLIENTS, QUESTION};
use super::report::Report;

/// The most points of a sweep of the device's own, and how many there are
/// unless it is said otherwise.
const POINTS: (usize, usize) = (1024, 256);

/// The server of the device: a handle, to be copied.
#[derive(Clone, Copy)]
pub struct Node {
    pub(super) ncp: device::Server,
    pub(super) guard: Option<&'static Login<'static>>,
    pub(super) now: fn() -> Time,
    pub(super) report: &'static RefCell<Report>,
    /// Clients that are there.
    pub(super) clients: &'static Cell<u32>,
    /// Where their fields are received to, one for each client.
    pub(super) buffers: &'static [RefCell<[u8; QUESTION]>; CLIENTS],
}

impl core::fmt::Debug for Node {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Node").finish_non_exhaustive()
    }
}

/// Counts a client for as long as it is there.
struct There(&'static Cell<u32>);

impl There {
    fn come(clients: &'static Cell<u32>) -> Self {
        clients.set(clients.get().saturating_add(1));
        Self(clients)
    }
}

impl Drop for There {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// What is wrong with a question.
struct Wrong(&'static str, i32);

impl Node {
    /// Serves clients for ever.
    pub async fn run(&self) -> ! {
        loop {
            // It does not end by itself.
            if let Err(error) = self.serve().await {
                defmt::warn!("not serving: {}", defmt::Display2Format(&error));
            }
            Timer::after_secs(1).await;
        }
    }

    async fn serve(&self) -> Result<(), Error> {
        let server = match self.guard {
            Some(guard) => Server::login_in_the_clear(guard).with_port(ncp::PORT),
            None => Server::plain(),
        };
        let listening = server.with_clock(self.now).listen(&self.ncp)?;
        defmt::info!("serving at port {=u16}", ncp::PORT);
        let attend = async |client: &ServerConnection<'static>| self.attend(client).await;
        listening.serve::<CLIENTS, Error>(attend).await
    }

    /// Answers one client until it leaves.
    // There are as many buffers as handlers, and each handler has one to itself.
    #[allow(clippy::await_holding_refcell_ref)]
    async fn attend(&self, client: &ServerConnection<'static>) -> Result<(), Error> {
        defmt::info!("client {}", defmt::Display2Format(client.remote_hostname()));
        let _there = There::come(self.clients);
        let free = |buffer: &'static RefCell<[u8; QUESTION]>| buffer.try_borrow_mut().ok();
        let Some(mut buffer) = self.buffers.iter().find_map(free) else {
            return Ok(());
        };
        while let Some(field) = client.next(&mut buffer[..]).await? {
            self.answer(client, &field).await?;
            let mut report = self.report.borrow_mut();
            report.answers = report.answers.saturating_add(1);
        }
        Ok(())
    }

    async fn answer(
        &self,
        client: &ServerConnection<'static>,
        field: &Field<'_>,
    ) -> Result<(), Error> {
        let to = field.reply_to();
        let of_receiver = field.packet_type == "DSPC";
        let wrong = if field.name == "ECHO" {
            return client.reply(to, |params| ncp::echo(params, field)).await;
        } else if of_receiver && field.name == "TIME" {
            let now = (self.now)();
            let (secs, nanos) = (now.secs(), now.nanos());
            return client
                .reply(to, |params| params.param("UNIX", secs).param("NANO", nanos))
                .await;
        } else if of_receiver && field.name == "SWEP" {
            match points(field) {
                Ok(count) => {
                    let sweep = SWEEP.get(..count).unwrap_or(&SWEEP);
                    let data = Value::U8s(Array::new(sweep));
                    return client.reply(to, |params| params.param("PDAT", data)).await;
                }
                Err(wrong) => wrong,
            }
        } else {
            Wrong("Unknown command", 400)
        };
        client
            .reply(to, |params| {
                params.param("ERRO", wrong.0).param("ERRC", wrong.1)
            })
            .await
    }
}

/// How many points are wanted.
fn points(field: &Field<'_>) -> Result<usize, Wrong> {
    let (most, usual) = POINTS;
    let Some(wanted) = field.value("POIN") else {
        return Ok(usual);
    };
    let wanted = wanted
        .as_u64()
        .and_then(|wanted| usize::try_from(wanted).ok());
    wanted
        .filter(|wanted| (1..=most).contains(wanted))
        .ok_or(Wrong("POIN is 1 to 1024 points", 422))
}

/// A noise floor with a carrier in every 64th point.
static SWEEP: [u8; POINTS.0] = {
    let mut sweep = [40; POINTS.0];
    let mut at = 32;
    while at < sweep.len() {
        sweep[at] = 160;
        at += 64;
    }
    sweep
};
