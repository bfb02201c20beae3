//! Cleaning up when this process is killed and cannot do it itself: a test that
//! took too long, say.
//!
//! QEMU would go on without its server, for as long as its device does, which
//! may be for ever. So a shell waits at the end of a pipe that nobody writes to.
//! The system closes the other end when this process dies, of whatever, and the
//! shell ends QEMU and removes the files of the run, then itself.

use std::path::Path;
use tokio::process::Child;

/// A shell that outlives this process for a moment. Dropping it calls it off:
/// do that when the process it looks after has ended.
pub(super) struct Watchdog {
    #[cfg(unix)]
    shell: std::process::Child,
}

/// `$1` is the process, `$2` the folder.
#[cfg(unix)]
const SCRIPT: &str = r#"read -r nothing; kill -KILL "$1"; rm -rf "$2""#;

impl Watchdog {
    /// A watchdog that ends `child` and removes `folder`.
    #[cfg(unix)]
    pub(super) fn of(child: &Child, folder: &Path) -> std::io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        use std::process::{Command, Stdio};

        let process = child.id().map_or(String::new(), |id| id.to_string());
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "watchdog", &process])
            .arg(folder)
            // This process keeps the other end, and gives it to no child.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A signal to the whole group, of a terminal say, is not for it.
            .process_group(0)
            .spawn()?;
        Ok(Self { shell })
    }

    /// Elsewhere there is none: a QEMU that is left behind has to be ended by
    /// hand.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Child, _: &Path) -> std::io::Result<Self> {
        Ok(Self {})
    }
}

#[cfg(unix)]
impl Drop for Watchdog {
    fn drop(&mut self) {
        // The pipe is closed after this: the shell does not see its end.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::process::Command;

    fn sleeper() -> Child {
        let mut sleeper = Command::new("sleep");
        sleeper.arg("600").kill_on_drop(true).spawn().unwrap()
    }

    #[tokio::test]
    async fn a_killed_process_leaves_neither_child_nor_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("settings.bin"), [1]).unwrap();
        let mut child = sleeper();
        let mut watchdog = Watchdog::of(&child, folder.path()).unwrap();
        // What the system does when this process dies.
        drop(watchdog.shell.stdin.take());
        let ended = tokio::time::timeout(Duration::from_secs(60), child.wait()).await;
        assert!(!ended.expect("the child goes on").unwrap().success());
        watchdog.shell.wait().unwrap();
        assert!(!folder.path().exists());
    }

    #[tokio::test]
    async fn one_that_is_called_off_does_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = sleeper();
        drop(Watchdog::of(&child, folder.path()).unwrap());
        assert!(child.try_wait().unwrap().is_none(), "the child was ended");
        assert!(folder.path().exists());
    }
}
