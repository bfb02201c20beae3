//! `--send`: commands as people write them.

use clap::{Arg, ArgAction, ArgMatches, Command as Clap, FromArgMatches};
use wigwag_codec::ncp::{Ident, NcpErrorKind};

use super::value::Owned;
use crate::cli::outcome::{Failure, Outcome};
use crate::device::ncp::{COMMAND_BYTES, Command};

const SEND: &str = "send";

const HELP: &str = "Send a packet with one field";

const LONG_HELP: &str = "\
Send a packet of type TYPE with a field FIELD that has these parameters; given \
several times, several of them, without waiting for answers in between.

A VALUE is TYPE:TEXT, where TYPE is i32, u32, i64, u64, f32, f64, string, raw, or \
u8[], u16[], u32[], u64[], i8[], i16[], i32[], i64[], f32[], f64[]: `u32:7`, \
`f64:1.5`, `string:7`, `raw:00ff`, `u16[]:1,2,3`. Without a type a whole number is \
i32, one with a point or an exponent f32, and anything else a string. On the wire \
arrays and raw bytes are filled up with zeros to a multiple of four bytes.";

/// The words of each `--send`.
#[derive(Debug, Clone, Default)]
pub(super) struct Sends(Vec<Vec<String>>);

impl FromArgMatches for Sends {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let sends = matches.get_occurrences::<String>(SEND);
        let sends = sends.into_iter().flatten();
        Ok(Self(sends.map(|words| words.cloned().collect()).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Sends {
    fn augment_args(command: Clap) -> Clap {
        command.arg(
            Arg::new(SEND)
                .long(SEND)
                .value_names(["TYPE", "FIELD", "NAME=VALUE"])
                .num_args(2..)
                .action(ArgAction::Append)
                .help(HELP)
                .long_help(LONG_HELP),
        )
    }

    fn augment_args_for_update(command: Clap) -> Clap {
        Self::augment_args(command)
    }
}

impl Sends {
    /// The commands.
    pub(super) fn commands(&self) -> Outcome<Vec<Command>> {
        self.0.iter().map(|words| command(words)).collect()
    }
}

fn command(words: &[String]) -> Outcome<Command> {
    let wrong = |what: String| Failure::Usage(format!("--send {}: {what}", words.join(" ")));
    let [kind, name, params @ ..] = words else {
        return Err(wrong("a packet type and a field are needed".into()));
    };
    let named = |name: &str| match Ident::new(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(wrong(format!("{name:?}: {error}"))),
    };
    named(kind)?;
    named(name)?;
    let params = params.iter().map(|param| {
        let (name, value) = param
            .split_once('=')
            .ok_or_else(|| wrong(format!("{param:?} is not NAME=VALUE")))?;
        named(name)?;
        let value = Owned::parse(value).map_err(|error| wrong(format!("{name}: {error}")))?;
        Ok((name, value))
    });
    let params: Vec<_> = params.collect::<Outcome<_>>()?;
    let command = Command::new(kind, name, |field| {
        let params = params.iter();
        params.fold(field, |field, (name, value)| {
            field.param(name, value.value())
        })
    });
    command.map_err(|error| match error.kind {
        NcpErrorKind::NoSpace => wrong(format!(
            "it needs more than {COMMAND_BYTES} bytes, which is the limit here"
        )),
        _ => wrong(error.to_string()),
    })
}
