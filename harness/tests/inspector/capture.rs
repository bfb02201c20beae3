//! Captures as values.

use wigwag_codec::capture::{Direction, Limits, Reader, Record, Step};

/// A record that owns what it holds; times are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Label,
    Open {
        connection: u32,
        protocol: Option<u32>,
        device: String,
        server: String,
    },
    Bytes {
        connection: u32,
        direction: Direction,
        bytes: Vec<u8>,
    },
    Gap {
        connection: u32,
        direction: Direction,
        missing: u64,
        aligned: bool,
    },
    End {
        connection: u32,
        reason: String,
    },
    Dropped(u64),
}

/// Reads what came in one or many messages.
#[derive(Default)]
pub(crate) struct Items {
    waiting: Vec<u8>,
    reader: Option<Reader>,
    last: u64,
    pub(crate) list: Vec<Item>,
}

impl Items {
    pub(crate) fn of(capture: &[u8]) -> Vec<Item> {
        let mut items = Self::default();
        items.push(capture);
        assert!(items.waiting.is_empty(), "whole records only");
        items.list
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend(bytes);
        let reader = self
            .reader
            .get_or_insert_with(|| Reader::new(Limits::new()));
        let mut used = 0;
        loop {
            let rest = &self.waiting[used..];
            let item = match reader.step(rest).expect("a capture") {
                Step::Need(_) => break,
                Step::Label { consumed } => {
                    used += consumed;
                    Item::Label
                }
                Step::Record { record, consumed } => {
                    used += consumed;
                    let (time, item) = owned(&record);
                    assert!(time == 0 || time >= self.last, "time goes on");
                    self.last = self.last.max(time);
                    item
                }
                other => panic!("{other:?}"),
            };
            self.list.push(item);
        }
        self.waiting.drain(..used);
    }

    /// Everything that went this way on a connection, where nothing is missing.
    pub(crate) fn stream(&self, connection: u32, direction: Direction) -> Vec<u8> {
        stream(&self.list, connection, direction)
    }

    pub(crate) fn find(&self, wanted: impl Fn(&Item) -> bool) -> Option<&Item> {
        self.list.iter().find(|item| wanted(item))
    }
}

pub(crate) fn stream(list: &[Item], connection: u32, direction: Direction) -> Vec<u8> {
    let mut all = Vec::new();
    for item in list {
        match item {
            Item::Bytes {
                connection: c,
                direction: d,
                bytes,
            } if (*c, *d) == (connection, direction) => all.extend(bytes),
            Item::Gap { connection: c, .. } => assert_ne!(*c, connection, "{item:?}"),
            _ => {}
        }
    }
    all
}

fn owned(record: &Record<'_>) -> (u64, Item) {
    match *record {
        Record::Open {
            connection,
            time,
            protocol,
            device,
            server,
        } => {
            // 2024 or later, whatever is opened late.
            assert!(time > 1_700_000_000_000_000);
            let item = Item::Open {
                connection,
                protocol,
                device: device.into(),
                server: server.into(),
            };
            // It may be told long after it began.
            (0, item)
        }
        Record::Bytes {
            connection,
            time,
            direction,
            bytes,
        } => {
            let bytes = bytes.to_vec();
            let item = Item::Bytes {
                connection,
                direction,
                bytes,
            };
            (time, item)
        }
        Record::Gap {
            connection,
            time,
            direction,
            missing,
            aligned,
        } => {
            let item = Item::Gap {
                connection,
                direction,
                missing,
                aligned,
            };
            (time, item)
        }
        Record::End {
            connection,
            time,
            reason,
        } => {
            let reason = reason.into();
            (time, Item::End { connection, reason })
        }
        Record::Dropped { time, count } => (time, Item::Dropped(count)),
    }
}
