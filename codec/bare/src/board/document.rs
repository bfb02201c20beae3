//! The small document of measurement, as codec/bench has it: 3 pathpoints of 14
//! readings, 7 orders, made the same every time.

use heapless::{String, Vec};

/// What a device sends and what it is sent, in one document.
#[derive(Default)]
pub struct Document {
    /// What was read.
    pub pathpoints: Vec<Pathpoint, 3>,
    /// What is to be done.
    pub orders: Vec<Order, 7>,
}

/// What was read at a place.
#[derive(Default)]
pub struct Pathpoint {
    /// Which place.
    pub path: String<16>,
    /// Milliseconds since 1970, and the reading.
    pub values: Vec<(i64, f32), 14>,
}

/// What is to be done.
#[derive(Default)]
pub struct Order {
    /// Where.
    pub path: String<16>,
    /// What is written there.
    pub value: i32,
    /// Whether it is advice.
    pub advise: u8,
    /// Milliseconds.
    pub stale_after: u32,
}

/// The document.
#[must_use]
pub fn small() -> Document {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut document = Document::default();
    for index in 0..3 {
        let mut point = Pathpoint::default();
        let _ = core::fmt::write(&mut point.path, format_args!("W{index:03}.temp"));
        for at in 0..14_i64 {
            let when = 1_623_801_600_000 + 60_000 * at + i64::from(numbers.below(1000));
            let _ = point
                .values
                .push((when, numbers.below(4000) as f32 / 100.0));
        }
        let _ = document.pathpoints.push(point);
    }
    for index in 0..7 {
        let mut order = Order::default();
        let _ = core::fmt::write(&mut order.path, format_args!("r{index:04}"));
        order.value = numbers.below(100_000).cast_signed() - 20_000;
        order.advise = u8::from(numbers.below(4) == 0);
        order.stale_after = 1000 * (1 + numbers.below(3600));
        let _ = document.orders.push(order);
    }
    document
}

/// Marsaglia's xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let high = self.0 >> 32;
        ((high * u64::from(bound)) >> 32) as u32
    }
}
