//! A Python peer in a process of its own: lines in, lines out, and an end.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use xtask::{project, python};

/// A running script of `tests/python`. It is killed when this is dropped, or
/// when its time is over: whoever waits for its next line then gets an error.
pub struct Peer {
    child: Arc<Mutex<Child>>,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Dropped to end the watch.
    alive: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
}

impl Peer {
    /// Starts `script` with `args`, to live no longer than `most`.
    ///
    /// # Errors
    ///
    /// The interpreter of the virtual environment cannot be started.
    pub fn start(script: &str, args: &[&str], most: Duration) -> std::io::Result<Self> {
        let path = project().join("tests/python").join(Path::new(script));
        let mut child = Command::new(python::interpreter())
            .arg(path)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        let child = Arc::new(Mutex::new(child));
        let (alive, over) = channel::<()>();
        let watched = Arc::clone(&child);
        let watch = std::thread::spawn(move || {
            if over.recv_timeout(most) == Err(RecvTimeoutError::Timeout) {
                kill(&watched);
            }
        });
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
            alive: Some(alive),
            watch: Some(watch),
        })
    }

    /// Sends one line.
    ///
    /// # Errors
    ///
    /// The peer has ended.
    pub fn send(&mut self, line: &str) -> std::io::Result<()> {
        let input = self.input.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
        input.write_all(line.as_bytes())?;
        input.write_all(b"\n")
    }

    /// The next line the peer prints, `None` when it has ended.
    ///
    /// # Errors
    ///
    /// The line is not text.
    pub fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        let length = self.output.read_line(&mut line)?;
        Ok((length > 0).then(|| line.trim_end().to_owned()))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        kill(&self.child);
        drop(self.alive.take());
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
        if let Ok(mut child) = self.child.lock() {
            let _ = child.wait();
        }
    }
}

/// Ends the process; one that has ended already is no error.
fn kill(child: &Mutex<Child>) {
    if let Ok(mut child) = child.lock() {
        let _ = child.kill();
    }
}
