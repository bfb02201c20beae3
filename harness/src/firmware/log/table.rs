//! The format strings of a program, from the names of symbols in its ELF.

use std::collections::BTreeMap;
use std::fmt;

use object::{Object, ObjectSection, ObjectSymbol};
use serde::Deserialize;

use super::Level;

/// The wire formats that [`Arguments`](super::Arguments) can read: defmt 0.3's,
/// and defmt 1's, which differs in the names of bit flags only.
const VERSIONS: [&str; 2] = ["3", "4"];

/// What a format string is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// A line of the log.
    Message(Option<Level>),
    /// A part of one: what a type's `Format` writes, or an interned text.
    Part,
    /// The timestamp of every line.
    Timestamp,
}

impl Tag {
    fn of(tag: &str) -> Option<Self> {
        Some(match tag {
            "defmt_trace" => Self::Message(Some(Level::Trace)),
            "defmt_debug" => Self::Message(Some(Level::Debug)),
            "defmt_info" => Self::Message(Some(Level::Info)),
            "defmt_warn" => Self::Message(Some(Level::Warn)),
            "defmt_error" => Self::Message(Some(Level::Error)),
            "defmt_println" => Self::Message(None),
            "defmt_prim" | "defmt_derived" | "defmt_write" | "defmt_str" | "defmt_bitflags" => {
                Self::Part
            }
            "defmt_timestamp" => Self::Timestamp,
            // Values of bit flags, and what belongs to other tools.
            _ => return None,
        })
    }

    pub(super) fn is_message(self) -> bool {
        matches!(self, Self::Message(_))
    }

    pub(super) fn level(self) -> Option<Level> {
        match self {
            Self::Message(level) => level,
            Self::Part | Self::Timestamp => None,
        }
    }
}

/// A format string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) tag: Tag,
    pub(super) format: String,
    /// The crate it stands in.
    pub(super) package: String,
}

/// A symbol's name, which is JSON.
#[derive(Deserialize)]
struct Symbol {
    tag: String,
    data: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    crate_name: Option<String>,
}

/// All format strings of a program, by the number that stands for them.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: BTreeMap<u16, Entry>,
    timestamp: Option<String>,
}

impl Table {
    pub(super) fn read(elf: &[u8]) -> Result<Self, TableError> {
        let elf = object::File::parse(elf).map_err(|_| TableError::NotAnElf)?;
        let Some(section) = elf.section_by_name(".defmt") else {
            return Ok(Self::default());
        };
        let mut table = Self::default();
        for symbol in elf.symbols() {
            let Ok(name) = symbol.name() else { continue };
            // Some linkers keep the quotes of the linker script.
            let plain = name.trim_matches('"');
            if let Some(version) = plain.strip_prefix("_defmt_version_ = ") {
                if !VERSIONS.contains(&version) {
                    return Err(TableError::Version(version.into()));
                }
            } else if let Some(encoding) = plain.strip_prefix("_defmt_encoding_ = ") {
                if encoding != "rzcobs" {
                    return Err(TableError::Encoding(encoding.into()));
                }
            } else if symbol.section_index() == Some(section.index())
                && let Ok(index) = u16::try_from(symbol.address())
                && let Ok(symbol) = serde_json::from_str::<Symbol>(name)
            {
                table.add(index, symbol);
            }
        }
        Ok(table)
    }

    fn add(&mut self, index: u16, symbol: Symbol) {
        match Tag::of(&symbol.tag) {
            None => {}
            Some(Tag::Timestamp) => self.timestamp = Some(symbol.data),
            Some(tag) => {
                let entry = Entry {
                    tag,
                    format: symbol.data,
                    package: symbol.crate_name.unwrap_or(symbol.package),
                };
                self.entries.insert(index, entry);
            }
        }
    }

    pub(super) fn get(&self, index: u16) -> Option<&Entry> {
        self.entries.get(&index)
    }

    /// A format string that is a part of another.
    pub(super) fn part(&self, index: u16) -> Option<&str> {
        let entry = self.get(index)?;
        (entry.tag == Tag::Part).then_some(&entry.format)
    }

    pub(super) fn timestamp(&self) -> Option<&str> {
        self.timestamp.as_deref()
    }

    /// A table by hand.
    #[cfg(test)]
    pub(super) fn of(timestamp: Option<&str>, entries: &[(u16, Tag, &str)]) -> Self {
        let entry = |(index, tag, format): &(u16, Tag, &str)| {
            let entry = Entry {
                tag: *tag,
                format: (*format).into(),
                package: "app".into(),
            };
            (*index, entry)
        };
        Self {
            entries: entries.iter().map(entry).collect(),
            timestamp: timestamp.map(str::to_owned),
        }
    }
}

/// Why the log of a program cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// The file is not an ELF.
    NotAnElf,
    /// It logs in a version of defmt's wire format that is not known here.
    Version(String),
    /// It logs in another encoding than rzcobs.
    Encoding(String),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnElf => f.write_str("this is not an ELF file: give the linked program"),
            Self::Version(version) => write!(
                f,
                "its log is of defmt's wire format {version}, and {} are known here",
                VERSIONS.join(" and ")
            ),
            Self::Encoding(encoding) => write!(
                f,
                "its log is encoded as {encoding}: build it with defmt's feature \
                 `encoding-rzcobs`, which is the default"
            ),
        }
    }
}

impl std::error::Error for TableError {}
