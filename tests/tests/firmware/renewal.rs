//! The server renews the certificate of a board.

use wigwag_codec::ngtt::message::{Measured, Pathpoints};
use wigwag_harness::firmware::Trial;
use wigwag_harness::mock::{Event, EventKind};
use wigwag_tests::runner;

use crate::desk::Desk;
use crate::site::{LIMIT, Site, ensure, log, on_site};

/// What the device says of a renewal, if this is what happened.
fn stage(event: &Event) -> Option<String> {
    let EventKind::Data { payload, .. } = &event.kind else {
        return None;
    };
    let pathpoint = Pathpoints::parse(payload).ok()?.next()?;
    let Measured::Value(value) = pathpoint.readings().next()?.measured else {
        return None;
    };
    (pathpoint.path() == Some("certificate/state")).then(|| value.as_str().map(str::to_owned))?
}

/// The key is made on the board, its certificate shown on a connection of its own,
/// and kept when the server has taken it.
pub(crate) fn renewed() -> runner::Outcome {
    on_site(async {
        let site = Site::new().await?;
        let firmware = site.firmware(0, 0)?.trial(Trial::default());
        let run = firmware.start(site.net()).await?;
        let mut events = site.server.events();
        let mut desk = Desk::of(&site.server);
        let request = desk.request().await;
        let before = site.book().connections;
        desk.bring(&site.pki, &request).await;
        let mut stages = Vec::new();
        let told = async {
            while stages.last().is_none_or(|stage| stage != "none") {
                let event = events.recv().await.expect("the server runs");
                stages.extend(stage(&event));
            }
        };
        let in_time = tokio::time::timeout(LIMIT, told).await.is_ok();
        ensure(in_time, || format!("{stages:?}{}", log(&run.lines())))?;
        ensure(
            stages.first().is_some_and(|stage| stage == "untried"),
            || format!("{stages:?}"),
        )?;
        let connections = site.book().connections - before;
        ensure(connections == 1, || {
            format!("{connections} more connections")
        })?;
        // The connection with the new one goes on.
        let proved = site.server.connected();
        ensure(proved.len() == 1, || format!("connected: {proved:?}"))?;
        Ok(())
    })
}
