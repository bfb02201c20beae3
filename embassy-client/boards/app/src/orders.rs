//! Which orders the device executes, and why it refuses the others. An order is
//! looked at as a whole before its first command is executed, so that none is
//! done by half.
//!
//! | Command | What the device does |
//! |---|---|
//! | `write` | puts the value into the [register](crate::registers) of that name |
//! | `read` | sends the register's value, or the failure `invalid` if it was never written, as a pathpoint of one reading, and waits until the server has it or refuses it |
//! | `wait` | waits, for up to [`LONGEST_WAIT`] seconds |
//! | `sysctl` | `certificate`: renews the device's certificate ([`wigwag_embassy::renewal`]); others are refused |
//! | `message` | refused: messages are fetched over another protocol |
//! | others | refused |
//!
//! What may have been executed before needs a rule of each application's own.
//! This device's: an order that was *interrupted* is executed again only if it
//! writes nothing. One whose history is *unknown*, because the device has lost
//! its memory since, is executed: the registers were lost with it, so nothing
//! that the order may have done is left.

use wigwag_codec::minijson::Kind;
use wigwag_codec::ngtt::message::{Command, Sections};
use wigwag_embassy::ngtt::History;
use wigwag_embassy::outbox::OutboxError;
use wigwag_embassy::renewal::RenewalError;

use crate::registers::{Registers, WriteError};
use crate::renew::CERTIFICATE;

/// Longest wait of one command, in seconds.
pub const LONGEST_WAIT: u32 = 60;

/// Why an order is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a list of sections of commands.
    Malformed,
    /// It writes, and was interrupted: it may have been executed in part.
    Interrupted,
    /// It has a command that this device does not have.
    Unsupported,
    /// A wait is negative, endless, or longer than [`LONGEST_WAIT`] seconds.
    Wait,
    /// A write would come too late.
    Stale,
    /// It reads or must not be late, and the device does not know the time.
    NoTime,
    /// There is no register for a write.
    Register(WriteError),
    /// The device's certificate is not renewed like that.
    Certificate(RenewalError),
    /// The answer to it could not be kept for sending.
    Unsent(OutboxError),
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is not a list of commands"),
            Self::Interrupted => f.write_str("it writes, and was interrupted before"),
            Self::Unsupported => f.write_str("it has a command that this device does not know"),
            Self::Wait => write!(f, "it waits for something else than 0 to {LONGEST_WAIT} s"),
            Self::Stale => f.write_str("it comes too late"),
            Self::NoTime => f.write_str("the device does not know the time"),
            Self::Register(error) => error.fmt(f),
            Self::Certificate(error) => error.fmt(f),
            Self::Unsent(error) => write!(f, "the answer could not be kept for sending: {error}"),
        }
    }
}

impl core::error::Error for Refusal {}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        Self::Register(error)
    }
}

/// The commands of an order, in order.
///
/// # Errors
/// [`Refusal::Malformed`] when it, or one of its sections, is something else.
pub fn commands<'a>(
    payload: &'a [u8],
) -> Result<impl Iterator<Item = Command<'a>> + Clone, Refusal> {
    let sections = Sections::parse(payload).map_err(|_| Refusal::Malformed)?;
    let mut lists = sections
        .clone()
        .map(|section| section.value().get("orders"));
    if lists.any(|list| list.is_none_or(|list| list.kind() != Kind::List)) {
        return Err(Refusal::Malformed);
    }
    Ok(sections.flat_map(|section| section.commands()))
}

