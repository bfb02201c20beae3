//! Cuts a long minijson list into lists that fit into a frame each.

use wigwag_codec::minijson::{self, Encoder, Kind, Limits, Value};
use wigwag_codec::ngtt::message::{LogEntry, Measured, Reading};

/// One frame's worth of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// A minijson list.
    pub payload: Vec<u8>,
    /// How many things are in it: points of all paths, log entries, names.
    pub things: usize,
}

/// A list that cannot be cut into batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchError {
    /// The input is not minijson.
    Minijson(minijson::Error),
    /// The whole input is something else.
    Whole {
        /// What it should be.
        wanted: &'static str,
    },
    /// An entry is something else.
    Shape {
        /// Index of the entry.
        entry: usize,
        /// What it should be.
        wanted: &'static str,
    },
    /// One entry alone is larger than a batch.
    TooLarge {
        /// Index of the entry.
        entry: usize,
        /// Most bytes of a batch.
        limit: usize,
    },
}

impl std::fmt::Display for BatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Minijson(error) => error.fmt(f),
            Self::Whole { wanted } => write!(f, "not {wanted}"),
            Self::Shape { entry, wanted } => write!(f, "entry {entry} is not {wanted}"),
            Self::TooLarge { entry, limit } => {
                write!(
                    f,
                    "entry {entry} alone is larger than a frame of {limit} bytes"
                )
            }
        }
    }
}

impl std::error::Error for BatchError {}

impl From<minijson::Error> for BatchError {
    fn from(error: minijson::Error) -> Self {
        Self::Minijson(error)
    }
}

const PATHPOINT: &str = r#"{"path": text, "values": [[milliseconds, value], ..]}"#;
const ENTRY: &str =
    r#"{"service": text, "when": microseconds, "message": text, "level": number, ..}"#;

/// Most bytes that the head of a list takes.
const LIST_HEAD: usize = 5;

/// Cuts a list of log entries into batches of at most `limit` bytes.
///
/// # Errors
/// [`BatchError`] when `list` has another shape or an entry does not fit.
pub fn logs(list: &[u8], limit: usize) -> Result<Vec<Batch>, BatchError> {
    let mut cutter = Cutter::new(limit);
    for (index, item) in list_of(list)?.items().enumerate() {
        LogEntry::new(item).ok_or(BatchError::Shape {
            entry: index,
            wanted: ENTRY,
        })?;
        cutter.add(index, item.raw().to_vec(), 1)?;
    }
    cutter.finish()
}

/// Cuts a list of pathpoints (`[{"path": .., "values": [..]}]`) into batches of
/// at most `limit` bytes. A path with more values than fit is spread over
/// several batches; no value is lost, doubled or moved before an earlier one.
///
/// # Errors
/// [`BatchError`] when `list` has another shape or one value does not fit.
pub fn pathpoints(list: &[u8], limit: usize) -> Result<Vec<Batch>, BatchError> {
    let mut cutter = Cutter::new(limit);
    for (entry, item) in list_of(list)?.items().enumerate() {
        let shape = BatchError::Shape {
            entry,
            wanted: PATHPOINT,
        };
        let path = item.get("path").filter(|path| path.as_str().is_some());
        let path = path.ok_or(shape)?;
        let values = item
            .get("values")
            .filter(|values| values.kind() == Kind::List);
        let values: Vec<Value<'_>> = values.ok_or(shape)?.items().collect();
        let unknown =
            |value: &Value<'_>| matches!(Reading::new(*value).measured, Measured::Other(_));
        if values.iter().any(unknown) {
            return Err(shape);
        }
        // A third of a batch at a time, so that little room is wasted.
        let budget = (limit / 3).saturating_sub(path.raw().len() + 32);
        let mut rest = values.as_slice();
        while !rest.is_empty() {
            let mut size = 0;
            let fitting = rest
                .iter()
                .take_while(|value| {
                    size += value.raw().len();
                    size <= budget
                })
                .count();
            let (now, later) = rest.split_at(fitting.max(1));
            cutter.add(entry, pathpoint(path, now)?, now.len())?;
            rest = later;
        }
    }
    cutter.finish()
}

fn list_of(input: &[u8]) -> Result<Value<'_>, BatchError> {
    let limits = Limits::new().with_length(input.len()).with_items(u32::MAX);
    let value = Value::parse_with(input, limits)?;
    if value.kind() == Kind::List {
        Ok(value)
    } else {
        Err(BatchError::Whole { wanted: "a list" })
    }
}

/// Checks a map of names and versions of binary objects, which goes into one
/// frame as it is.
///
/// # Errors
/// [`BatchError`] when `map` has another shape or is larger than `limit`.
pub fn baobs(map: &[u8], limit: usize) -> Result<(), BatchError> {
    let value = Value::parse_with(map, Limits::new().with_length(map.len()))?;
    if value.kind() != Kind::Map {
        return Err(BatchError::Whole {
            wanted: "a map of names and versions",
        });
    }
    for (entry, (name, version)) in value.entries().enumerate() {
        if name.as_str().is_none() || version.as_i64().is_none() {
            return Err(BatchError::Shape {
                entry,
                wanted: "a name and a whole number",
            });
        }
    }
    if map.len() > limit {
        return Err(BatchError::TooLarge { entry: 0, limit });
    }
    Ok(())
}

fn pathpoint(path: Value<'_>, values: &[Value<'_>]) -> Result<Vec<u8>, BatchError> {
    let size: usize = values.iter().map(|value| value.raw().len()).sum();
    let mut bytes = vec![0; size + path.raw().len() + 64];
    let mut encoder = Encoder::new(&mut bytes);
    encoder.map(2)?.key("path")?.raw(path)?;
    encoder.key("values")?.list(values.len())?;
    for value in values {
        encoder.raw(*value)?;
    }
    let length = encoder.finish()?.len();
    bytes.truncate(length);
    Ok(bytes)
}

