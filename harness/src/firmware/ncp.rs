//! A device that speaks NCP: what it is told, and what it measured of itself.

use super::FirmwareError;
use super::report::{Count, count, map, number};
use serde_json::{Value as Json, json};
use wigwag_codec::minijson::Value;

/// What a device of NCP has to do before it ends, for
/// [`Firmware::ncp`](super::Firmware::ncp). Without any of `commands`, `sweeps`,
/// `answers` and `seconds` it runs for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NcpTrial {
    /// The server that it asks: a name or an IPv4 address, and a port.
    pub server: Option<(String, u16)>,
    /// Its login there, in the clear: user and password.
    pub login: Option<(String, String)>,
    /// Whom its own server lets in: user and password. Everybody otherwise.
    pub guard: Option<(String, String)>,
    /// Short commands to ask, one after the other.
    pub commands: Option<u32>,
    /// Sweeps to ask for after that.
    pub sweeps: Option<u32>,
    /// Points of each, at most 4096, which is the default.
    pub points: Option<u16>,
    /// Fields of its own clients to answer.
    pub answers: Option<u32>,
    /// Seconds of the device's clock after which it gives up.
    pub seconds: Option<u32>,
    /// The time of day it starts with, in seconds since 1970, instead of the
    /// host's.
    pub unix: Option<u64>,
}

impl NcpTrial {
    /// The words of the command line that the device reads.
    pub(super) fn words(&self) -> Vec<String> {
        let word = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
        let pair = |name: &str, value: &Option<(String, String)>| {
            let (user, password) = value.as_ref()?;
            Some(format!("{name}={user}:{password}"))
        };
        let server = self.server.as_ref();
        [
            server.map(|(host, port)| format!("server={host}:{port}")),
            pair("login", &self.login),
            pair("guard", &self.guard),
            word("commands", self.commands.map(u64::from)),
            word("sweeps", self.sweeps.map(u64::from)),
            word("points", self.points.map(u64::from)),
            word("answers", self.answers.map(u64::from)),
            word("seconds", self.seconds.map(u64::from)),
            word("unix", self.unix),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// What a device of NCP measured of itself; times as in
/// [`Report`](super::Report).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NcpReport {
    /// Most bytes of the stack that were in use.
    pub stack_peak: u64,
    /// Bytes that there are for the stack.
    pub stack_size: u64,
    /// From reset until the network is awaited.
    pub boot: u64,
    /// The first connection, from its first step to the end of the handshake; 0
    /// without one.
    pub connect: u64,
    /// Short commands, from the call that sends one until its answer is here and
    /// acknowledged.
    pub commands: Count,
    /// Sweeps, the same.
    pub sweeps: Count,
    /// Fields of its own clients that it answered.
    pub answers: u64,
}

impl NcpReport {
    /// Reads the map that the device writes, minijson.
    ///
    /// # Errors
    /// [`FirmwareError::Report`] names what is missing.
    pub fn read(bytes: &[u8]) -> Result<Self, FirmwareError> {
        let map: Value<'_> = map(bytes)?;
        Ok(Self {
            stack_peak: number(&map, "stack_peak")?,
            stack_size: number(&map, "stack_size")?,
            boot: number(&map, "boot")?,
            connect: number(&map, "connect")?,
            commands: count(&map, "commands")?,
            sweeps: count(&map, "sweeps")?,
            answers: number(&map, "answers")?,
        })
    }

    /// The same as JSON, under the same names.
    #[must_use]
    pub fn json(&self) -> Json {
        json!({
            "stack_peak": self.stack_peak,
            "stack_size": self.stack_size,
            "boot": self.boot,
            "connect": self.connect,
            "commands": self.commands.json(),
            "sweeps": self.sweeps.json(),
            "answers": self.answers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wigwag_codec::minijson::Encoder;

    #[test]
    fn a_trial_is_told_in_words() {
        let pair = |user: &str, password: &str| Some((user.into(), password.into()));
        let trial = NcpTrial {
            server: Some(("ncp.test".into(), 9999)),
            login: pair("me", "a:b"),
            guard: pair("you", ""),
            commands: Some(100),
            sweeps: Some(2),
            points: Some(10),
            answers: Some(3),
            seconds: Some(60),
            unix: Some(0),
        };
        let words = "server=ncp.test:9999 login=me:a:b guard=you: commands=100 sweeps=2 points=10 \
            answers=3 seconds=60 unix=0";
        assert_eq!(trial.words().join(" "), words);
        assert!(NcpTrial::default().words().is_empty());
    }

    #[test]
    fn the_devices_map_is_read_and_what_is_missing_is_named() {
        const NAMES: [&str; 7] = [
            "stack_peak",
            "stack_size",
            "boot",
            "connect",
            "answers",
            "commands",
            "sweeps",
        ];
        let written = |missing: &str| {
            let mut buffer = [0; 256];
            let mut to = Encoder::new(&mut buffer);
            let names = NAMES.into_iter().filter(|name| *name != missing);
            to.map(names.clone().count()).unwrap();
            for name in names {
                let to = to.key(name).unwrap();
                if ["commands", "sweeps"].contains(&name) {
                    to.map(2).unwrap().key("count").unwrap().int(2).unwrap();
                    to.key("nanos").unwrap().int(8).unwrap();
                } else {
                    to.int(9).unwrap();
                }
            }
            to.finish().unwrap().to_vec()
        };
        let report = NcpReport::read(&written("")).unwrap();
        assert_eq!((report.connect, report.answers), (9, 9));
        assert_eq!(report.json()["sweeps"], json!({"count": 2, "nanos": 8}));
        for missing in NAMES {
            let said = NcpReport::read(&written(missing)).unwrap_err().to_string();
            assert!(said.contains(missing), "{said}");
        }
    }
}
