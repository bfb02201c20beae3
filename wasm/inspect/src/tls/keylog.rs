//! Key logs in NSS's format (draft-ietf-tls-keylogfile): a line for each secret.

use core::fmt;
use std::collections::BTreeMap;

/// The random number of a ClientHello, which names a connection.
pub(crate) type Random = [u8; 32];

/// The secrets of TLS connections, by the client's random number.
///
/// ```
/// use wigwag_inspect::tls::KeyLog;
///
/// let mut keys = KeyLog::default();
/// let line = format!("CLIENT_TRAFFIC_SECRET_0 {} {}", "ab".repeat(32), "cd".repeat(32));
/// assert_eq!(keys.add(&line), 0);
/// assert_eq!(keys.add("this is no secret"), 1);
/// assert_eq!(keys.connections(), 1);
/// ```
#[derive(Clone, Default)]
pub struct KeyLog {
    secrets: BTreeMap<Random, Secrets>,
}

/// What a key log has of a connection.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// By the sender: 0 is the client.
    pub(crate) handshake: [Option<Secret>; 2],
    /// For the first generation of application data.
    pub(crate) traffic: [Option<Secret>; 2],
}

/// A secret as long as the hash of the cipher suite: 32 or 48 bytes.
#[derive(Clone)]
pub(crate) enum Secret {
    Sha256([u8; 32]),
    Sha384([u8; 48]),
}

impl KeyLog {
    /// Adds the lines of a key log. Comments, empty lines and labels of other
    /// versions and purposes are passed over.
    ///
    /// Returns how many lines could not be read.
    pub fn add(&mut self, text: &str) -> usize {
        text.lines()
            .filter(|line| self.line(line.trim()).is_none())
            .count()
    }

    fn line(&mut self, line: &str) -> Option<()> {
        if line.is_empty() || line.starts_with('#') {
            return Some(());
        }
        let mut words = line.split_ascii_whitespace();
        let (label, random, secret) = (words.next()?, words.next()?, words.next()?);
        let random: Random = hex(random)?;
        let place: fn(&mut Secrets) -> &mut Option<Secret> = match label {
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => |secrets| &mut secrets.handshake[0],
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => |secrets| &mut secrets.handshake[1],
            "CLIENT_TRAFFIC_SECRET_0" => |secrets| &mut secrets.traffic[0],
            "SERVER_TRAFFIC_SECRET_0" => |secrets| &mut secrets.traffic[1],
            _ => return Some(()),
        };
        let secret = match secret.len() {
            64 => Secret::Sha256(hex(secret)?),
            96 => Secret::Sha384(hex(secret)?),
            _ => return None,
        };
        *place(self.secrets.entry(random).or_default()) = Some(secret);
        Some(())
    }

    /// Adds the secrets of another.
    pub fn merge(&mut self, other: &Self) {
        for (random, secrets) in &other.secrets {
            let mine = self.secrets.entry(*random).or_default();
            for end in [0, 1] {
                for (mine, other) in [
                    (&mut mine.handshake[end], &secrets.handshake[end]),
                    (&mut mine.traffic[end], &secrets.traffic[end]),
                ] {
                    if other.is_some() {
                        mine.clone_from(other);
                    }
                }
            }
        }
    }

    /// Of how many connections it has secrets.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.secrets.len()
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn held(&self) -> usize {
        // A tree's nodes are half empty at worst.
        2 * self.secrets.len() * (size_of::<Random>() + size_of::<Secrets>())
    }

    pub(crate) fn get(&self, random: &Random) -> Option<&Secrets> {
        self.secrets.get(random)
    }
}

/// Only how much it knows: a log of a program is no place for secrets.
impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLog")
            .field("connections", &self.secrets.len())
            .finish_non_exhaustive()
    }
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{KeyLog, Secret};

    #[test]
    fn the_four_secrets_of_a_connection_are_found() {
        let random = "0f".repeat(32);
        let text = format!(
            "# made by hand\r\n\n\
             CLIENT_HANDSHAKE_TRAFFIC_SECRET {random} {}\r\n\
             SERVER_HANDSHAKE_TRAFFIC_SECRET {random} {}\n\
             CLIENT_TRAFFIC_SECRET_0  {random}  {}\n\
             SERVER_TRAFFIC_SECRET_0 {} {}\n\
             EXPORTER_SECRET {random} {}\n\
             CLIENT_RANDOM {random} {}",
            "01".repeat(32),
            "02".repeat(48),
            "03".repeat(32),
            random.to_uppercase(),
            "Ef".repeat(32),
            "05".repeat(32),
            "06".repeat(48),
        );
        let mut keys = KeyLog::default();
        assert_eq!(keys.add(&text), 0);
        let secrets = keys.get(&[0x0F; 32]).expect("it is there");
        assert!(matches!(
            secrets.handshake[0],
            Some(Secret::Sha256([1, ..]))
        ));
        assert!(matches!(
            secrets.handshake[1],
            Some(Secret::Sha384([2, ..]))
        ));
        assert!(matches!(secrets.traffic[0], Some(Secret::Sha256([3, ..]))));
        assert!(matches!(
            secrets.traffic[1],
            Some(Secret::Sha256([0xEF, ..]))
        ));

        let mut merged = KeyLog::default();
        merged.merge(&keys);
        merged.merge(&KeyLog::default());
        assert!(matches!(merged.get(&[0x0F; 32]), Some(all) if all.traffic[1].is_some()));
    }

    #[test]
    fn lines_that_are_none_are_counted_and_nothing_else() {
        let mut keys = KeyLog::default();
        let label = "CLIENT_TRAFFIC_SECRET_0";
        let (random, secret) = ("ab".repeat(32), "cd".repeat(32));
        for line in [
            "word".to_owned(),
            format!("{label} {random}"),
            format!("{label} {} {secret}", &random[1..]),
            format!("{label} {random} {}", &secret[2..]),
            format!("{label} {random} {}x", &secret[1..]),
            format!("{label} {} {secret}", "é".repeat(32)),
        ] {
            assert_eq!(keys.add(&line), 1, "{line}");
        }
        assert_eq!(keys.connections(), 0);
        assert!(!format!("{keys:?}").contains("ab"));
    }
}
