//! What the demonstration looks like: bars on a terminal, lines elsewhere, JSON
//! lines for programs.

use std::cell::RefCell;
use std::io::{IsTerminal as _, stdout};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use super::lines;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::Output;
use crate::cli::params;
use crate::cli::serve::events;
use crate::cli::serve::ncp::events as node_events;
use crate::cli::watch;
use crate::demo::{Comparison, Moment, is_answer};
use crate::device::DeviceEvent;
use crate::inspector::Inspector;
use crate::mock::EventKind;

pub(super) struct Screen<'a> {
    inner: RefCell<Inner>,
    /// Told when nobody reads the output any more.
    closed: &'a Notify,
}

struct Inner {
    look: Look,
    output: Output,
    started: Instant,
    /// Orders that came again since the last line.
    again: u64,
    /// The story is over, and single orders follow.
    going_on: bool,
    failure: Option<Failure>,
}

enum Look {
    Json,
    Lines,
    Bars(Bars),
}

struct Bars {
    all: MultiProgress,
    rows: Option<Rows>,
}

struct Rows {
    orders: ProgressBar,
    points: ProgressBar,
    logs: ProgressBar,
    commands: ProgressBar,
}

impl<'a> Screen<'a> {
    pub(super) fn new(json: bool, closed: &'a Notify) -> Self {
        let look = if json {
            Look::Json
        } else if stdout().is_terminal() && std::io::stderr().is_terminal() {
            Look::Bars(Bars::new())
        } else {
            Look::Lines
        };
        let inner = Inner {
            look,
            output: Output::new(),
            started: Instant::now(),
            again: 0,
            going_on: false,
            failure: None,
        };
        Self {
            inner: RefCell::new(inner),
            closed,
        }
    }

    /// Tells where the page is. A failure to write is kept for
    /// [`Screen::finish`].
    pub(super) fn page(&self, inspector: &Inspector) {
        let mut inner = self.inner.borrow_mut();
        let told = match inner.look {
            Look::Json => {
                let mut event = json!({"event": "inspector", "t": inner.millis()});
                let told = watch::told(inspector);
                for (name, value) in told.as_object().into_iter().flatten() {
                    event[name.as_str()] = value.clone();
                }
                inner.output.line(&event.to_string())
            }
            _ => inner.output.line(&format!(
                "Every frame, live, in the browser:\n\n  {}\n",
                inspector.url()
            )),
        };
        if let Err(failure) = told.and_then(|()| inner.output.flush()) {
            inner.failure = Some(failure);
            self.closed.notify_one();
        }
    }

    /// Shows a moment. A failure to write is kept for [`Screen::finish`].
    pub(super) fn show(&self, moment: Moment) {
        let mut inner = self.inner.borrow_mut();
        if inner.failure.is_some() {
            return;
        }
        if let Err(failure) = inner.show(&moment) {
            inner.failure = Some(failure);
            self.closed.notify_one();
        }
    }

    /// The end before there is anything to compare: nobody reads any more, or
    /// somebody did not want to wait.
    pub(super) fn abandon(self) -> Failure {
        let failure = self.inner.into_inner().failure;
        failure.unwrap_or_else(|| Failure::Work("ended before the books were compared".into()))
    }

    /// The summary, and the end.
    pub(super) fn finish(self, compared: &Comparison) -> Outcome {
        let mut inner = self.inner.into_inner();
        if let Some(failure) = inner.failure {
            return Err(failure);
        }
        inner.compared(compared, true)?;
        inner.output.finish()
    }
}

impl Inner {
    fn show(&mut self, moment: &Moment) -> Outcome {
        if let Moment::Compared(compared) = moment {
            self.compared(compared, false)?;
            self.going_on = true;
            if !matches!(self.look, Look::Json) {
                self.say("an order a second follows, and the page stays; Ctrl-C ends it")?;
            }
            return self.output.flush();
        }
        match &mut self.look {
            Look::Json => self.json(moment)?,
            Look::Bars(bars) => bars.count(moment),
            Look::Lines => {}
        }
        if let Moment::Device(DeviceEvent::OrderDuplicate(_)) = moment {
            // After a cut they come in a bunch.
            self.again += 1;
        } else if !matches!(self.look, Look::Json)
            && let Some(line) = lines::line(moment)
        {
            self.say_again()?;
            self.say(&line)?;
        }
        // Bars show these; lines would show nothing for ever.
        if let (true, Look::Lines, Moment::Server(event)) = (self.going_on, &self.look, moment)
            && let EventKind::Answered { tid, .. } = event.kind
        {
            self.say(&format!("server    order {tid} was acknowledged"))?;
        }
        self.output.flush()
    }

    fn say(&mut self, line: &str) -> Outcome {
        let line = format!("{:8.3} s  {line}", self.started.elapsed().as_secs_f64());
        match &self.look {
            // The terminal is the only reader, and it is still there.
            Look::Bars(bars) => {
                let _ = bars.all.println(line);
                Ok(())
            }
            _ => self.output.line(&line),
        }
    }

