//! The gateway's DNS server: a table of names, RFC 1035 messages.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

/// Addresses of one answer at most, so that it fits in 512 bytes.
const MAX_ADDRESSES: usize = 16;

/// How long an answer is good for, in seconds.
const TTL: u32 = 60;

/// Response codes of RFC 1035, section 4.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
}

/// The names that a virtual network knows. Clones are the same table, and it
/// may change while everything runs.
#[derive(Debug, Clone, Default)]
pub struct Names(Arc<Mutex<HashMap<String, Vec<Ipv4Addr>>>>);

impl Names {
    /// Gives `name` these addresses, in this order, in place of earlier ones.
    /// Upper and lower case are the same. No address: the name exists, but has
    /// none.
    ///
    /// # Panics
    /// With more than 16 addresses: they would not fit in an answer.
    pub fn set(&self, name: &str, addresses: impl Into<Vec<Ipv4Addr>>) {
        let addresses = addresses.into();
        let count = addresses.len();
        assert!(
            count <= MAX_ADDRESSES,
            "{name} has {count} addresses, 16 fit in an answer"
        );
        self.lock().insert(name.to_ascii_lowercase(), addresses);
    }

    /// Forgets `name`: it does not exist any more.
    pub fn remove(&self, name: &str) {
        self.lock().remove(&name.to_ascii_lowercase());
    }

    /// The addresses of `name`, if it exists.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Vec<Ipv4Addr>> {
        self.lock().get(&name.to_ascii_lowercase()).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Ipv4Addr>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a query, or keeps silent where the message is none. `forced` is the
/// answer to every well-formed question, whatever the table says.
pub(super) fn answer(query: &[u8], names: &Names, forced: Option<Code>) -> Option<Vec<u8>> {
    let header = query.get(..12)?;
    let is_response = header[2] & 0x80 != 0;
    if is_response {
        return None;
    }
    let opcode = header[2] >> 3 & 0xf;
    let questions = u16::from_be_bytes([header[4], header[5]]);
    let question = (questions == 1)
        .then(|| parse_question(&query[12..]))
        .flatten();
    let (code, question, addresses) = match question {
        _ if opcode != 0 => (Code::NotImplemented, None, Vec::new()),
        None => (Code::FormatError, None, Vec::new()),
        Some(question) => {
            let (code, addresses) = match (forced, names.get(&question.name)) {
                (Some(code), _) => (code, Vec::new()),
                (None, None) => (Code::NoSuchName, Vec::new()),
                (None, Some(addresses)) if question.is_address() => (Code::NoError, addresses),
                (None, Some(_)) => (Code::NoError, Vec::new()),
            };
            (code, Some(question), addresses)
        }
    };

    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(&header[..2]);
    // Response, recursion desired as asked, recursion available.
    out.push(0x80 | header[2] & 0x79);
    out.push(0x80 | code as u8);
    out.extend_from_slice(&u16::from(question.is_some()).to_be_bytes());
    out.extend_from_slice(&(addresses.len() as u16).to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(question.map_or(&[], |question| question.bytes));
    for address in addresses {
        // The name: a pointer to the question's. Type A, class IN.
        out.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1]);
        out.extend_from_slice(&TTL.to_be_bytes());
        out.extend_from_slice(&[0, 4]);
        out.extend_from_slice(&address.octets());
    }
    Some(out)
}

struct Question<'a> {
    name: String,
    kind: u16,
    class: u16,
    bytes: &'a [u8],
}

impl Question<'_> {
    fn is_address(&self) -> bool {
        (self.kind, self.class) == (1, 1)
    }
}

/// Reads the one question of a query. Its name is not compressed, because
/// there is nothing before it to point to.
fn parse_question(bytes: &[u8]) -> Option<Question<'_>> {
    let mut name = String::new();
    let mut at = 0;
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        if length > 63 || at + length > 255 {
            return None;
        }
        let label = core::str::from_utf8(bytes.get(at..at + length)?).ok()?;
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(label);
        at += length;
    }
    let tail = bytes.get(at..at + 4)?;
    Some(Question {
        name,
        kind: u16::from_be_bytes([tail[0], tail[1]]),
        class: u16::from_be_bytes([tail[2], tail[3]]),
        bytes: &bytes[..at + 4],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(label.len() as u8);
            query.extend_from_slice(label.as_bytes());
        }
        query.extend_from_slice(&[0, (kind >> 8) as u8, kind as u8, 0, 1]);
        query
    }

    fn names() -> Names {
        let names = Names::default();
        names.set(
            "Server.test",
            [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)],
        );
        names
    }

    fn code(answer: &[u8]) -> u8 {
        answer[3] & 0xf
    }

    #[test]
    fn a_known_name_has_its_addresses_in_order() {
        let query = query("SERVER.TEST", 1);
        let answer = answer(&query, &names(), None).unwrap();
        assert_eq!(answer[..4], [0x12, 0x34, 0x81, 0x80]);
        assert_eq!(answer[4..12], [0, 1, 0, 2, 0, 0, 0, 0]);
        let records = &answer[query.len()..];
        assert_eq!(
            records[..16],
            [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]
        );
        assert_eq!(records[28..], [192, 0, 2, 2]);
    }

    #[test]
    fn other_types_of_a_known_name_have_no_records() {
        let answer = answer(&query("server.test", 28), &names(), None).unwrap();
        assert_eq!((code(&answer), answer[7]), (0, 0));
    }

    #[test]
    fn an_unknown_name_does_not_exist_and_a_removed_one_neither() {
        let names = names();
        let asked = |name| code(&answer(&query(name, 1), &names, None).unwrap());
        assert_eq!(asked("other.test"), Code::NoSuchName as u8);
        assert_eq!(asked("server.test"), 0);
        names.remove("server.TEST");
        assert_eq!(asked("server.test"), Code::NoSuchName as u8);
    }

    #[test]
    fn a_forced_failure_wins() {
        let asked = answer(
            &query("server.test", 1),
            &names(),
            Some(Code::ServerFailure),
        );
        assert_eq!(code(&asked.unwrap()), 2);
    }

    #[test]
    fn bad_questions_are_told_and_non_queries_ignored() {
        let names = names();
        let good = query("server.test", 1);
        for length in 12..good.len() {
            let answer = answer(&good[..length], &names, None).unwrap();
            assert_eq!(code(&answer), Code::FormatError as u8, "cut to {length}");
        }
        for length in 0..12 {
            assert_eq!(answer(&good[..length], &names, None), None);
        }
        let mut response = good.clone();
        response[2] |= 0x80;
        assert_eq!(answer(&response, &names, None), None);
        let mut status = good.clone();
        status[2] |= 2 << 3;
        assert_eq!(code(&answer(&status, &names, None).unwrap()), 4);
        let mut pointer = good;
        pointer[12] = 0xc0;
        assert_eq!(code(&answer(&pointer, &names, None).unwrap()), 1);
    }
}
