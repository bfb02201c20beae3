//! What the tests of NCP on the board begin with: the image, a network, and a
//! way from the host to the device.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::OnceLock;

use wigwag_harness::faults::Faults;
use wigwag_harness::firmware::{Firmware, NcpTrial, Net, Outcome, Run};
use wigwag_harness::mock_ncp::{MockNcp, MockNcpOptions};
use wigwag_harness::vnet::{self, always};
use wigwag_tests::runner;
use xtask::firmware::{Image, Variant, build};

use crate::site::{LIMIT, ensure, log, says};

/// The name of the server on the virtual network.
pub(crate) const SERVER: &str = "ncp.test";

/// When a device gives up, on its own clock, in seconds.
const GIVES_UP: u32 = 240;

/// The port that the device listens on.
const PORT: u16 = 9999;

/// The image with its log, built once a process.
pub(crate) fn image() -> Result<PathBuf, String> {
    static IMAGE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    IMAGE
        .get_or_init(|| build(Image::Ncp, Variant::Logged))
        .clone()
}

/// A server, and the network that leads a device to it and the host to the
/// device.
pub(crate) struct NcpSite {
    pub(crate) server: MockNcp,
    /// Of the network.
    pub(crate) faults: Faults,
}

/// A device that runs, and where the host finds it.
pub(crate) struct Board {
    pub(crate) run: Run,
    pub(crate) address: SocketAddr,
}

impl NcpSite {
    pub(crate) async fn new() -> Result<Self, runner::Failed> {
        Self::with(MockNcpOptions::default()).await
    }

    pub(crate) async fn with(options: MockNcpOptions) -> Result<Self, runner::Failed> {
        Ok(Self {
            server: MockNcp::start_with(options).await?,
            faults: Faults::seeded(1),
        })
    }

    /// A trial that asks this server, and has an end in any case.
    pub(crate) fn trial(&self, commands: u32, sweeps: u32) -> NcpTrial {
        NcpTrial {
            server: Some((SERVER.into(), self.server.addr().port())),
            commands: Some(commands),
            sweeps: Some(sweeps),
            seconds: Some(GIVES_UP),
            ..NcpTrial::default()
        }
    }

    /// Boots a device.
    pub(crate) async fn boot(&self, trial: NcpTrial) -> Result<Board, runner::Failed> {
        let options = vnet::Options {
            faults: Some(self.faults.clone()),
            ..vnet::Options::default()
        };
        options.names.set(SERVER, [[192, 0, 2, 1]]);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let net = Net::gateway(options, always(self.server.addr())).forward(listener, PORT);
        let firmware = Firmware::new(image()?).ncp(trial).report(true);
        let run = firmware.start(net).await?;
        Ok(Board { run, address })
    }
}

/// A device that only answers: `answers` fields, and then it ends.
pub(crate) async fn serving(answers: u32) -> Result<(NcpSite, Board), runner::Failed> {
    let site = NcpSite::new().await?;
    let trial = NcpTrial {
        server: None,
        answers: Some(answers),
        ..site.trial(0, 0)
    };
    let mut board = site.boot(trial).await?;
    board.listens().await?;
    Ok((site, board))
}

impl Board {
    /// Waits until the device can be connected to.
    pub(crate) async fn listens(&mut self) -> runner::Outcome {
        self.run.wait_for_line(LIMIT, says("address ")).await?;
        Ok(())
    }

    /// Waits for the device's end, which has to be a good one.
    pub(crate) async fn reaches_its_goal(self) -> Result<Outcome, runner::Failed> {
        let outcome = self.run.finish(LIMIT).await?;
        ensure(outcome.status.code() == Some(0), || {
            outcome.status.to_string() + &log(&outcome.lines)
        })?;
        Ok(outcome)
    }
}
