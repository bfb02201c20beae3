//! `wigwag plan [FILE]`: which protocol stacks fit what an application wants?

mod neatpy;
mod offers;
mod request;
mod rfc;

use clap::ValueEnum;
use serde_json::{Map, Value as Json, json};

use super::input::Source;
use super::outcome::{Failure, Outcome};
use super::output::Output;
use super::problem::Problem;
use offers::Net;
use request::Request;

/// Choose protocol stacks for a set of properties.
///
/// Reads a JSON object from FILE or standard input: "profile"
/// (reliable-inorder-stream, reliable-message, unreliable-datagram, or null),
/// "preferences" (an object of property names and levels: require, prefer, no
/// preference, avoid, prohibit), "message_properties" (an object; of these
/// safelyReplayable decides about stacks), "stacks" (an array of names, the best
/// first; all that there are without it), "framer" (true when a framer keeps
/// message boundaries).
///
/// Whether a program takes secure stacks or others is no preference: it says so
/// by a type, and tries the ones or the others only.
///
/// The answer is the stacks that fit, best first, and what speaks against each
/// of the others. That none fits is an answer too: the exit status is 1 only
/// when the input cannot be understood.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: Source,
    /// Every line is a JSON object of its own, answered by exactly one line.
    #[arg(long)]
    lines: bool,
    /// Choose as another program does: neatpy takes the names, levels and
    /// profiles of NEATPy, and "sctp_available" in place of "stacks".
    #[arg(long, value_name = "PROGRAM")]
    compat: Option<Compat>,
    /// Whose stacks: those of a device (TLS, TCP, UDP), or of this host (DTLS
    /// too, and Multipath TCP and SCTP where its kernel has them).
    #[arg(
        long,
        value_enum,
        default_value_t = Net::Virtual,
        conflicts_with = "compat"
    )]
    net: Net,
    /// One JSON object for each input.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Compat {
    Neatpy,
}

/// What an input is answered with.
struct Answer {
    /// The stacks that fit, best first; none is `None`.
    candidates: Option<Vec<String>>,
    /// Each stack that does not fit, and what speaks against it.
    why: Vec<(String, String)>,
    /// Old names that were read as new ones.
    notes: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut output = Output::new();
    let mut failed = false;
    if args.lines {
        for line in args.source.lines()? {
            let answer = line?.and_then(|line| plan(args, &line));
            failed |= answer.is_err();
            print(args, &answer, &mut output)?;
            // A program that sends line by line waits for each answer.
            output.flush()?;
        }
    } else {
        let answer = plan(args, &args.source.read()?);
        failed = answer.is_err();
        print(args, &answer, &mut output)?;
    }
    output.finish()?;
    if failed { Err(Failure::Shown) } else { Ok(()) }
}

fn plan(args: &Args, text: &[u8]) -> Result<Answer, Problem> {
    let request = Request::parse(text)?;
    match args.compat {
        None => rfc::plan(&request, args.net),
        Some(Compat::Neatpy) => neatpy::plan(&request),
    }
}

fn print(args: &Args, answer: &Result<Answer, Problem>, output: &mut Output) -> Outcome {
    if args.json {
        return output.line(&json_of(answer).to_string());
    }
    match answer {
        Err(problem) => output.line(&format!("error: {}", problem.text())),
        Ok(answer) if args.lines => {
            let reasons = || {
                let each = answer.why.iter();
                let each: Vec<_> = each.map(|(stack, why)| format!("{stack}: {why}")).collect();
                format!("none; {}", each.join("; "))
            };
            let stacks = answer.candidates.as_ref().map(|stacks| stacks.join(", "));
            output.line(&stacks.unwrap_or_else(reasons))
        }
        Ok(answer) => {
            for note in &answer.notes {
                output.line(&format!("note: {note}"))?;
            }
            match &answer.candidates {
                Some(stacks) => output.line(&stacks.join(", "))?,
                None => output.line("no protocol stack fits")?,
            }
            for (stack, why) in &answer.why {
                output.line(&format!("not {stack}: {why}"))?;
            }
            Ok(())
        }
    }
}

fn json_of(answer: &Result<Answer, Problem>) -> Json {
    let answer = match answer {
        Ok(answer) => answer,
        Err(problem) => return json!({"error": problem.json()}),
    };
    let why: Map<String, Json> = answer
        .why
        .iter()
        .map(|(stack, why)| (stack.clone(), json!(why)))
        .collect();
    let mut object = json!({"candidates": answer.candidates, "why": why});
    if !answer.notes.is_empty() {
        object["notes"] = json!(answer.notes);
    }
    object
}
