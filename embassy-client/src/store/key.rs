//! The names under which things are stored.

use sequential_storage::map::{Key as MapKey, SerializationError};

/// The name of a value in a [`Store`](super::Store).
///
/// There are as many keys as the device has places for things, and no more:
/// what comes and goes (marks of orders, batches on their way out) takes turns
/// under the same keys. So what was removed never piles up in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Key {
    /// The version of the store's contents, kept by the store itself.
    Format,
    /// The earliest time that it can be: see
    /// [`ClockPolicy`](crate::tls::ClockPolicy).
    Floor,
    /// How often the device has started.
    Starts,
    /// The device's renewed identity that is in use.
    Current,
    /// The device's identity that is to take over.
    Next,
    /// That the journal knows everything that may come again: see
    /// [`FlashJournal`](crate::journal::FlashJournal).
    Past,
    /// Which settings everything else belongs to: their
    /// [`fingerprint`](crate::settings::fingerprint).
    Settings,
    /// What is remembered of an order: see
    /// [`FlashJournal`](crate::journal::FlashJournal).
    Mark(u8),
    /// A batch on its way out: see [`Outbox`](crate::outbox::Outbox).
    Outgoing(u8),
    /// The application's own.
    App(u8),
}

impl Key {
    const fn number(self) -> u16 {
        match self {
            Self::Format => 0,
            Self::Floor => 1,
            Self::Starts => 2,
            Self::Current => 3,
            Self::Next => 4,
            Self::Past => 5,
            Self::Settings => 6,
            Self::Mark(index) => 0x100 + index as u16,
            Self::Outgoing(index) => 0x200 + index as u16,
            Self::App(index) => 0x300 + index as u16,
        }
    }

    const fn of_number(number: u16) -> Option<Self> {
        let [group, index] = number.to_be_bytes();
        Some(match (group, index) {
            (0, 0) => Self::Format,
            (0, 1) => Self::Floor,
            (0, 2) => Self::Starts,
            (0, 3) => Self::Current,
            (0, 4) => Self::Next,
            (0, 5) => Self::Past,
            (0, 6) => Self::Settings,
            (1, _) => Self::Mark(index),
            (2, _) => Self::Outgoing(index),
            (3, _) => Self::App(index),
            _ => return None,
        })
    }
}

/// The key as it stands in flash: a big-endian `u16`, so that one which a later
/// version wrote is carried along instead of being an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raw(u16);

impl Raw {
    /// Bytes in flash.
    pub(super) const LEN: usize = 2;

    /// The key, if this version knows it.
    pub(super) const fn key(self) -> Option<Key> {
        Key::of_number(self.0)
    }
}

impl From<Key> for Raw {
    fn from(key: Key) -> Self {
        Self(key.number())
    }
}

impl MapKey for Raw {
    fn serialize_into(&self, buffer: &mut [u8]) -> Result<usize, SerializationError> {
        let place = buffer
            .first_chunk_mut()
            .ok_or(SerializationError::BufferTooSmall)?;
        *place = self.0.to_be_bytes();
        Ok(Self::LEN)
    }

    fn deserialize_from(buffer: &[u8]) -> Result<(Self, usize), SerializationError> {
        let bytes = buffer
            .first_chunk()
            .ok_or(SerializationError::BufferTooSmall)?;
        Ok((Self(u16::from_be_bytes(*bytes)), Self::LEN))
    }

    fn get_len(_: &[u8]) -> Result<usize, SerializationError> {
        Ok(Self::LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_number_of_its_own() {
        let mut known = 0;
        for number in 0..=u16::MAX {
            if let Some(key) = Key::of_number(number) {
                assert_eq!(key.number(), number, "{key:?}");
                known += 1;
            }
        }
        assert_eq!(known, 7 + 3 * 256);
    }

    #[test]
    fn numbers_of_the_first_version_stay() {
        let numbers = [
            (Key::Format, 0),
            (Key::Floor, 1),
            (Key::Starts, 2),
            (Key::Current, 3),
            (Key::Next, 4),
            (Key::Past, 5),
            (Key::Settings, 6),
            (Key::Mark(7), 0x107),
            (Key::Outgoing(255), 0x2ff),
            (Key::App(0), 0x300),
        ];
        for (key, number) in numbers {
            let mut bytes = [0; 4];
            assert_eq!(Raw::from(key).serialize_into(&mut bytes), Ok(2));
            assert_eq!(u16::from_be_bytes([bytes[0], bytes[1]]), number);
            let (raw, length) = Raw::deserialize_from(&bytes).unwrap();
            assert_eq!((raw.key(), length), (Some(key), 2));
        }
        assert!(Raw::from(Key::Floor).serialize_into(&mut [0]).is_err());
        assert!(Raw::deserialize_from(&[1]).is_err());
    }
}
