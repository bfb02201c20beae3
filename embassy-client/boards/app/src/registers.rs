//! What the simulated device is made of: registers with a name and a value.

use wigwag_codec::minijson::Value;

/// Most registers.
pub const MOST: usize = 16;
/// Longest name, in bytes.
pub const NAME_BYTES: usize = 32;
/// Longest value, in bytes of minijson.
pub const VALUE_BYTES: usize = 64;

type Name = heapless::String<NAME_BYTES>;
type Stored = heapless::Vec<u8, VALUE_BYTES>;

/// Up to [`MOST`] registers. There is none at first: writing makes one.
///
/// ```
/// use wigwag_app::registers::Registers;
/// use wigwag_codec::minijson::Value;
///
/// let mut registers = Registers::new();
/// registers.write("valve", Value::parse(&[0x03, 7]).unwrap()).unwrap();
/// assert_eq!(registers.read("valve").and_then(|value| value.as_i64()), Some(7));
/// assert!(registers.read("pump").is_none());
/// ```
#[derive(Debug, Default)]
pub struct Registers(heapless::LinearMap<Name, Stored, MOST>);

/// Why a register cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// The name is longer than [`NAME_BYTES`].
    NameTooLong,
    /// The value is longer than [`VALUE_BYTES`].
    ValueTooLong,
    /// There are [`MOST`] others.
    Full,
}

impl core::fmt::Display for WriteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NameTooLong => write!(f, "a path is longer than {NAME_BYTES} bytes"),
            Self::ValueTooLong => write!(f, "a value is longer than {VALUE_BYTES} bytes"),
            Self::Full => write!(f, "there are {MOST} registers already"),
        }
    }
}

impl core::error::Error for WriteError {}

impl Registers {
    /// No register yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(heapless::LinearMap::new())
    }

    /// The value of a register; `None` if it was never written.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<Value<'_>> {
        // Only whole values are written.
        Value::parse(self.0.get(name)?).ok()
    }

    /// How many more registers there can be.
    #[must_use]
    pub fn room(&self) -> usize {
        MOST - self.0.len()
    }

    /// Whether this name and this value can be in a register at all.
    ///
    /// # Errors
    /// [`WriteError`], but not [`WriteError::Full`].
    pub fn fits(name: &str, value: Value<'_>) -> Result<(), WriteError> {
        if name.len() > NAME_BYTES {
            Err(WriteError::NameTooLong)
        } else if value.raw().len() > VALUE_BYTES {
            Err(WriteError::ValueTooLong)
        } else {
            Ok(())
        }
    }

    /// Gives a register a value, and makes the register if it is not there.
    ///
    /// # Errors
    /// [`WriteError`]; nothing has changed then.
    pub fn write(&mut self, name: &str, value: Value<'_>) -> Result<(), WriteError> {
        let stored = Stored::from_slice(value.raw()).map_err(|_| WriteError::ValueTooLong)?;
        let name = Name::try_from(name).map_err(|_| WriteError::NameTooLong)?;
        match self.0.insert(name, stored) {
            Ok(_) => Ok(()),
            Err(_) => Err(WriteError::Full),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    fn value(bytes: &[u8]) -> Value<'_> {
        Value::parse(bytes).unwrap()
    }

    #[test]
    fn the_last_value_counts() {
        let mut registers = Registers::new();
        registers.write("a", value(&[0x03, 1])).unwrap();
        registers.write("b", value(b"\x82on")).unwrap();
        registers.write("a", value(&[0x03, 2])).unwrap();
        assert_eq!(registers.read("a").unwrap().as_i64(), Some(2));
        assert_eq!(registers.read("b").unwrap().as_str(), Some("on"));
        assert_eq!(registers.room(), MOST - 2);
    }

    #[test]
    fn a_full_device_can_still_change_what_it_has() {
        let mut registers = Registers::new();
        for number in 0..MOST {
            registers
                .write(&format!("r{number}"), value(&[0x03, 0]))
                .unwrap();
        }
        let one = value(&[0x03, 1]);
        assert_eq!(registers.write("more", one), Err(WriteError::Full));
        registers.write("r3", one).unwrap();
        assert_eq!(registers.read("r3").unwrap().as_i64(), Some(1));
        assert_eq!(registers.room(), 0);
    }

    #[test]
    fn what_is_too_long_is_refused_and_changes_nothing() {
        let mut registers = Registers::new();
        let longest = [&[0x80 + 15][..], &[b'x'; 15]].concat();
        let name = "n".repeat(NAME_BYTES);
        registers.write(&name, value(&longest)).unwrap();
        let name = "n".repeat(NAME_BYTES + 1);
        let too_long = Err(WriteError::NameTooLong);
        assert_eq!(Registers::fits(&name, value(&longest)), too_long);
        assert_eq!(registers.write(&name, value(&longest)), too_long);
        // A list of so many nulls.
        let items = 80;
        let list = [&[0x07, items][..], &[0x08; 80]].concat();
        let too_long = Err(WriteError::ValueTooLong);
        assert_eq!(Registers::fits("l", value(&list)), too_long);
        assert_eq!(registers.write("l", value(&list)), too_long);
        assert!(registers.read("l").is_none());
    }
}
