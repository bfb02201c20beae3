//! A run of an image, from its start to its outcome.

use super::gateway::Gateway;
use super::log::{Line, LogReader};
use super::output::{Log, said};
use super::qmp::Qmp;
use super::report::{self, Report};
use super::watchdog::Watchdog;
use super::{Firmware, FirmwareError, Flash, NcpReport, Net, Status, Work, error, qemu, settings};
use crate::vnet::WireCounts;
use serde_json::json;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long QEMU may take to come to its network and its control connection,
/// on a machine that is busy.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long what a process has written may take to be read after its end.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// How long a process that is killed may take to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(2);

/// A board that runs. See the [module](super). Dropping it is a power failure:
/// QEMU is killed, and the files of the run are removed.
pub struct Run {
    child: Child,
    control: Qmp<TcpStream>,
    gateway: Option<Gateway>,
    log: Log,
    /// Lines of the log that were handed out.
    seen: usize,
    reading: JoinHandle<()>,
    said: JoinHandle<String>,
    folder: TempDir,
    speaks_ncp: bool,
    /// Called off when QEMU has ended.
    _watchdog: Watchdog,
}

impl Drop for Run {
    /// QEMU has ended when this returns: nothing of a run is left behind.
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let given_up = Instant::now() + KILL_LIMIT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < given_up {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("process", &self.child.id())
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

/// What became of a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The device's log, up to 100,000 lines or 64 MiB of it.
    pub lines: Vec<Line>,
    /// Lines of the log beyond those.
    pub dropped_lines: u64,
    /// What the device measured of itself, if it was asked to and came to its
    /// end in good order.
    pub report: Option<Report>,
    /// The same of a device of NCP.
    pub ncp_report: Option<NcpReport>,
    /// What passed over the wire; `None` on QEMU's user network.
    pub wire: Option<WireCounts>,
    /// What was written on standard error, by QEMU or by the device past its
    /// log. Nothing, usually.
    pub said: String,
}

impl Outcome {
    /// The first line that is `wanted`.
    pub fn line(&self, wanted: impl FnMut(&&Line) -> bool) -> Option<&Line> {
        self.lines.iter().find(wanted)
    }
}

pub(super) async fn start(firmware: &Firmware, net: Net) -> Result<Run, FirmwareError> {
    let program = qemu::find()?;
    let unreadable = |source| FirmwareError::Image {
        path: firmware.image.clone(),
        source,
    };
    // QEMU has a current folder of its own.
    let image = fs::canonicalize(&firmware.image).map_err(unreadable)?;
    let elf = fs::read(&image).map_err(unreadable)?;
    let reader = LogReader::new(&elf).map_err(|source| FirmwareError::Log {
        path: image.clone(),
        source,
    })?;
    let folder = folder(&firmware.flash)?;
    if let Some(kept) = &firmware.flash_file {
        let failed = "the file of the flash";
        let kept = std::path::absolute(kept).map_err(error::io(failed))?;
        link(&kept, &folder.path().join(qemu::FLASH_FILE)).map_err(error::io(failed))?;
    }

    let listen = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let failed = "an address of the loopback for QEMU";
    let control = listen().await.map_err(error::io(failed))?;
    let wire = match &net {
        Net::Gateway { .. } => Some(listen().await.map_err(error::io(failed))?),
        Net::User => None,
    };
    let control_address = control.local_addr().map_err(error::io(failed))?;
    let wire_address = wire.as_ref().map(TcpListener::local_addr).transpose();
    let wire_address = wire_address.map_err(error::io(failed))?;

    let mut child = Command::new(program)
        .args(qemu::arguments(
            firmware,
            &image,
            wire_address,
            control_address,
        ))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(error::io("QEMU cannot be started"))?;
    let watchdog = Watchdog::of(&child, folder.path());
    let watchdog =
        watchdog.map_err(error::io("/bin/sh, which would end QEMU if this is killed"))?;
    let mut pipes = (child.stdout.take(), child.stderr.take());
    let (Some(stdout), Some(stderr)) = (pipes.0.take(), pipes.1.take()) else {
        unreachable!("both were asked for");
    };
    let log = Log::new();
    let reading = tokio::spawn(log.clone().read(stdout, reader));
    let said = tokio::spawn(said(stderr));

    let joined = async {
        let wire = match &wire {
            Some(wire) => Some(wire.accept().await?.0),
            None => None,
        };
        Ok::<_, io::Error>((wire, control.accept().await?.0))
    };
    // A QEMU that does not get as far as its connections ends instead.
    let joined = tokio::select! {
        joined = timeout(START_LIMIT, joined) => joined.ok(),
        _ = child.wait() => None,
    };
    let Some(joined) = joined else {
        let _ = timeout(KILL_LIMIT, child.kill()).await;
        let said = timeout(DRAIN_LIMIT, said).await;
        let said = said.ok().and_then(Result::ok).unwrap_or_default();
        return Err(FirmwareError::Qemu { said });
    };
    let (wire, control) = joined.map_err(error::io(failed))?;
    let gateway = match (wire, net) {
        (
            Some(wire),
            Net::Gateway {
                options,
                dial,
                forwards,
            },
        ) => Some(Gateway::start(wire, options, dial, forwards)?),
        _ => None,
    };
    let mut run = Run {
        child,
        control: Qmp::new(control),
        gateway,
        log,
        seen: 0,
        reading,
        said,
        folder,
        speaks_ncp: matches!(firmware.work, Work::Ncp(_)),
        _watchdog: watchdog,
    };
    if let Err(error) = run.go().await {
        // Most likely because QEMU had something to say, and ended.
        let _ = run.child.start_kill();
        let said = run.last_words().await;
        return Err(if said.is_empty() {
            error
        } else {
            FirmwareError::Qemu { said }
        });
    }
    Ok(run)
}

/// Gives a file a second name.
fn link(file: &Path, name: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(file, name);
    #[cfg(windows)]
    return std::os::windows::fs::symlink_file(file, name);
}

/// The folder of a run, which only this user can look into, with the board's
/// flash in it.
fn folder(flash: &Flash) -> Result<TempDir, FirmwareError> {
    let failed = "the folder of the run, among the temporary ones (TMPDIR)";
    let folder = tempfile::Builder::new()
        .prefix("wigwag-firmware-")
        .tempdir();
    let folder = folder.map_err(error::io(failed))?;
    let mut bytes = match flash {
        Flash::Erased => Vec::new(),
        Flash::Settings(given) => settings::image(given)?,
        Flash::Image(bytes) => bytes.clone(),
    };
    // The whole region, as it is in flash: erased behind what was written.
    bytes.resize(settings::REGION, 0xff);
    let file = folder.path().join(qemu::SETTINGS_FILE);
    fs::write(file, bytes).map_err(error::io(failed))?;
    Ok(folder)
}

impl Run {
    /// Lets the device go: everything around it is there now.
    async fn go(&mut self) -> Result<(), FirmwareError> {
        self.control.greet().await?;
        let gone = self.control.execute("cont", json!({})).await;
        if gone.is_err() && timeout(KILL_LIMIT, self.child.wait()).await.is_ok() {
            // The device was faster than QEMU's answer: it has had its run.
            return Ok(());
        }
        gone.map(drop)
    }

