//! A mock node: a receiver with an antenna that hears what is computed here.
//!
//! Its answers depend on the command and on the time it is given, and on
//! nothing else.
//!
//! | packet | field | parameters | answer |
//! |---|---|---|---|
//! | DSPC | TIME | SAMP: samples (1024), FCTR: MHz (1200) | UNIX, NANO, SAMP, FCTR, TSDC, TIMM and PDAT: the samples, `i16[]` |
//! | DSPC | SWEP | FSTA, FSTO: MHz (70, 6000), POIN: points (61,440) | UNIX, NANO, FSTA, FSTO, RESB: kHz between points, DATT and PDAT: the points, `u8[]` |
//! | DSPC | LONG | DURA: ms (1000) | ACKN at once, DURA and DONE when it is over |
//! | DSPC | GAIN | GAIN: dB | GAIN; if it was out of range, as set and with WARN and WARC |
//! | DSPC | STAT | | TEMP: °C, LATI and LONG: millionths of a degree, GFIX, STRN |
//! | any | ECHO | any | the same |
//!
//! Everything else is answered with ERRO and ERRC: 400 for an unknown command,
//! 422 for a parameter that makes no sense.

mod sweep;

use super::{Answers, Asked};
use std::fmt;
use std::time::Duration;
use wigwag_codec::ncp::{NcpError, Value};

/// Most samples and points of one answer.
const MOST: u32 = 8 << 20;

/// Longest of the long-running commands, in milliseconds.
const LONGEST: u32 = 600_000;

/// The gains that the receiver has, in dB.
const GAINS: core::ops::RangeInclusive<i32> = -10..=30;

/// What is wrong with a parameter.
struct Senseless {
    name: &'static str,
    wants: &'static str,
}

impl fmt::Display for Senseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.wants)
    }
}

/// Answers a command.
///
/// # Errors
/// A parameter to be sent back cannot be read.
pub fn answer(asked: &Asked<'_>) -> Answers {
    let command: fn(&Asked<'_>) -> Result<Answers, Senseless> = match asked.field().name {
        name if name == "ECHO" => |asked| Ok(echo(asked)),
        _ if asked.is("DSPC", "TIME") => time,
        _ if asked.is("DSPC", "SWEP") => swep,
        _ if asked.is("DSPC", "LONG") => long,
        _ if asked.is("DSPC", "GAIN") => gain,
        _ if asked.is("DSPC", "STAT") => |asked| Ok(stat(asked)),
        _ => |asked| Ok(one(asked.fail("Unknown command", 400))),
    };
    command(asked).unwrap_or_else(|senseless| one(asked.fail(&senseless.to_string(), 422)))
}

fn one(answer: Result<super::Answer, NcpError>) -> Answers {
    Ok(vec![answer?])
}

/// A whole number among the parameters, or `default` if it is not there.
fn number(asked: &Asked<'_>, name: &'static str, default: i64) -> Result<i64, Senseless> {
    let wants = "is a whole number";
    let Some(param) = asked.field().param(name) else {
        return Ok(default);
    };
    match param.value() {
        Ok(Value::I32(number)) => Ok(number.into()),
        Ok(Value::U32(number)) => Ok(number.into()),
        Ok(Value::I64(number)) => Ok(number),
        Ok(Value::U64(number)) => i64::try_from(number).map_err(|_| Senseless { name, wants }),
        _ => Err(Senseless { name, wants }),
    }
}

/// The same from `least` to `most`; `wants` says so.
fn between(
    asked: &Asked<'_>,
    (name, default): (&'static str, u32),
    (least, most): (u32, u32),
    wants: &'static str,
) -> Result<u32, Senseless> {
    let number = number(asked, name, default.into())?;
    u32::try_from(number)
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or(Senseless { name, wants })
}

fn time(asked: &Asked<'_>) -> Result<Answers, Senseless> {
    let count = between(asked, ("SAMP", 1024), (1, MOST), "is 1 to 8388608 samples")?;
    let centre = between(asked, ("FCTR", 1200), (1, 6000), "is 1 to 6000 MHz")?;
    let now = asked.now();
    let samples = sweep::samples(now, count);
    Ok(one(asked.answer(|field| {
        field
            .param("UNIX", now.secs())
            .param("NANO", now.nanos())
            .param("SAMP", count)
            .param("FCTR", centre)
            .param("TSDC", 0)
            .param("TIMM", 1)
            .param("PDAT", &samples[..])
    })))
}

fn swep(asked: &Asked<'_>) -> Result<Answers, Senseless> {
    let start = between(asked, ("FSTA", 70), (1, 5999), "is 1 to 5999 MHz")?;
    let stop = between(
        asked,
        ("FSTO", 6000),
        (start + 1, 6000),
        "is above FSTA, and at most 6000 MHz",
    )?;
    let count = between(asked, ("POIN", 61_440), (1, MOST), "is 1 to 8388608 points")?;
    let now = asked.now();
    let points = sweep::points(now, (start, stop), count);
    let kilohertz = (stop - start) * 1000 / count;
    Ok(one(asked.answer(|field| {
        field
            .param("UNIX", now.secs())
            .param("NANO", now.nanos())
            .param("FSTA", start)
            .param("FSTO", stop)
            .param("RESB", kilohertz)
            .param("DATT", "dBm")
            .param("PDAT", Value::U8s(wigwag_codec::ncp::Array::new(&points)))
    })))
}

fn long(asked: &Asked<'_>) -> Result<Answers, Senseless> {
    let millis = between(asked, ("DURA", 1000), (0, LONGEST), "is 0 to 600000 ms")?;
    let answers = || {
        let done = asked.answer(|field| field.param("DURA", millis).param("DONE", 1))?;
        let delay = Duration::from_millis(millis.into());
        Ok(vec![asked.acknowledge()?, done.after(delay)])
    };
    Ok(answers())
}

fn gain(asked: &Asked<'_>) -> Result<Answers, Senseless> {
    let wants = "is given in dB";
    let Ok(wanted) = i32::try_from(number(asked, "GAIN", i64::MIN)?) else {
        return Err(Senseless {
            name: "GAIN",
            wants,
        });
    };
    let set = wanted.clamp(*GAINS.start(), *GAINS.end());
    let warning = format!("the gain is -10 to 30 dB; it is set to {set}");
    Ok(one(asked.answer(|field| {
        let field = field.param("GAIN", set);
        if set == wanted {
            field
        } else {
            field.param("WARN", &warning[..]).param("WARC", 1)
        }
    })))
}

fn stat(asked: &Asked<'_>) -> Answers {
    let warmth = f32::from((asked.now().secs() % 600 / 60) as u8);
    one(asked.answer(|field| {
        field
            .param("TEMP", 41.5 + warmth / 4.0)
            .param("LATI", 52_220_000)
            .param("LONG", 114_000)
            .param("GFIX", 1)
            .param("STRN", "strong")
    }))
}

fn echo(asked: &Asked<'_>) -> Answers {
    let mut params = Vec::new();
    for param in asked.field().params() {
        params.push((param.name, param.value()?));
    }
    one(asked.answer(|mut field| {
        for (name, value) in &params {
            field = field.param_as(*name, *value);
        }
        field
    }))
}

#[cfg(test)]
mod tests;
