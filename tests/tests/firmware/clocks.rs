//! Devices that were started with a wrong time of day.

use std::net::Ipv4Addr;

use wigwag_harness::device::host_time;
use wigwag_harness::firmware::{FirmwareError, Net, REGION, Trial, flash_settings};
use wigwag_harness::mock_sntp::{Behaviour, MockSntp};
use wigwag_harness::vnet::{self, Dial, always, with_datagrams};
use wigwag_tests::e2e::SERVER;
use wigwag_tests::runner;

use crate::site::{LIMIT, Site, on_site};

/// What a clock says that nobody has set: the start of 1970.
const EARLY: u64 = 0;

/// The start of 2100, in seconds since 1970.
pub(crate) const LATE: u64 = 4_102_444_800;

/// The name of the time server, and where it is.
const TIME: &str = "time.test";
const TIME_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

/// The image of the site's settings, with a time server in them.
pub(crate) fn settings(site: &Site) -> Result<Vec<u8>, runner::Failed> {
    let settings = site.settings();
    let mut settings = flash_settings(&settings)?;
    settings.time_servers.push(TIME).map_err(|_| "no room")?;
    let mut region = vec![0xff; REGION];
    let length = settings.write(&mut region);
    let length = length.map_err(FirmwareError::Settings)?;
    region.truncate(length);
    Ok(region)
}

/// A network in which the server is known by its name, and a time server that
/// knows the host's time; `streams` takes connections to where they go.
pub(crate) fn net(
    options: vnet::Options,
    streams: impl Dial + Send + 'static,
) -> Result<Net, runner::Failed> {
    options.names.set(SERVER, [[192, 0, 2, 1]]);
    options.names.set(TIME, [TIME_ADDRESS]);
    let time = MockSntp::new(host_time().ok_or("the host does not know the time")?);
    time.serve(TIME_ADDRESS, Behaviour::Honest);
    let dial = with_datagrams(streams, time.datagrams());
    Ok(Net::gateway(options, dial))
}

/// A time server puts both kinds of wrong clocks right, and the device goes on.
pub(crate) fn put_right() -> runner::Outcome {
    on_site(async {
        for unix in [EARLY, LATE] {
            let site = Site::new().await?;
            site.enqueue(0..1);
            let trial = Trial {
                orders: Some(1),
                seconds: Some(240),
                // What comes before the time is known.
                refusals: Some(0),
                unix: Some(unix),
                ..Trial::default()
            };
            let firmware = site.firmware(1, 0)?.settings_image(settings(&site)?);
            let net = net(vnet::Options::default(), always(site.server.addr()))?;
            let outcome = firmware.trial(trial).start(net).await?;
            let outcome = outcome.finish(2 * LIMIT).await?;
            site.check(&outcome, 1, 0)?;
        }
        Ok(())
    })
}

/// A time before its floor is none to the device: it judges by the floor, and
/// without a time server as well.
pub(crate) fn below_the_floor() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        site.enqueue(0..1);
        let trial = Trial {
            orders: Some(1),
            unix: Some(EARLY),
            ..Trial::default()
        };
        let firmware = site.firmware(1, 0)?.trial(trial);
        let outcome = firmware.start(site.net()).await?.finish(LIMIT).await?;
        site.check(&outcome, 1, 0)
    })
}
