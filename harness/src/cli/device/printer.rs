//! What devices do, as lines for people or for programs, and the totals.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::{self, Output, say};
use crate::cli::params;
use crate::device::DeviceEvent;

/// Events of all devices on standard output.
pub(super) struct Printer {
    json: bool,
    several: bool,
    started: Instant,
    output: RefCell<Output>,
    failure: Cell<Option<Failure>>,
    stop: Notify,
}

impl Printer {
    pub(super) fn new(json: bool, several: bool) -> Self {
        Self {
            json,
            several,
            started: Instant::now(),
            output: RefCell::new(Output::new()),
            failure: Cell::new(None),
            stop: Notify::new(),
        }
    }

    /// Told when nobody reads any more; tells all devices to end.
    pub(super) fn stop(&self) -> &Notify {
        &self.stop
    }

    /// Prints what happened on the device `id`, if it has one.
    pub(super) fn event(&self, id: &str, event: &DeviceEvent) {
        let mut object = event.json();
        object["t"] = json!(self.millis());
        if !id.is_empty() {
            object["cn"] = json!(id);
        }
        let mut output = self.output.borrow_mut();
        let written = if self.json {
            output.line(&object.to_string())
        } else {
            output.told(&self.line(id, &object))
        };
        if let Err(failure) = written.and_then(|()| output.flush()) {
            self.failure.set(Some(failure));
            self.stop.notify_waiters();
            self.stop.notify_one();
        }
    }

    fn line(&self, id: &str, object: &Json) -> String {
        let seconds = self.started.elapsed().as_secs_f64();
        let name = object["event"].as_str().unwrap_or_default();
        let name = name.replace('_', " ");
        let mut fields = output::fields(object, &["event", "t", "cn", "params"]);
        fields += &params::line(&object["params"]);
        if self.several {
            format!("{seconds:8.3} s  {id}  {name}{fields}")
        } else {
            format!("{seconds:8.3} s  {name}{fields}")
        }
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The totals, and what has failed, in words: nothing if all is well.
    pub(super) fn done(self, mut totals: Json, failures: &[String]) -> Outcome {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        totals["event"] = json!("done");
        totals["t"] = json!(self.millis());
        let line = if self.json {
            totals.to_string()
        } else {
            self.line("-", &totals)
        };
        let mut output = self.output.into_inner();
        output.line(&line)?;
        output.finish()?;
        for failure in failures {
            say(failure);
        }
        if failures.is_empty() {
            Ok(())
        } else {
            Err(Failure::Shown)
        }
    }
}
