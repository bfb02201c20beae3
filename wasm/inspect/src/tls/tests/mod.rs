//! Sessions: those of the RFC, and some made by hand with all suites and accidents.

mod accidents;
mod rfc8448;
mod sessions;

use super::suite::{Keys, Suite};
use super::{Event, Help, KeyLog, Session};

/// What a session told, by side.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    bytes: [Vec<u8>; 2],
    gaps: [usize; 2],
    problems: Vec<String>,
}

/// A session that is read, with what it told.
struct Reading {
    session: Session,
    keys: KeyLog,
    trials: u64,
    told: Told,
}

impl Reading {
    fn new(key_log: &str) -> Self {
        let mut keys = KeyLog::default();
        assert_eq!(keys.add(key_log), 0);
        Self {
            session: Session::default(),
            keys,
            trials: 16 << 20,
            told: Told::default(),
        }
    }

    fn bytes(&mut self, side: usize, bytes: &[u8]) {
        let mut help = Help {
            keys: &self.keys,
            trials: &mut self.trials,
        };
        self.session
            .bytes(side, bytes, &mut help, &mut |event| self.told.take(event));
    }

    fn gap(&mut self, side: usize, missing: u64) {
        let help = Help {
            keys: &self.keys,
            trials: &mut self.trials,
        };
        self.session
            .gap(side, missing, &help, &mut |event| self.told.take(event));
    }

    fn finish(mut self) -> Told {
        self.session.finish(&mut |event| self.told.take(event));
        self.told
    }
}

impl Told {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Bytes(side, bytes) => self.bytes[side].extend_from_slice(bytes),
            Event::Gap(side) => self.gaps[side] += 1,
            Event::Problem(message) => self.problems.push(message.into_owned()),
        }
    }

    fn text(&self, side: usize) -> &str {
        core::str::from_utf8(&self.bytes[side]).expect("text")
    }
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().map(|c| c.to_digit(16).expect("hex")).collect();
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).expect("two digits"))
        .collect()
}

/// A session made by hand: what both ends would send.
struct Made {
    suite: u16,
    key_log: String,
    /// By side.
    handshake: [Keys; 2],
    traffic: [Keys; 2],
    /// Numbers of the next records: of the handshake and of application data.
    sequence: [u64; 2],
}

const SUITES: [u16; 3] = [0x1301, 0x1302, 0x1303];
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

impl Made {
    fn new(suite: u16) -> Self {
        let length = if suite == 0x1302 { 48 } else { 32 };
        let random = "5a".repeat(32);
        let names = [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "SERVER_TRAFFIC_SECRET_0",
        ];
        let key_log: String = (1..)
            .zip(names)
            .map(|(number, name)| {
                format!(
                    "{name} {random} {}\n",
                    format!("{number:02x}").repeat(length)
                )
            })
            .collect();
        let mut log = KeyLog::default();
        assert_eq!(log.add(&key_log), 0);
        let secrets = log.get(&[0x5A; 32]).expect("added").clone();
        let known = Suite::from_u16(suite).expect("a suite of the list");
        let keys =
            |secret: Option<_>| Keys::new(known, &secret.expect("a line")).expect("its length");
        Self {
            suite,
            key_log,
            handshake: secrets.handshake.map(keys),
            traffic: secrets.traffic.map(keys),
            sequence: [0; 2],
        }
    }

    fn client_hello() -> Vec<u8> {
        let body = [&[3, 3][..], &[0x5A; 32], &[0, 0, 2, 0x13, 1, 1, 0]].concat();
        plain(&message(1, &body))
    }

    fn server_hello(&self) -> Vec<u8> {
        hello_of_server([7; 32], self.suite, &[0x03, 0x04])
    }

    /// Everything before the first application data.
    fn open(&mut self, reading: &mut Reading) {
        reading.bytes(0, &Self::client_hello());
        reading.bytes(1, &self.server_hello());
        let change = [20, 3, 3, 0, 1, 1];
        reading.bytes(1, &change);
        reading.bytes(1, &self.flight(1, 3000));
        reading.bytes(0, &change);
        reading.bytes(0, &self.flight(0, 700));
    }

    /// Certificate and Finished, in two records that divide the certificate.
    fn flight(&self, side: usize, certificate: usize) -> Vec<u8> {
        let messages = [message(11, &vec![9; certificate]), message(20, &[8; 32])].concat();
        let (first, second) = messages.split_at(certificate / 2);
        let keys = &self.handshake[side];
        [
            keys.seal(0, HANDSHAKE, first, 0),
            keys.seal(1, HANDSHAKE, second, 3),
        ]
        .concat()
    }

    /// A record of application keys.
    fn seal(&mut self, side: usize, kind: u8, content: &[u8]) -> Vec<u8> {
        let sequence = self.sequence[side];
        self.sequence[side] += 1;
        self.traffic[side].seal(sequence, kind, content, 0)
    }

    fn data(&mut self, side: usize, text: &str) -> Vec<u8> {
        self.seal(side, DATA, text.as_bytes())
    }

    /// A KeyUpdate, after which the side's keys are the next.
    fn update(&mut self, side: usize) -> Vec<u8> {
        let record = self.seal(side, HANDSHAKE, &message(24, &[0]));
        self.traffic[side] = self.traffic[side].next_generation().expect("always");
        self.sequence[side] = 0;
        record
    }
}

/// A handshake message.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    [&[kind][..], &length[1..], body].concat()
}

/// An unencrypted handshake record.
fn plain(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("short").to_be_bytes();
    [&[HANDSHAKE, 3, 3][..], &length, content].concat()
}

fn hello_of_server(random: [u8; 32], suite: u16, version: &[u8]) -> Vec<u8> {
    let mut body = [&[3, 3][..], &random, &[0], &suite.to_be_bytes(), &[0]].concat();
    let extension = [&[0, 43, 0, 2][..], version].concat();
    body.extend([0, u8::try_from(extension.len() + 5).expect("short")]);
    // Another extension before it.
    body.extend([0, 51, 0, 1, 0]);
    body.extend(extension);
    plain(&message(2, &body))
}
