//! `wigwag decode auto`: whatever a recording is written in, its frames.

mod json;
mod list;
mod tree;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use wigwag_inspect::Table;
use wigwag_inspect::filter::Filter;
use wigwag_inspect::input::Kind;
use wigwag_inspect::table::flags;

use super::Args;
use crate::cli::filter;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::{Output, printable, say};
use crate::cli::recording::{self, Recording};
use list::List;

/// What only `auto` takes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Options of auto")]
pub(crate) struct AutoOptions {
    /// What the recording is written in; found out without it.
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    pub(crate) kind: Option<Kind>,
    #[command(flatten)]
    pub(crate) recording: recording::Options,
    /// Show each frame as a tree with its bytes; without it only a frame that is
    /// alone is shown so.
    #[arg(long, conflicts_with = "json")]
    pub(crate) tree: bool,
    /// Show frames as soon as they are read, as from a pipe. What only the end of the
    /// input shows, such as that no answer came, is then not told.
    #[arg(long)]
    pub(crate) follow: bool,
}

fn kinds() -> impl TypedValueParser<Value = Kind> {
    let names = Kind::ALL.map(Kind::name);
    PossibleValuesParser::new(names).map(|name| Kind::from_name(&name).unwrap_or(Kind::Raw))
}

impl AutoOptions {
    /// The first of them that was given, by its name.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let tree = self.tree.then_some("--tree");
        let follow = self.follow.then_some("--follow");
        let kind = self.kind.is_some().then_some("--kind");
        kind.or(self.recording.given()).or(tree).or(follow)
    }
}

/// Rows that are tested before those that pass are printed.
const STEP: u32 = 50_000;

pub(super) fn run(args: &Args) -> Outcome {
    if args.lines {
        return Err(Failure::Usage(
            "auto reads one recording: --lines is for single frames".into(),
        ));
    }
    let filter = filter::parse(args.filter.as_deref().unwrap_or_default())?;
    let mut options = args.auto.recording.clone();
    options.kind = args.hex.then_some(Kind::Hex).or(args.auto.kind);
    let mut shown = Shown::new(args, filter);
    let recording = Recording::read(&args.source, &options, |recording| {
        if args.auto.follow {
            while recording.table.examine(100_000) {}
            shown.rows(recording)?;
            shown.output.flush()?;
        }
        Ok(())
    })?;
    shown.alone = !args.auto.follow && shown.is_one(&recording.table);
    shown.rows(&recording)?;
    let failed = shown.finish(&recording, &args.source.name())?;
    if failed { Err(Failure::Shown) } else { Ok(()) }
}

/// What is printed, and how far it is.
struct Shown<'a> {
    args: &'a Args,
    filter: Filter,
    list: List,
    output: Output,
    /// The first row that was not tested.
    next: u32,
    /// Whether only one row passes.
    alone: bool,
    /// How many rows passed.
    passed: usize,
    /// Whether a row that was printed is malformed.
    malformed: bool,
}

impl<'a> Shown<'a> {
    fn new(args: &'a Args, filter: Filter) -> Self {
        Self {
            args,
            filter,
            list: List::new(),
            output: Output::new(),
            next: 0,
            alone: false,
            passed: 0,
            malformed: false,
        }
    }

    /// Whether exactly one row passes.
    fn is_one(&self, table: &Table) -> bool {
        let rows = table.columns().len();
        let (mut found, mut next) = (Vec::new(), 0);
        while (next as usize) < rows && found.len() < 2 {
            next = self.filter.run(table, next, STEP, &mut found);
        }
        found.len() == 1
    }

    /// Prints the rows that pass and were not tested yet.
    fn rows(&mut self, recording: &Recording) -> Outcome {
        let table = &recording.table;
        let rows = table.columns().len();
        let mut found = Vec::new();
        while (self.next as usize) < rows {
            self.next = self.filter.run(table, self.next, STEP, &mut found);
            self.passed += found.len();
            for row in found.drain(..) {
                self.malformed |= table.columns().has(row, flags::MALFORMED);
                if self.args.json {
                    let line = json::row(table, row, recording.has_times());
                    self.output.line(&line.to_string())?;
                    continue;
                }
                for line in self.list.row(recording, row) {
                    self.output.line(&line)?;
                }
                if (self.args.auto.tree || self.alone)
                    && let Some(frame) = table.frame(row)
                {
                    for line in tree::lines(frame, self.list.style) {
                        self.output.line(&line)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What is said of a filter that lets nothing pass: it may be meant so, or be a
    /// slip of the pen.
    fn none_passed(&self, table: &Table) -> Option<String> {
        if self.passed > 0 || self.filter.is_everything() {
            return None;
        }
        let mut message = format!("0 of {} frames pass the filter", table.columns().len());
        for unseen in self.filter.unseen_types(table) {
            message += &format!("; {}", printable(&unseen.to_string()));
        }
        Some(message)
    }

    /// Tells what could not be read, and returns whether something is wrong.
    fn finish(mut self, recording: &Recording, name: &str) -> Outcome<bool> {
        let mut failed = self.malformed;
        let mut messages = Vec::new();
        for (offset, message) in recording.problems() {
            failed = true;
            if self.args.json {
                let line = json::problem(offset, &message);
                self.output.line(&line.to_string())?;
            } else if offset == u64::MAX {
                messages.push(format!("{name}: {message}"));
            } else {
                messages.push(format!("{name}: at byte {offset}: {message}"));
            }
        }
        if let Some(message) = self.none_passed(&recording.table) {
            messages.push(message);
        }
        if let Some(message) = recording.not_understood() {
            failed = true;
            messages.push(format!("{name}: {message}"));
        }
        self.output.finish()?;
        // Behind the list, where they are seen.
        messages.iter().for_each(|message| say(message));
        Ok(failed)
    }
}
