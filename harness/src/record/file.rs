//! Captures in files.

use super::Recorder;
use super::history::History;
use super::subscription::Place;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How many bytes wait at most before they are written.
const BUFFER: usize = 64 * 1024;

/// How long they wait at most.
const PERIOD: Duration = Duration::from_secs(1);

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays as it is, and there is no capture.
    Keep,
    /// The capture takes its place.
    Replace,
}

/// A capture that is being written. Dropping it is [`CaptureFile::finish`] without
/// an answer.
#[derive(Debug)]
pub struct CaptureFile {
    writer: Arc<Writer>,
    /// Dropped, it ends the thread that writes now and then.
    _end: mpsc::Sender<()>,
}

/// The file, and what is to be written to it: always whole records.
#[derive(Debug)]
pub(super) struct Writer(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    place: Place,
    waiting: Vec<u8>,
    written: u64,
    failure: Option<io::Error>,
}

impl Recorder {
    /// Writes what is kept and what comes to a new file, readable by its owner
    /// only, as a capture. A reader may look at it at any time: it has whole
    /// records only, and what is older than a second.
    ///
    /// Nothing is left out: who reports a record waits until it is written. So the
    /// file should not lie on a disk that is slower than the connections.
    ///
    /// # Errors
    /// What opening and writing the file answers;
    /// [`io::ErrorKind::AlreadyExists`] with [`Existing::Keep`] if there is one.
    pub fn to_file(&self, path: &Path, existing: Existing) -> io::Result<CaptureFile> {
        let mut options = OpenOptions::new();
        options.write(true);
        match existing {
            Existing::Keep => options.create_new(true),
            Existing::Replace => options.create(true).truncate(true),
        };
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        // The mode above is for new files only. What is no file, as a device, keeps
        // its own.
        #[cfg(unix)]
        if file.metadata()?.is_file() {
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        }
        let writer = Arc::new(Writer(Mutex::new(Inner {
            file,
            place: Place::default(),
            waiting: Vec::new(),
            written: 0,
            failure: None,
        })));
        let mut history = self.lock();
        writer.take(&history);
        history.add_file(Arc::downgrade(&writer));
        drop(history);
        writer.flush();
        if let Some(failure) = writer.lock().failure.take() {
            return Err(failure);
        }
        let (end, ended) = mpsc::channel();
        let now_and_then = writer.clone();
        thread::spawn(move || {
            while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                now_and_then.flush();
            }
        });
        Ok(CaptureFile { writer, _end: end })
    }
}

impl CaptureFile {
    /// Writes everything that was recorded up to now, and says how many bytes the
    /// file has.
    ///
    /// # Errors
    /// What writing to the file answered first. It ends behind the last whole
    /// record before that.
    pub fn finish(self) -> io::Result<u64> {
        self.writer.flush();
        let mut inner = self.writer.lock();
        match inner.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(inner.written),
        }
    }
}

impl Drop for CaptureFile {
    fn drop(&mut self) {
        self.writer.flush();
    }
}

impl Writer {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is new in the history.
    pub(super) fn take(&self, history: &History) {
        let inner = &mut *self.lock();
        if inner.failure.is_none() {
            inner.place.take(history, usize::MAX, &mut inner.waiting);
            if inner.waiting.len() >= BUFFER {
                inner.flush();
            }
        }
    }

    pub(super) fn flush(&self) {
        self.lock().flush();
    }
}

impl Inner {
    fn flush(&mut self) {
        if self.failure.is_some() || self.waiting.is_empty() {
            return;
        }
        match self.file.write_all(&self.waiting) {
            Ok(()) => self.written += self.waiting.len() as u64,
            Err(error) => {
                self.failure = Some(error);
                // A record that was cut is worse than one that is not there. What
                // cannot be cut off, as behind a pipe, stays.
                let _ = self.file.set_len(self.written);
                self.waiting = Vec::new();
            }
        }
        self.waiting.clear();
    }
}
