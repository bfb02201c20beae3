//! What a device measured of itself.

use super::FirmwareError;
use serde_json::{Value as Json, json};
use wigwag_codec::minijson::Value;

/// Bytes of a report; a longer one is none.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// Work that was done so many times, and how long the processor was busy with
/// all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many times.
    pub count: u64,
    /// Nanoseconds, idle time not counted.
    pub nanos: u64,
}

impl Count {
    pub(super) fn json(self) -> Json {
        json!({"count": self.count, "nanos": self.nanos})
    }
}

/// The map of a report.
pub(super) fn map(bytes: &[u8]) -> Result<Value<'_>, FirmwareError> {
    Value::parse(bytes).map_err(|error| FirmwareError::Report(error.to_string()))
}

fn member<'a>(map: &Value<'a>, name: &str) -> Result<Value<'a>, FirmwareError> {
    let of = map.get(name);
    of.ok_or_else(|| FirmwareError::Report(format!("`{name}` is missing")))
}

pub(super) fn number(map: &Value<'_>, name: &str) -> Result<u64, FirmwareError> {
    let value = member(map, name)?.as_u64();
    value.ok_or_else(|| FirmwareError::Report(format!("`{name}` is no number")))
}

pub(super) fn count(map: &Value<'_>, name: &str) -> Result<Count, FirmwareError> {
    let of = member(map, name)?;
    Ok(Count {
        count: number(&of, "count")?,
        nanos: number(&of, "nanos")?,
    })
}

/// What a device measured of itself. Times are in nanoseconds of its clock in
/// which the processor was busy; with [`Firmware::icount`] a nanosecond is an
/// instruction.
///
/// [`Firmware::icount`]: super::Firmware::icount
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Most bytes of the stack that were in use until the first order was done.
    pub stack_first: u64,
    /// Most bytes of the stack that were in use.
    pub stack_peak: u64,
    /// Bytes that there are for the stack.
    pub stack_size: u64,
    /// From reset until the network is awaited.
    pub boot: u64,
    /// Parsing the private key.
    pub key: u64,
    /// Each connection, from its first step until it was verified.
    pub handshakes: Vec<u64>,
    /// Orders, from the first one taken until the last one was settled.
    pub orders: Count,
    /// Batches of pathpoints, from the first one sent until the last one was
    /// confirmed.
    pub batches: Count,
}

impl Report {
    /// Reads the map that the device writes, minijson.
    ///
    /// # Errors
    /// [`FirmwareError::Report`] names what is missing.
    pub fn read(bytes: &[u8]) -> Result<Self, FirmwareError> {
        let map = map(bytes)?;
        let handshakes = member(&map, "handshakes")?;
        Ok(Self {
            stack_first: number(&map, "stack_first")?,
            stack_peak: number(&map, "stack_peak")?,
            stack_size: number(&map, "stack_size")?,
            boot: number(&map, "boot")?,
            key: number(&map, "key")?,
            handshakes: handshakes.items().filter_map(|it| it.as_u64()).collect(),
            orders: count(&map, "orders")?,
            batches: count(&map, "batches")?,
        })
    }

    /// The same as JSON, under the same names.
    #[must_use]
    pub fn json(&self) -> Json {
        json!({
            "stack_first": self.stack_first,
            "stack_peak": self.stack_peak,
            "stack_size": self.stack_size,
            "boot": self.boot,
            "key": self.key,
            "handshakes": self.handshakes,
            "orders": self.orders.json(),
            "batches": self.batches.json(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wigwag_codec::minijson::Encoder;

    fn written(names: &[&str]) -> Vec<u8> {
        let mut buffer = [0; 512];
        let mut to = Encoder::new(&mut buffer);
        to.map(names.len()).unwrap();
        for name in names {
            let to = to.key(name).unwrap();
            match *name {
                "handshakes" => {
                    to.list(2).unwrap().int(7).unwrap().int(8).unwrap();
                }
                "orders" | "batches" => {
                    to.map(2).unwrap();
                    to.key("count").unwrap().int(2).unwrap();
                    to.key("nanos").unwrap().int(1 << 40).unwrap();
                }
                _ => {
                    to.int(9).unwrap();
                }
            }
        }
        to.finish().unwrap().to_vec()
    }

    const NAMES: [&str; 8] = [
        "stack_first",
        "stack_peak",
        "stack_size",
        "boot",
        "key",
        "handshakes",
        "orders",
        "batches",
    ];

    #[test]
    fn the_devices_map_is_read() {
        let report = Report::read(&written(&NAMES)).unwrap();
        assert_eq!((report.stack_peak, report.key), (9, 9));
        assert_eq!(report.handshakes, [7, 8]);
        let orders = Count {
            count: 2,
            nanos: 1 << 40,
        };
        assert_eq!(report.orders, orders);
        assert_eq!(report.json()["batches"]["nanos"], 1u64 << 40);
    }

    #[test]
    fn what_is_missing_is_named() {
        for missing in NAMES {
            let names: Vec<&str> = NAMES.into_iter().filter(|name| *name != missing).collect();
            let said = Report::read(&written(&names)).unwrap_err().to_string();
            assert!(said.contains(missing), "{said}");
        }
        let whole = written(&NAMES);
        for length in 0..whole.len() {
            assert!(Report::read(&whole[..length]).is_err());
        }
    }
}