/// Whether the device executes an order, with these `registers` and at the time
/// `unix_ms` (in milliseconds since 1970; `None` when it is not known).
///
/// # Errors
/// [`Refusal`]: why not.
pub fn check<'a>(
    commands: impl Iterator<Item = Command<'a>> + Clone,
    history: History,
    registers: &Registers,
    unix_ms: Option<i64>,
) -> Result<(), Refusal> {
    let mut made = 0;
    let mut waited_ms = 0_i64;
    for (index, command) in commands.clone().enumerate() {
        match command {
            Command::Write {
                path,
                value,
                stale_after,
                ..
            } => {
                if history == History::Interrupted {
                    return Err(Refusal::Interrupted);
                }
                Registers::fits(path, value)?;
                let mut earlier = commands.clone().take(index);
                let known = registers.read(path).is_some()
                    || earlier.any(|command| writes(command) == Some(path));
                made += usize::from(!known);
                if made > registers.room() {
                    return Err(WriteError::Full.into());
                }
                if let Some(latest) = stale_after {
                    let now_ms = unix_ms.ok_or(Refusal::NoTime)?;
                    // A time that is not a number becomes 1970.
                    if now_ms.saturating_add(waited_ms) > millis(latest) {
                        return Err(Refusal::Stale);
                    }
                }
            }
            Command::Read { .. } => {
                unix_ms.ok_or(Refusal::NoTime)?;
            }
            Command::Wait { seconds } => {
                if !(0.0..=f64::from(LONGEST_WAIT)).contains(&seconds) {
                    return Err(Refusal::Wait);
                }
                waited_ms = waited_ms.saturating_add(millis(seconds));
            }
            // It can come again without harm, whatever happened to it before.
            Command::Sysctl { op_type, .. } if op_type == CERTIFICATE => {}
            Command::Sysctl { .. } | Command::Message { .. } | Command::Other(_) => {
                return Err(Refusal::Unsupported);
            }
        }
    }
    Ok(())
}

/// Seconds in milliseconds; what is not a number is 0.
pub fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