struct Cutter {
    limit: usize,
    entries: Vec<Vec<u8>>,
    size: usize,
    things: usize,
    batches: Vec<Batch>,
}

impl Cutter {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            entries: Vec::new(),
            size: LIST_HEAD,
            things: 0,
            batches: Vec::new(),
        }
    }

    fn add(&mut self, index: usize, entry: Vec<u8>, things: usize) -> Result<(), BatchError> {
        if LIST_HEAD + entry.len() > self.limit {
            return Err(BatchError::TooLarge {
                entry: index,
                limit: self.limit,
            });
        }
        if self.size + entry.len() > self.limit {
            self.cut()?;
        }
        self.size += entry.len();
        self.things += things;
        self.entries.push(entry);
        Ok(())
    }

    fn cut(&mut self) -> Result<(), BatchError> {
        let mut payload = vec![0; self.size];
        let mut encoder = Encoder::new(&mut payload);
        encoder.list(self.entries.len())?;
        for entry in self.entries.drain(..) {
            encoder.raw(Value::parse(&entry)?)?;
        }
        let length = encoder.finish()?.len();
        payload.truncate(length);
        self.batches.push(Batch {
            payload,
            things: self.things,
        });
        self.size = LIST_HEAD;
        self.things = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Batch>, BatchError> {
        if !self.entries.is_empty() {
            self.cut()?;
        }
        Ok(self.batches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(paths: usize, values: usize) -> Vec<u8> {
        let mut bytes = vec![0; 64 + paths * (32 + values * 16)];
        let mut encoder = Encoder::new(&mut bytes);
        encoder.list(paths).unwrap();
        for path in 0..paths {
            encoder.map(2).unwrap().key("path").unwrap();
            encoder.str(&format!("W{path}")).unwrap();
            encoder.key("values").unwrap().list(values).unwrap();
            for value in 0..values as i64 {
                let at = 1_600_000_000_000 + value;
                encoder
                    .list(2)
                    .unwrap()
                    .int(at)
                    .unwrap()
                    .int(value)
                    .unwrap();
            }
        }
        let length = encoder.finish().unwrap().len();
        bytes.truncate(length);
        bytes
    }

    /// Path and value of every point, in order.
    fn all(list: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut all = Vec::new();
        for item in list_of(list).unwrap().items() {
            let path = item.get("path").unwrap().as_str().unwrap();
            for value in item.get("values").unwrap().items() {
                all.push((path.to_owned(), value.raw().to_vec()));
            }
        }
        all
    }

    #[test]
    fn no_point_is_lost_doubled_or_moved() {
        for (paths, values, limit) in [(1, 1, 200), (7, 100, 300), (40, 3, 256), (2, 5000, 8192)] {
            let list = points(paths, values);
            let batches = pathpoints(&list, limit).unwrap();
            let joined: Vec<_> = batches.iter().flat_map(|b| all(&b.payload)).collect();
            assert_eq!(joined, all(&list));
            assert_eq!(
                batches.iter().map(|b| b.things).sum::<usize>(),
                paths * values
            );
            assert!(batches.iter().all(|b| b.payload.len() <= limit));
        }
    }

    #[test]
    fn batches_are_well_filled() {
        let list = points(100, 100);
        let batches = pathpoints(&list, 4096).unwrap();
        assert!(batches.len() * 4096 < list.len() * 2, "{}", batches.len());
    }

    #[test]
    fn what_is_no_list_of_pathpoints_is_refused() {
        assert!(matches!(pathpoints(&[], 100), Err(BatchError::Minijson(_))));
        let list = Err(BatchError::Whole { wanted: "a list" });
        assert_eq!(pathpoints(&[8], 100), list);
        assert_eq!(logs(&[0x50], 100), list);
        // [null], and [{"path": "", "values": [null]}]
        for bad in [&b"\x41\x08"[..], b"\x41\x52\x04path\x80\x06values\x41\x08"] {
            let shape = BatchError::Shape {
                entry: 0,
                wanted: PATHPOINT,
            };
            assert_eq!(pathpoints(bad, 100), Err(shape));
        }
        let shape = BatchError::Shape {
            entry: 0,
            wanted: ENTRY,
        };
        assert_eq!(logs(b"\x41\x83abc", 100), Err(shape));
    }

    #[test]
    fn a_log_entry_larger_than_a_frame_is_refused() {
        let entry = b"\x41\x54\x07service\x80\x04when\x03\x07\x07message\x80\x05level\x03\x14";
        assert_eq!(
            logs(entry, entry.len() + 4).map(|batches| batches.len()),
            Ok(1)
        );
        assert_eq!(
            logs(entry, 8),
            Err(BatchError::TooLarge { entry: 0, limit: 8 })
        );
    }

    #[test]
    fn a_question_about_binary_objects_is_a_map_of_versions() {
        let good = b"\x51\x05baob1\x03\x03";
        assert_eq!(baobs(good, good.len()), Ok(()));
        assert!(matches!(
            baobs(good, good.len() - 1),
            Err(BatchError::TooLarge { .. })
        ));
        assert!(matches!(baobs(&[0x40], 100), Err(BatchError::Whole { .. })));
        assert!(matches!(
            baobs(b"\x51\x05baob1\x80", 100),
            Err(BatchError::Shape { entry: 0, .. })
        ));
        assert!(matches!(baobs(&[], 100), Err(BatchError::Minijson(_))));
    }
}
