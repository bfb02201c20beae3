//! The client on the board, against the mock node.

use std::time::Duration;

use wigwag_harness::faults::Cut;
use wigwag_harness::firmware::NcpTrial;
use wigwag_harness::mock_ncp::{Credentials, MockNcpOptions};
use wigwag_tests::runner;

use crate::ncp_site::NcpSite;
use crate::site::{LIMIT, ensure, log, on_site, says};

/// The lines of a good run, in their order.
const STORY: [&str; 6] = [
    "wigwag ",
    "connecting to ncp.test:",
    "address 10.0.2.15/24",
    "connected to ncp.test",
    "done with ncp.test",
    "trial done: goal reached",
];

/// A hundred commands and three sweeps, on one connection.
pub(crate) fn asks() -> runner::Outcome {
    on_site(async {
        let site = NcpSite::new().await?;
        let board = site.boot(site.trial(100, 3)).await?;
        let outcome = board.reaches_its_goal().await?;
        let mut lines = outcome.lines.iter();
        let told = STORY
            .iter()
            .all(|words| lines.any(|line| line.text.starts_with(words)));
        ensure(told, || format!("another story:{}", log(&outcome.lines)))?;

        let book = site.server.book();
        let names = |name: &str| {
            let named = book.commands.iter();
            named.filter(|command| command.field().name == name).count()
        };
        let good = (book.connections, book.unanswered(), book.failed()) == (1, 0, 0)
            && (names("GAIN"), names("SWEP")) == (100, 3);
        ensure(good, || format!("{book:?}"))?;

        let report = outcome.ncp_report.ok_or("no report")?;
        let measured = (report.commands.count, report.sweeps.count) == (100, 3)
            && report.connect > 0
            && report.sweeps.nanos / 3 > report.commands.nanos / 100
            && (1..report.stack_size).contains(&report.stack_peak);
        ensure(measured, || format!("{report:?}"))
    })
}

/// The server resets the connection, then the cable is out for a while: every
/// command is answered in the end.
pub(crate) fn survives_cuts() -> runner::Outcome {
    on_site(async {
        let site = NcpSite::new().await?;
        let mut board = site.boot(site.trial(100, 2)).await?;
        let some = |count| {
            site.server
                .wait_until(LIMIT, move |book| book.commands.len() > count)
        };
        ensure(some(20).await, || "no 20 commands".into())?;
        ensure(site.server.disconnect("wigwag", Cut::Reset) == 1, || {
            "nobody to cut off".into()
        })?;
        board
            .run
            .wait_for_line(LIMIT, says("connected to ncp.test"))
            .await?;
        board
            .run
            .wait_for_line(LIMIT, says("connected to ncp.test"))
            .await?;
        ensure(some(50).await, || "no 50 commands".into())?;
        board.run.set_link(false).await?;
        board.run.wait_for_line(LIMIT, says("link down")).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        board.run.set_link(true).await?;
        let outcome = board.reaches_its_goal().await?;
        let book = site.server.book();
        let report = outcome.ncp_report.ok_or("no report")?;
        let good = book.connections >= 2
            && (report.commands.count, report.sweeps.count) == (100, 2)
            && book.commands.len() >= 102;
        ensure(good, || {
            format!(
                "{report:?}, {} connections{}",
                book.connections,
                log(&outcome.lines)
            )
        })
    })
}

/// A login that is right comes in; one that is wrong ends the trial, and nothing
/// is asked.
pub(crate) fn logs_in() -> runner::Outcome {
    on_site(async {
        let site = NcpSite::with(MockNcpOptions {
            login: Some(Credentials::new("admin", "a:b,c")?),
            ..MockNcpOptions::default()
        })
        .await?;
        let login = |password: &str| NcpTrial {
            login: Some(("admin".into(), password.into())),
            ..site.trial(3, 0)
        };
        site.boot(login("a:b,c")).await?.reaches_its_goal().await?;
        let board = site.boot(login("a:b")).await?;
        let outcome = board.run.finish(LIMIT).await?;
        let refused = outcome.status.code() == Some(2) && site.server.book().commands.len() == 3;
        ensure(refused, || {
            outcome.status.to_string() + &log(&outcome.lines)
        })
    })
}
