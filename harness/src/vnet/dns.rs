//! The gateway's DNS server: a table of names, RFC 1035 messages.

use crate::faults::DnsFault;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use wigwag_embassy::net::Family;

/// Addresses of one family that a name has at most, so that an answer fits in
/// 512 bytes (RFC 1035 section 4.2.1).
pub(super) const MAX_V4: usize = 16;
pub(super) const MAX_V6: usize = 8;

/// Types of records: RFC 1035 section 3.2.2, RFC 3596 section 2.1.
const A: u16 = 1;
const AAAA: u16 = 28;

/// The class of the Internet, RFC 1035 section 3.2.4.
const IN: u16 = 1;

/// How long an answer is good for, in seconds.
const TTL: u32 = 60;

/// Response codes of RFC 1035, section 4.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
}

/// The names that a virtual network knows. Clones are the same table, and it
/// may change while everything runs.
#[derive(Debug, Clone, Default)]
pub struct Names(Arc<Mutex<HashMap<String, Vec<IpAddr>>>>);

impl Names {
    /// Gives `name` these addresses, in this order, in place of earlier ones:
    /// an A record (RFC 1035) for each of IPv4, an AAAA record (RFC 3596) for
    /// each of IPv6. Upper and lower case are the same. No address: the name
    /// exists, but has none.
    ///
    /// ```
    /// use std::net::{IpAddr, Ipv4Addr};
    /// use wigwag_harness::vnet::Names;
    ///
    /// let names = Names::default();
    /// names.set("old.test", [Ipv4Addr::new(192, 0, 2, 1)]);
    /// names.set("both.test", ["192.0.2.1", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap()));
    /// assert_eq!(names.get("Both.Test").unwrap().len(), 2);
    /// ```
    ///
    /// # Panics
    /// With more than 16 addresses of IPv4 or 8 of IPv6: they would not fit in
    /// an answer.
    pub fn set<A: Into<IpAddr>>(&self, name: &str, addresses: impl IntoIterator<Item = A>) {
        let addresses: Vec<IpAddr> = addresses.into_iter().map(Into::into).collect();
        let v4 = addresses.iter().filter(|address| address.is_ipv4()).count();
        let v6 = addresses.len() - v4;
        assert!(
            v4 <= MAX_V4 && v6 <= MAX_V6,
            "{name} has {v4} addresses of IPv4 and {v6} of IPv6; {MAX_V4} and {MAX_V6} fit in an \
             answer"
        );
        self.lock().insert(name.to_ascii_lowercase(), addresses);
    }

    /// Forgets `name`: it does not exist any more.
    pub fn remove(&self, name: &str) {
        self.lock().remove(&name.to_ascii_lowercase());
    }

    /// The addresses of `name`, if it exists.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Vec<IpAddr>> {
        self.lock().get(&name.to_ascii_lowercase()).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<IpAddr>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The family whose addresses a query asks for, if it asks for addresses.
pub(super) fn family(query: &[u8]) -> Option<Family> {
    parse_question(query.get(12..)?)?.family()
}

/// Answers a query, or keeps silent where the message is none. A fault that is
/// an answer is the answer to every well-formed question, whatever the table
/// says.
pub(super) fn answer(query: &[u8], names: &Names, fault: DnsFault) -> Option<Vec<u8>> {
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
            let (code, addresses) = match (fault, names.get(&question.name)) {
                (DnsFault::ServerFailure, _) => (Code::ServerFailure, Vec::new()),
                (DnsFault::NoSuchName, _) | (_, None) => (Code::NoSuchName, Vec::new()),
                (_, Some(mut addresses)) => {
                    let asked = question.family();
                    addresses.retain(|address| Some(Family::of(*address)) == asked);
                    (Code::NoError, addresses)
                }
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
        // The name: a pointer to the question's.
        out.extend_from_slice(&[0xc0, 12]);
        let (kind, octets): (_, &[u8]) = match &address {
            IpAddr::V4(address) => (A, &address.octets()),
            IpAddr::V6(address) => (AAAA, &address.octets()),
        };
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&IN.to_be_bytes());
        out.extend_from_slice(&TTL.to_be_bytes());
        out.extend_from_slice(&(octets.len() as u16).to_be_bytes());
        out.extend_from_slice(octets);
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
    fn family(&self) -> Option<Family> {
        match (self.kind, self.class) {
            (A, IN) => Some(Family::V4),
            (AAAA, IN) => Some(Family::V6),
            _ => None,
        }
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
#[path = "dns_tests.rs"]
mod tests;
