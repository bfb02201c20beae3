//! ncplib 6.1.0 as a peer: `tests/python/ncp_client.py` and `ncp_server.py`,
//! which say what a step or a setup holds.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::peer::Peer;

/// What goes wrong with a peer, in words.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Longest life of a peer.
const MOST: Duration = Duration::from_secs(120);

/// ncplib's client, in a process of its own.
pub struct Client(Peer);

impl Client {
    /// Starts it; it connects when it is told to.
    ///
    /// # Errors
    ///
    /// The interpreter cannot be started.
    pub fn start() -> Result<Self> {
        Ok(Self(Peer::start("ncp_client.py", &[], MOST)?))
    }

    /// Starts it and connects to a port of this machine, with `options` beside
    /// host and port.
    ///
    /// # Errors
    ///
    /// It does not connect; the error is the answer.
    pub fn connect(port: u16, options: Json) -> Result<Self> {
        let mut client = Self::start()?;
        let mut step = json!({"do": "connect", "host": "127.0.0.1", "port": port});
        merge(&mut step, options);
        client.ok(step)?;
        Ok(client)
    }

    /// Takes one step; the whole answer, errors of ncplib included.
    ///
    /// # Errors
    ///
    /// The script has ended.
    pub fn step(&mut self, step: Json) -> Result<Json> {
        self.0.send(&step.to_string())?;
        let line = self.0.line()?.ok_or("ncplib's client has ended")?;
        Ok(serde_json::from_str(&line)?)
    }

    /// Takes a step that has to succeed, without a warning; what came of it.
    ///
    /// # Errors
    ///
    /// Anything else; the error is the answer.
    pub fn ok(&mut self, step: Json) -> Result<Json> {
        let mut answer = self.step(step.clone())?;
        match answer.get_mut("ok").map(Json::take) {
            Some(ok) if answer["warnings"] == json!([]) => Ok(ok),
            _ => Err(format!("{step}: {answer}").into()),
        }
    }
}

/// ncplib's server, in a process of its own.
pub struct Server {
    peer: Peer,
    port: u16,
}

impl Server {
    /// Starts it with `setup`, on a free port of 127.0.0.1 unless it says
    /// otherwise.
    ///
    /// # Errors
    ///
    /// It does not listen.
    pub fn start(setup: &Json) -> Result<Self> {
        let mut peer = Peer::start("ncp_server.py", &[&setup.to_string()], MOST)?;
        let event = next(&mut peer)?;
        let port = event["port"].as_u64().and_then(|port| port.try_into().ok());
        let port = port.ok_or_else(|| format!("no port in {event}"))?;
        Ok(Self { peer, port })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gives it something to send to every connection, or the order to close.
    ///
    /// # Errors
    ///
    /// The script has ended.
    pub fn order(&mut self, order: &Json) -> Result<()> {
        Ok(self.peer.send(&order.to_string())?)
    }

    /// What it tells next; it waits for that.
    ///
    /// # Errors
    ///
    /// The script has ended.
    pub fn event(&mut self) -> Result<Json> {
        next(&mut self.peer)
    }
}

fn next(peer: &mut Peer) -> Result<Json> {
    let line = peer.line()?.ok_or("ncplib's server has ended")?;
    Ok(serde_json::from_str(&line)?)
}

fn merge(into: &mut Json, from: Json) {
    if let (Json::Object(into), Json::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// A parameter as the scripts have it.
#[must_use]
pub fn param(name: &str, kind: &str, value: impl Into<Json>) -> Json {
    json!({"name": name, "t": kind, "v": value.into()})
}

/// One parameter of each of the 18 types, some at their limits. What is less
/// than a word long comes back padded, so none is.
#[must_use]
pub fn every_type() -> Json {
    json!([
        param("A", "i32", "-2147483648"),
        param("B", "u32", "4294967295"),
        param("C", "string", "Zażółć gęślą jaźń"),
        param("D", "i64", "-9223372036854775808"),
        param("E", "u64", "18446744073709551615"),
        param("F", "f32", "c0490fdb"),
        param("G", "f64", "400921fb54442d18"),
        param("H", "raw", "00ff7f80"),
        param("I", "u8[]", json!(["0", "1", "128", "255"])),
        param("J", "u16[]", json!(["0", "65535"])),
        param("K", "u32[]", json!(["0", "1", "4294967295"])),
        param("L", "i8[]", json!(["-128", "-1", "0", "127"])),
        param("M", "i16[]", json!(["-32768", "32767"])),
        param("N", "i32[]", json!(["-2147483648", "2147483647"])),
        param("O", "u64[]", json!(["0", "18446744073709551615"])),
        param(
            "P",
            "i64[]",
            json!(["-9223372036854775808", "9223372036854775807"])
        ),
        param("Q", "f32[]", json!(["00000000", "7f800000", "ff7fffff"])),
        param(
            "R",
            "f64[]",
            json!(["fff0000000000000", "0000000000000001"])
        ),
    ])
}