    /// The process of the emulator, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// The log so far.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.log.lines()
    }

    /// The next line of the log that was not handed out yet, when it comes;
    /// None at the log's end. Cancel-safe.
    pub async fn next_line(&mut self) -> Option<Line> {
        let line = self.log.line(self.seen).await?;
        self.seen += 1;
        Some(line)
    }

    /// Waits for a line that is `wanted`, for `limit` at most. Begins behind
    /// the line that the last call (or [`Run::next_line`]) found, so that what
    /// happens again can be waited for again.
    ///
    /// # Errors
    /// [`FirmwareError::NoLine`]: the time is up or the log has ended. The log
    /// is in the error.
    pub async fn wait_for_line(
        &mut self,
        limit: Duration,
        mut wanted: impl FnMut(&Line) -> bool,
    ) -> Result<Line, FirmwareError> {
        let wait = async {
            while let Some(line) = self.next_line().await {
                if wanted(&line) {
                    return Some(line);
                }
            }
            None
        };
        let waited = match timeout(limit, wait).await {
            Ok(Some(line)) => return Ok(line),
            Ok(None) => None,
            Err(_) => Some(limit),
        };
        Err(FirmwareError::NoLine {
            waited,
            log: self.lines(),
        })
    }

    /// Pulls the network cable (`false`) or puts it back: the board's network
    /// chip tells the device, as a real one does.
    ///
    /// # Errors
    /// [`FirmwareError::Control`]: QEMU has ended, or does not answer.
    pub async fn set_link(&mut self, up: bool) -> Result<(), FirmwareError> {
        let arguments = json!({"name": qemu::NETDEV, "up": up});
        self.control.execute("set_link", arguments).await.map(drop)
    }

    /// Waits until the device has ended, for `limit` at most.
    ///
    /// # Errors
    /// [`FirmwareError::StillRunning`]: the time is up; the device is ended now,
    /// and its log is in the error. [`FirmwareError::Qemu`]: it was QEMU that
    /// failed. [`FirmwareError::Wire`], [`FirmwareError::Report`].
    pub async fn finish(mut self, limit: Duration) -> Result<Outcome, FirmwareError> {
        let Ok(ended) = timeout(limit, self.child.wait()).await else {
            return Err(FirmwareError::StillRunning {
                waited: limit,
                log: self.lines(),
            });
        };
        let status = Status::of(ended.map_err(error::io("the end of QEMU"))?);
        let said = self.last_words().await;
        // QEMU's own end: of a wrong argument, with the status of a device whose
        // time is up, or aborted, of a processor that is locked up.
        let of_qemu = matches!(status, Status::TimeUp | Status::Killed)
            && said.lines().any(|line| line.starts_with("qemu"));
        if of_qemu {
            return Err(FirmwareError::Qemu { said });
        }
        let wire = match self.gateway.take() {
            Some(gateway) => gateway.end().await.transpose(),
            None => Ok(None),
        };
        let bytes = self.report()?;
        let bytes = bytes.as_deref();
        let (ngtt, ncp) = if self.speaks_ncp {
            (None, bytes)
        } else {
            (bytes, None)
        };
        Ok(Outcome {
            status,
            lines: self.log.lines(),
            dropped_lines: self.log.dropped(),
            report: ngtt.map(Report::read).transpose()?,
            ncp_report: ncp.map(NcpReport::read).transpose()?,
            wire: wire.map_err(FirmwareError::Wire)?,
            said,
        })
    }

    /// Waits until everything that QEMU has written is read, and returns what
    /// it said on standard error. It has ended or is about to.
    async fn last_words(&mut self) -> String {
        let both = async { tokio::join!(&mut self.reading, &mut self.said).1 };
        let said = timeout(DRAIN_LIMIT, both).await;
        said.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// What the device has written, if anything.
    fn report(&self) -> Result<Option<Vec<u8>>, FirmwareError> {
        let file = fs::File::open(self.folder.path().join(qemu::REPORT_FILE));
        let Ok(file) = file else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(report::MAX_BYTES)
            .read_to_end(&mut bytes)
            .map_err(error::io("the device's report"))?;
        Ok(Some(bytes))
    }
}