    fn say_again(&mut self) -> Outcome {
        match std::mem::take(&mut self.again) {
            0 => Ok(()),
            1 => self.say("device    1 order came again: confirmed again, not executed again"),
            more => self.say(&format!(
                "device    {more} orders came again: confirmed again, not executed again"
            )),
        }
    }

    fn compared(&mut self, compared: &Comparison, last: bool) -> Outcome {
        if let Look::Json = self.look {
            let mut totals = json!({
                "event": if last { "done" } else { "compared" },
                "t": self.millis(),
                "agree": compared.agrees(),
                "differences": compared.differences,
            });
            for row in &compared.rows {
                totals[row.what.trim().replace(' ', "_")] =
                    json!({"server": row.server, "device": row.device});
            }
            return self.output.line(&totals.to_string());
        }
        self.say_again()?;
        let verdict = if compared.agrees() {
            "The books agree: nothing was lost, nothing was done twice."
        } else {
            "The books do NOT agree."
        };
        let text = format!("\n{compared}{verdict}\n");
        if let Look::Bars(bars) = &self.look {
            if last {
                bars.finish();
            }
            return bars.all.suspend(|| {
                self.output.line(&text)?;
                self.output.flush()
            });
        }
        self.output.line(&text)
    }

    fn json(&mut self, moment: &Moment) -> Outcome {
        let t = self.millis();
        let objects = match moment {
            Moment::Begins {
                orders,
                points,
                logs,
                commands,
            } => vec![json!({
                "event": "begins", "t": t, "orders": orders, "points": points, "logs": logs,
                "commands": commands,
            })],
            Moment::Server(event) => {
                let with_side = |mut object: serde_json::Map<String, Json>| {
                    object.insert("t".into(), json!(t));
                    object.insert("side".into(), json!("server"));
                    Json::Object(object)
                };
                events::objects(event).into_iter().map(with_side).collect()
            }
            Moment::Device(event) => {
                let mut object = event.json();
                object["t"] = json!(t);
                object["side"] = json!("device");
                vec![object]
            }
            Moment::Node(event) => {
                let mut object = node_events::object(event);
                object.insert("t".into(), json!(t));
                object.insert("side".into(), json!("server"));
                object.insert("protocol".into(), json!("ncp"));
                vec![Json::Object(object)]
            }
            Moment::Asking(event) => {
                let mut object = params::without_long_arrays(event.json());
                object["t"] = json!(t);
                object["side"] = json!("device");
                object["protocol"] = json!("ncp");
                vec![object]
            }
            Moment::Accident(what) => vec![json!({"event": "accident", "t": t, "what": what})],
            Moment::Compared(_) => Vec::new(),
        };
        for object in objects {
            self.output.line(&object.to_string())?;
        }
        Ok(())
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Bars {
    fn new() -> Self {
        Self {
            all: MultiProgress::new(),
            rows: None,
        }
    }

    /// Draws the bars, now that their lengths are known.
    fn begin(&mut self, orders: u64, points: u64, logs: u64, commands: u64) {
        // The template is right: a wrong one is an error of this line.
        let style = ProgressStyle::with_template("  {prefix:12} {bar:40.green} {pos:>7}/{len}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = |name, length| {
            let bar = ProgressBar::new(length).with_style(style.clone());
            bar.set_prefix(name);
            let bar = self.all.add(bar);
            bar.tick();
            bar
        };
        self.rows = Some(Rows {
            orders: bar("orders", orders),
            points: bar("pathpoints", points),
            logs: bar("log entries", logs),
            commands: bar("commands", commands),
        });
    }

    fn count(&mut self, moment: &Moment) {
        if let Moment::Begins {
            orders,
            points,
            logs,
            commands,
        } = moment
        {
            self.begin(*orders, *points, *logs, *commands);
        }
        let Some(rows) = &self.rows else { return };
        match moment {
            Moment::Server(event) => {
                if let EventKind::Answered { .. } = event.kind {
                    rows.orders.inc(1);
                    if Some(rows.orders.position()) > rows.orders.length() {
                        rows.orders.set_length(rows.orders.position());
                    }
                }
            }
            Moment::Device(DeviceEvent::DataConfirmed { points, .. }) => {
                rows.points.inc(*points as u64);
            }
            Moment::Device(DeviceEvent::Logs { count }) => rows.logs.inc(*count as u64),
            Moment::Asking(event) if is_answer(event) => rows.commands.inc(1),
            _ => {}
        }
    }

    /// Takes the bars away; the table says it all.
    fn finish(&self) {
        for row in self
            .rows
            .iter()
            .flat_map(|r| [&r.orders, &r.points, &r.logs, &r.commands])
        {
            row.finish_and_clear();
        }
    }
}
