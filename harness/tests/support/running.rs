//! A `wigwag` that runs beside the test and prints events as JSON lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use super::wigwag;

/// Nothing that a test waits for takes longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A running command, killed at the latest when dropped.
pub(crate) struct Running {
    child: Child,
    input: Option<ChildStdin>,
    events: Receiver<Json>,
}

impl Running {
    pub(crate) fn start<T: AsRef<str>>(args: &[T]) -> Self {
        let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
        let mut child = wigwag(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("wigwag starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(super::json(&line)).is_err() {
                    return;
                }
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            events,
        }
    }

    /// `wigwag serve ngtt` with events, and its address.
    pub(crate) fn serve(listen: &str, pki: &str, more: &[&str]) -> (Self, String) {
        let args = ["serve", "ngtt", "--listen", listen, "--pki", pki, "--json"];
        let server = Self::start(&[&args, more].concat());
        let listening = server.event("listening");
        let address = listening["addr"].as_str().expect("text").to_owned();
        (server, address)
    }

    /// The next event of this name; others are passed over.
    pub(crate) fn event(&self, name: &str) -> Json {
        self.find(name, |event| event["event"] == name)
    }

    /// The next event that is `wanted`; others are passed over.
    pub(crate) fn find(&self, what: &str, wanted: impl Fn(&Json) -> bool) -> Json {
        loop {
            let event = self.events.recv_timeout(LIMIT);
            let event = event.unwrap_or_else(|error| panic!("no event {what}: {error}"));
            assert!(event["t"].is_u64(), "{event}");
            if wanted(&event) {
                return event;
            }
        }
    }

    /// All events to the first that is `wanted`, and that one.
    pub(crate) fn until(&self, what: &str, mut wanted: impl FnMut(&Json) -> bool) -> Vec<Json> {
        let mut events = Vec::new();
        while !events.last().is_some_and(&mut wanted) {
            events.push(self.find(what, |_| true));
        }
        events
    }

    /// All further events to the end of the command, and its status.
    pub(crate) fn finish(mut self) -> (Vec<Json>, Option<i32>) {
        let mut events = Vec::new();
        // The end of the output is the end of the channel.
        while let Some(event) = self.next() {
            events.push(event);
        }
        (events, self.child.wait().expect("it ends").code())
    }

    fn next(&self) -> Option<Json> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        match self.events.recv_timeout(LIMIT) {
            Ok(event) => Some(event),
            Err(Disconnected) => None,
            Err(Timeout) => panic!("it does not end"),
        }
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("piped");
        writeln!(input, "{line}").expect("it reads");
    }

    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Asks the command to end, as a service manager would.
    pub(crate) fn ask_to_end(&self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.expect("kill starts").success());
    }

    /// Asks the command to end and waits until it has; its status.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        self.ask_to_end();
        self.event("done");
        self.child.wait().expect("it ends").code()
    }

    /// Pulls the plug.
    pub(crate) fn kill(mut self) -> Vec<Json> {
        self.child.kill().expect("it runs");
        self.finish().0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
