//! The task of the connection.

use embassy_futures::join::join3;
use embassy_net::Stack;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_time::Timer;
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::ngtt::{self, Config, ConfigError};
use wigwag_embassy::renewal::{Identities, Memory};
use wigwag_embassy::sntp;
use wigwag_embassy::tls::{ClockPolicy, TrustAnchors};

use crate::application::Application;
use crate::device::{Buffers, State};
use crate::rng::SharedRng;
use crate::storage::Journal;

pub(crate) type Time =
    sntp::Runner<'static, CriticalSectionRawMutex, EmbassyNetwork<'static>, SharedRng>;

/// Keeps the connection to the server up, and tells of the link below it.
#[allow(missing_debug_implementations)] // The network stack has none.
pub struct Connection<F: NorFlash + 'static> {
    pub(crate) parts: Parts<F>,
    pub(crate) time: Time,
    pub(crate) application: Application<F>,
}

/// What a client is made of, each time anew when the device has another identity.
pub(crate) struct Parts<F: NorFlash + 'static> {
    pub(crate) stack: Stack<'static>,
    pub(crate) state: &'static State,
    pub(crate) buffers: &'static mut Buffers,
    pub(crate) identities: &'static mut Memory,
    pub(crate) journal: Journal<F>,
    pub(crate) trust: TrustAnchors<'static>,
    pub(crate) clock: ClockPolicy,
    pub(crate) rng: SharedRng,
}

/// The configuration of a client with these identities.
pub(crate) fn config<'a>(
    server: &'a str,
    port: u16,
    trust: TrustAnchors<'a>,
    identities: Identities<'a>,
    clock: ClockPolicy,
) -> Result<Config<'a>, ConfigError> {
    let mut config = Config::for_server(server, trust, identities.current, clock)?;
    config.port = port;
    Ok(match identities.next {
        Some(next) => config.with_next(next),
        None => config,
    })
}

impl<F: NorFlash> Connection<F> {
    /// Runs for ever.
    pub async fn run(&mut self) -> ! {
        let (parts, time) = (&mut self.parts, &mut self.time);
        let application = &self.application;
        // In one task: the stack has one waker for changes of its link, and two
        // tasks would keep waking each other over it.
        let link = application.watch_link(parts.stack);
        join3(parts.run(application), link, time.run()).await.0
    }
}

impl<F: NorFlash> Parts<F> {
    async fn run(&mut self, application: &Application<F>) -> ! {
        loop {
            self.run_with_these_identities(application).await;
        }
    }

    /// Runs a client until the device has other identities.
    async fn run_with_these_identities(&mut self, application: &Application<F>) {
        let before = (application.board.busy_nanos)();
        let loaded = application.renewals.load(self.identities).await;
        let config = loaded.map(|(identities, problem)| {
            if let Some(error) = problem {
                let error = defmt::Display2Format(&error);
                defmt::warn!("a renewed certificate could not be read: {}", error);
            }
            let (server, port) = (application.server, application.port);
            config(server, port, self.trust, identities, self.clock)
        });
        let spent = (application.board.busy_nanos)().saturating_sub(before);
        application.memory.report.borrow_mut().key = spent;
        // The settings were looked at when the device was put together.
        let Ok(Ok(config)) = config else {
            defmt::error!("the settings cannot be used any more");
            Timer::after_secs(60).await;
            return;
        };
        let network = EmbassyNetwork::new(self.stack);
        let (state, journal) = (self.state, &mut self.journal);
        let (client, mut runner) = ngtt::new(
            state,
            &mut *self.buffers,
            network,
            config,
            self.rng,
            journal,
        );
        let renewals = application.renewals;
        renewals.run_until_changed(&client, &mut runner).await;
    }
}
