//! The documents of measurement: pathpoints with readings, and orders, as the
//! protocol has them, made the same every time.

use serde::{Deserialize, Serialize};

/// What a device sends and what it is sent, in one document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "peers",
    derive(zerompk::ToMessagePack, zerompk::FromMessagePack)
)]
#[cfg_attr(feature = "peers", msgpack(map))]
pub(crate) struct Document<'a> {
    #[serde(borrow)]
    pub(crate) pathpoints: Vec<Pathpoint<'a>>,
    #[serde(borrow)]
    pub(crate) orders: Vec<Order<'a>>,
}

/// What was read at a place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "peers",
    derive(zerompk::ToMessagePack, zerompk::FromMessagePack)
)]
#[cfg_attr(feature = "peers", msgpack(map))]
pub(crate) struct Pathpoint<'a> {
    pub(crate) path: &'a str,
    /// Milliseconds since 1970, and the reading.
    pub(crate) values: Vec<(i64, f32)>,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "peers",
    derive(zerompk::ToMessagePack, zerompk::FromMessagePack)
)]
#[cfg_attr(feature = "peers", msgpack(map))]
pub(crate) struct Order<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(feature = "peers", msgpack(key = "type"))]
    pub(crate) kind: &'a str,
    pub(crate) path: &'a str,
    pub(crate) value: i32,
    pub(crate) advise: u8,
    /// Milliseconds.
    pub(crate) stale_after: u32,
}

/// How many of each.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) name: &'static str,
    pub(crate) pathpoints: usize,
    /// Readings of a pathpoint.
    pub(crate) values: usize,
    pub(crate) orders: usize,
}

/// 1.05 MB as minijson.
pub(crate) const BIG: Size = Size {
    name: "big",
    pathpoints: 1000,
    values: 49,
    orders: 6000,
};

/// 1188 bytes as minijson.
pub(crate) const SMALL: Size = Size {
    name: "small",
    pathpoints: 3,
    values: 14,
    orders: 9,
};

/// A document that lives as long as the program.
pub(crate) fn make(size: Size) -> Document<'static> {
    let mut numbers = Numbers(SEED);
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let pathpoints = (0..size.pathpoints).map(|index| Pathpoint {
        path: text(format!("W{:03}.in", index % 1000)),
        values: (0..size.values)
            .map(|at| {
                let at = i64::try_from(at).unwrap_or(0);
                let when = 1_623_801_600_000 + 60_000 * at + i64::from(numbers.below(1000));
                (when, numbers.below(4000) as f32 / 100.0)
            })
            .collect(),
    });
    let pathpoints = pathpoints.collect();
    let orders = (0..size.orders).map(|index| Order {
        kind: "write",
        path: text(format!("r{:04}", index)),
        value: i32::try_from(numbers.below(100_000)).unwrap_or(0) - 20_000,
        advise: u8::from(numbers.below(4) == 0),
        stale_after: 1000 * (1 + numbers.below(3600)),
    });
    let orders = orders.collect();
    Document { pathpoints, orders }
}

/// With this one the small document has its size to the byte.
const SEED: u64 = 0xdaa6_6d2c_7ddf_743f;

/// Marsaglia's xorshift: numbers that look like chance and never change.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let high = self.0 >> 32;
        u32::try_from((high * u64::from(bound)) >> 32).unwrap_or(0)
    }
}
