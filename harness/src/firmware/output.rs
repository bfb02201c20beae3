//! What a run writes: the device's log on standard output, QEMU's own words on
//! standard error.

use super::log::{Line, LogReader};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;

/// Lines of a log that are kept; those after them are counted.
const MAX_LINES: usize = 100_000;

/// Bytes of text that are kept: a few bytes of a broken device's log can stand
/// for thousands of format strings.
const MAX_TEXT: usize = 64 << 20;

/// Bytes of QEMU's own words that are kept.
const MAX_SAID: usize = 16 * 1024;

/// The lines of a run, and who waits for the next one.
#[derive(Clone)]
pub(super) struct Log(Arc<Shared>);

struct Shared {
    lines: Mutex<Lines>,
    changes: watch::Sender<()>,
}

#[derive(Default)]
struct Lines {
    kept: Vec<Line>,
    /// Bytes of their text.
    text: usize,
    dropped: u64,
    ended: bool,
}

impl Log {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            lines: Mutex::default(),
            changes: watch::Sender::new(()),
        }))
    }

    /// All lines so far.
    pub(super) fn lines(&self) -> Vec<Line> {
        self.lock().kept.clone()
    }

    /// Lines beyond those that are kept.
    pub(super) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Line `number`, when it is there; None when there will be none.
    pub(super) async fn line(&self, number: usize) -> Option<Line> {
        let mut changes = self.0.changes.subscribe();
        loop {
            {
                let lines = self.lock();
                match lines.kept.get(number) {
                    Some(line) => return Some(line.clone()),
                    None if lines.ended => return None,
                    None => {}
                }
            }
            changes.changed().await.ok()?;
        }
    }

    /// Reads a log to its end.
    pub(super) async fn read(self, mut stdout: impl AsyncRead + Unpin, mut reader: LogReader) {
        let mut buffer = vec![0; 8192];
        loop {
            // A broken pipe is the end, as a closed one is.
            let read = stdout.read(&mut buffer).await.unwrap_or(0);
            if read == 0 {
                break;
            }
            reader.push(&buffer[..read], |line| self.add(line));
        }
        reader.finish(|line| self.add(line));
        self.lock().ended = true;
        self.0.changes.send_replace(());
    }

    fn add(&self, line: Line) {
        let mut lines = self.lock();
        let text = lines.text.saturating_add(line.text.len());
        // Once one is dropped all are: a log has no holes.
        if lines.dropped == 0 && lines.kept.len() < MAX_LINES && text <= MAX_TEXT {
            lines.text = text;
            lines.kept.push(line);
        } else {
            lines.dropped += 1;
        }
        drop(lines);
        self.0.changes.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads standard error to its end and returns its start.
pub(super) async fn said(mut stderr: impl AsyncRead + Unpin) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 1024]);
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        let room = MAX_SAID - kept.len();
        kept.extend_from_slice(&buffer[..read.min(room)]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(length: usize) -> Line {
        Line {
            time: None,
            level: None,
            target: String::new(),
            text: "x".repeat(length),
        }
    }

    #[test]
    fn a_log_has_an_end_in_lines_and_in_bytes() {
        let log = Log::new();
        (0..MAX_LINES + 3).for_each(|_| log.add(line(1)));
        assert_eq!((log.lines().len(), log.dropped()), (MAX_LINES, 3));

        let log = Log::new();
        (0..3).for_each(|_| log.add(line(MAX_TEXT / 2)));
        log.add(line(0));
        assert_eq!((log.lines().len(), log.dropped()), (2, 2));
    }
}
