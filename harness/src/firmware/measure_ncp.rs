//! The same for a device of NCP.

use super::error::FirmwareError;
use super::{Firmware, NcpReport, NcpTrial, Net, Status};
use crate::mock_ncp::MockNcp;
use std::path::Path;
use std::time::Duration;

/// Commands of the trial.
const COMMANDS: u32 = 100;

/// Sweeps of 4096 points, which are as many bytes, after them.
const SWEEPS: u32 = 20;

/// Seconds of its clock after which the device gives up.
const DEVICE_LIMIT: u32 = 60;

/// The same for the host.
const LIMIT: Duration = Duration::from_secs(120);

/// The server's name on the virtual network.
const SERVER: &str = "ncp.test";

/// Runs the image on the virtual network against a mock node, counting
/// instructions, and gives back what the device measured of itself: 100 short
/// commands and 20 sweeps of 4 KiB, one after the other.
///
/// Trials differ as those of [`measure`](super::measure) do.
///
/// # Errors
/// [`FirmwareError`]: QEMU or the image cannot be run, or the trial did not
/// come to its end; the log is in the error.
pub async fn measure_ncp(image: impl AsRef<Path>) -> Result<NcpReport, FirmwareError> {
    let server = MockNcp::start().await.map_err(FirmwareError::Server)?;
    let run = Firmware::new(image.as_ref())
        .ncp(NcpTrial {
            server: Some((SERVER.into(), server.addr().port())),
            commands: Some(COMMANDS),
            sweeps: Some(SWEEPS),
            seconds: Some(DEVICE_LIMIT),
            ..NcpTrial::default()
        })
        .icount(true)
        .report(true)
        .start(Net::to(SERVER, server.addr()))
        .await?;
    let outcome = run.finish(LIMIT).await?;
    let book = server.book();
    let asked = (COMMANDS + SWEEPS) as usize;
    let what = if outcome.status != Status::Done {
        outcome.status.to_string()
    } else if (book.commands.len(), book.unanswered(), book.failed()) != (asked, 0, 0) {
        format!(
            "the server was asked {} times, and {asked} were due; it left {} unanswered and refused {}",
            book.commands.len(),
            book.unanswered(),
            book.failed()
        )
    } else if let Some(report) = outcome.ncp_report {
        return Ok(report);
    } else {
        "it wrote no report".into()
    };
    Err(FirmwareError::Unfinished {
        what,
        log: outcome.lines,
    })
}