fn writes(command: Command<'_>) -> Option<&str> {
    match command {
        Command::Write { path, .. } => Some(path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use wigwag_codec::minijson::{Encoder, Error};

    use super::*;
    use crate::registers::{MOST, NAME_BYTES};

    type Write = fn(&mut Encoder<'_>) -> Result<(), Error>;

    fn write(to: &mut Encoder<'_>, path: &str) -> Result<(), Error> {
        to.map(3)?.key("type")?.str("write")?;
        to.key("path")?.str(path)?.key("value")?.int(1).map(drop)
    }

    fn write_before(to: &mut Encoder<'_>, latest: f64) -> Result<(), Error> {
        to.map(4)?
            .key("type")?
            .str("write")?
            .key("path")?
            .str("a")?;
        to.key("value")?.int(1)?;
        to.key("stale_after")?.f64(latest).map(drop)
    }

    fn read(to: &mut Encoder<'_>) -> Result<(), Error> {
        to.map(2)?.key("type")?.str("read")?;
        to.key("path")?.str("a").map(drop)
    }

    fn wait(to: &mut Encoder<'_>, seconds: f64) -> Result<(), Error> {
        to.map(2)?.key("type")?.str("wait")?;
        to.key("time")?.f64(seconds).map(drop)
    }

    /// An order of one section with these commands.
    fn order(commands: &[Write]) -> Vec<u8> {
        let mut bytes = std::vec![0; 4096];
        let mut to = Encoder::new(&mut bytes);
        to.list(1).unwrap().map(1).unwrap().key("orders").unwrap();
        to.list(commands.len()).unwrap();
        for command in commands {
            command(&mut to).unwrap();
        }
        let length = to.finish().unwrap().len();
        bytes.truncate(length);
        bytes
    }

    fn judge(payload: &[u8], history: History, unix_ms: Option<i64>) -> Result<(), Refusal> {
        check(commands(payload)?, history, &Registers::new(), unix_ms)
    }

    const NOW: Option<i64> = Some(1_000_000);

    #[test]
    fn writes_reads_and_waits_are_executed() {
        let payload = order(&[|to| write(to, "a"), read, |to| wait(to, 60.0)]);
        assert_eq!(commands(&payload).unwrap().count(), 3);
        assert_eq!(judge(&payload, History::New, NOW), Ok(()));
        assert_eq!(judge(&[0x40], History::New, None), Ok(()));
    }

    #[test]
    fn what_was_interrupted_is_done_again_only_without_writes() {
        let harmless = order(&[read, |to| wait(to, 1.0)]);
        assert_eq!(judge(&harmless, History::Interrupted, NOW), Ok(()));
        assert_eq!(judge(&harmless, History::Unknown, NOW), Ok(()));
        let harmful = order(&[read, |to| write(to, "a")]);
        let judged = judge(&harmful, History::Interrupted, NOW);
        assert_eq!(judged, Err(Refusal::Interrupted));
        assert_eq!(judge(&harmful, History::Unknown, NOW), Ok(()));
    }

    #[test]
    fn what_the_device_does_not_have_is_refused() {
        let sysctl: Write = |to| {
            to.map(3)?
                .key("type")?
                .str("sysctl")?
                .key("op_type")?
                .str("x")?;
            to.key("op_args")?.str("y").map(drop)
        };
        let message: Write = |to| {
            to.map(2)?.key("type")?.str("message")?;
            to.key("uuid")?.str("4f7b").map(drop)
        };
        let other: Write = |to| to.map(1)?.key("type")?.str("dance").map(drop);
        for command in [sysctl, message, other, |to| to.null().map(drop)] {
            let payload = order(&[read, command]);
            let judged = judge(&payload, History::New, NOW);
            assert_eq!(judged, Err(Refusal::Unsupported));
        }
    }

    #[test]
    fn waits_have_an_end() {
        let waits: [Write; 4] = [
            |to| wait(to, -1.0),
            |to| wait(to, 60.5),
            |to| wait(to, f64::NAN),
            |to| wait(to, f64::INFINITY),
        ];
        for command in waits {
            let judged = judge(&order(&[command]), History::New, NOW);
            assert_eq!(judged, Err(Refusal::Wait));
        }
    }

    #[test]
    fn a_write_that_would_be_late_is_refused() {
        let judged = |commands: &[Write], now| judge(&order(commands), History::New, now);
        assert_eq!(judged(&[|to| write_before(to, 1000.0)], NOW), Ok(()));
        let late = Err(Refusal::Stale);
        assert_eq!(judged(&[|to| write_before(to, 999.5)], NOW), late);
        assert_eq!(judged(&[|to| write_before(to, f64::NAN)], NOW), late);
        // The waits before it count.
        let wait: Write = |to| wait(to, 30.0);
        assert_eq!(judged(&[wait, |to| write_before(to, 1030.0)], NOW), Ok(()));
        assert_eq!(judged(&[wait, |to| write_before(to, 1029.0)], NOW), late);
        let unknown = Err(Refusal::NoTime);
        assert_eq!(judged(&[|to| write_before(to, 1e12)], None), unknown);
        assert_eq!(judged(&[read], None), unknown);
    }

    #[test]
    fn an_order_that_does_not_fit_is_refused_as_a_whole() {
        let long: Write = |to| write(to, &"n".repeat(NAME_BYTES + 1));
        let judged = judge(&order(&[long]), History::New, NOW);
        assert_eq!(judged, Err(WriteError::NameTooLong.into()));

        let mut registers = Registers::new();
        let names: Vec<String> = (0..MOST - 1).map(|number| format!("r{number}")).collect();
        for name in &names {
            let null = wigwag_codec::minijson::Value::parse(&[0x08]).unwrap();
            registers.write(name, null).unwrap();
        }
        let judged = |writes: &[Write]| {
            let payload = order(writes);
            check(commands(&payload)?, History::New, &registers, NOW)
        };
        let (a, b, old): (Write, Write, Write) = (
            |to| write(to, "a"),
            |to| write(to, "b"),
            |to| write(to, "r3"),
        );
        // One more is free: the same one twice, and any that is there.
        assert_eq!(judged(&[a, old, a, old]), Ok(()));
        assert_eq!(judged(&[a, old, b]), Err(WriteError::Full.into()));
    }

    #[test]
    fn what_is_no_order_is_malformed() {
        let no_list: &[u8] = &[0x50];
        let section_without_orders: &[u8] = &[0x41, 0x50];
        let orders_are_a_number: &[u8] = b"\x41\x51\x06orders\x03\x01";
        for payload in [
            &[][..],
            no_list,
            section_without_orders,
            orders_are_a_number,
        ] {
            let judged = judge(payload, History::New, NOW);
            assert_eq!(judged, Err(Refusal::Malformed));
        }
    }
}
