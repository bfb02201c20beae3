//! Recordings of conversations, read into a table of frames.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use wigwag_inspect::input::{self, Input, Kind};
use wigwag_inspect::{Budget, Connection, Protocol, Table};

use super::input::Source;
use super::outcome::{Failure, Outcome};

/// Bytes that a table may take in memory: 4 GiB. What is read is kept once; a row
/// takes 48 bytes besides.
const BUDGET: usize = match 4_usize.checked_mul(1 << 30) {
    Some(bytes) => bytes,
    None => usize::MAX,
};
/// The longest frame that is kept: 256 MiB.
const FRAME: usize = 256 << 20;
/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;
/// The longest key log: 64 MiB.
const KEY_LOG: u64 = 64 << 20;

/// How a recording is to be read.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// What the recording is written in, if a command's own options say it.
    #[arg(skip)]
    pub(crate) kind: Option<Kind>,
    /// What its connections speak; found out without it.
    #[arg(long, value_name = "PROTOCOL", value_parser = protocols())]
    pub(crate) protocol: Option<Protocol>,
    /// Secrets of TLS connections, as SSLKEYLOGFILE has them; may be given several
    /// times.
    #[arg(long, alias = "keylog", value_name = "FILE")]
    pub(crate) key_log: Vec<PathBuf>,
}

fn protocols() -> impl TypedValueParser<Value = Protocol> {
    let names = ["ngtt", "ncp", "prefix", "minijson"];
    PossibleValuesParser::new(names)
        .map(|name| Protocol::from_name(&name).unwrap_or(Protocol::Unknown))
}

impl Options {
    /// The first of them that was given, by its name.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let protocol = self.protocol.is_some().then_some("--protocol");
        let key_log = (!self.key_log.is_empty()).then_some("--key-log");
        protocol.or(key_log)
    }

    fn input(&self) -> Outcome<Input> {
        let mut secrets = String::new();
        for path in &self.key_log {
            let bytes = Source::of_file(path).read_at_most(KEY_LOG)?;
            secrets += &String::from_utf8_lossy(&bytes);
            secrets.push('\n');
        }
        Ok(Input::new(input::Options {
            kind: self.kind,
            protocol: self.protocol,
            key_log: secrets,
            ..input::Options::default()
        }))
    }
}

/// A recording that was read, or is being read.
pub(crate) struct Recording {
    /// Its frames.
    pub(crate) table: Table,
    input: Input,
    /// Whether the table knows that there are no times.
    timeless: bool,
}

impl Recording {
    /// Reads all of it. After each piece of the input `each` sees what is there.
    pub(crate) fn read(
        source: &Source,
        options: &Options,
        mut each: impl FnMut(&mut Self) -> Outcome,
    ) -> Outcome<Self> {
        let mut recording = Self {
            table: Table::new(Budget {
                bytes: BUDGET,
                frame: FRAME,
            }),
            input: options.input()?,
            timeless: false,
        };
        if let Some(size) = source.size() {
            recording.table.expect(size);
        }
        let mut file = source.open()?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let name = source.name();
                    return Err(Failure::Work(format!("cannot read {name}: {error}")));
                }
            };
            recording.input.push(&chunk[..length], &mut recording.table);
            recording.mind_times();
            each(&mut recording)?;
        }
        recording.input.finish(&mut recording.table);
        recording.mind_times();
        recording.table.finish();
        while recording.table.examine(100_000) {}
        each(&mut recording)?;
        Ok(recording)
    }

    /// Tells the table if times only count bytes, as soon as that is known.
    fn mind_times(&mut self) {
        if !self.timeless && !self.has_times() {
            self.timeless = true;
            self.table.without_times();
        }
    }

    /// Whether times say when frames were seen; otherwise they count bytes.
    pub(crate) fn has_times(&self) -> bool {
        self.input.kind().is_none_or(Kind::has_times)
    }

    /// What is to be said of an input that nothing of the kind is in that was looked
    /// for; `None` if there is.
    pub(crate) fn not_understood(&self) -> Option<String> {
        let options = self.input.options();
        let connections = self.table.connections();
        let is_known = |known: &Connection| known.protocol != Protocol::Unknown;
        if options.kind.is_some()
            || connections.is_empty()
            || connections.iter().any(is_known)
            || !self.table.problems().is_empty()
        {
            return None;
        }
        let kind = self.input.kind().map_or("nothing", Kind::name);
        Some(format!(
            "this seems to be no recording (read as {kind}): looked for captures, pcap, pcapng, \
             JSON lines, hex and base64, and in their bytes for NGTT, NCP, messages behind a \
             length, and minijson; --kind and --protocol say what it is"
        ))
    }

    /// What could not be read: where, and why.
    pub(crate) fn problems(&self) -> impl Iterator<Item = (u64, String)> + '_ {
        let problems = self.table.problems().iter();
        let problems = problems.map(|problem| (problem.offset, problem.message.clone()));
        let more = self.table.more_problems();
        let more = (more > 0).then(|| (u64::MAX, format!("{more} more places could not be read")));
        problems.chain(more)
    }
}
