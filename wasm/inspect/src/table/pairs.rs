//! Which frame answers which, and how long it took.
//!
//! | First half | Second half |
//! |---|---|
//! | ORDER | ORDER_CONFIRM or ORDER_REJECT with its transaction id |
//! | DATA_STREAM | DATA_STREAM_CONFIRM or DATA_STREAM_REJECT with its id |
//! | SYNC_BAOB_REQUEST | SYNC_BAOB_RESPONSE with its id |
//! | PING | PING the other way with its id |
//! | a packet of NCP to the server | one to the device of its type, with its first field's name and id |
//! | NCP's CCRE, CARE | SCAR, SCON |
//!
//! Each frame costs a look or two into a table, whatever was there before.

use wigwag_codec::ncp::{HEADER_LEN, Ident, Packet};
use wigwag_codec::ngtt::FrameType;

use super::book::bytes;
use super::columns::{Columns, NO_ROW, flags};
use super::questions::{Key, Questions};
use super::store::Store;
use crate::Protocol;

/// A pong is late after this many microseconds: then the next ping is due.
pub(super) const LATE: f32 = 30e6;

/// How many fields of a packet are looked for among the answers.
const FIELDS: usize = 4;

/// Sorts of questions of NGTT. (Those of NCP are packet types.)
mod sort {
    pub(super) const ORDER: u32 = 1;
    pub(super) const DATA: u32 = 4;
    pub(super) const BAOB: u32 = 7;
    pub(super) const PING: [u32; 2] = [0x100, 0x101];
}

/// The questions that may still be answered. (Answered orders are there, too: who
/// sees one again knows it.)
#[derive(Debug, Default)]
pub(super) struct Pairs {
    open: Questions,
}

impl Pairs {
    /// Sees a row that was just entered.
    #[inline]
    pub(super) fn see(&mut self, columns: &mut Columns, store: &Store, connection: u32, row: u32) {
        let at = row as usize;
        if columns.protocol[at] == Protocol::Ngtt as u8 {
            self.ngtt(columns, store, connection, row);
        } else if columns.protocol[at] == Protocol::Ncp as u8 {
            self.ncp(columns, store, connection, row);
        }
    }

    fn ngtt(&mut self, columns: &mut Columns, store: &Store, connection: u32, row: u32) {
        let at = row as usize;
        let Ok(number) = u16::try_from(columns.kind[at]) else {
            return;
        };
        let key = |sort| Key {
            connection,
            sort,
            name: 0,
            id: columns.id[at],
        };
        match FrameType::from_u16(number) {
            FrameType::Order => self.order(columns, store, key(sort::ORDER), row),
            FrameType::OrderConfirm | FrameType::OrderReject => {
                self.order_answer(columns, key(sort::ORDER), row);
            }
            FrameType::DataStream => self.ask(columns, store, key(sort::DATA), row),
            FrameType::SyncBaobRequest => self.ask(columns, store, key(sort::BAOB), row),
            FrameType::DataStreamConfirm | FrameType::DataStreamReject => {
                let key = key(sort::DATA);
                self.answer(columns, key, row);
            }
            FrameType::SyncBaobResponse => {
                let key = key(sort::BAOB);
                self.answer(columns, key, row);
            }
            FrameType::Ping => {
                let direction = usize::from(columns.direction[at] & 1);
                let (asked, ask) = (key(sort::PING[1 - direction]), key(sort::PING[direction]));
                if self.answer(columns, asked, row) {
                    if columns.latency[at] > LATE {
                        columns.flags[at] |= flags::LATE;
                    }
                } else {
                    self.open.replace(ask, row);
                }
            }
            FrameType::Logs | FrameType::FetchOrders | FrameType::Unknown(_) => {}
        }
    }

    /// An order stays in the table when it has been answered, so that one that is
    /// delivered again is known.
    fn order(&mut self, columns: &mut Columns, store: &Store, key: Key, row: u32) {
        let Some(known) = self.open.get(&key) else {
            self.open.insert(key, row);
            return;
        };
        if is_same(columns, store, known.row, row, 0) {
            columns.flags[row as usize] |= flags::REPEATED;
            if columns.pair[known.row as usize] == NO_ROW {
                return;
            }
        }
        known.row = row;
    }

    fn order_answer(&mut self, columns: &mut Columns, key: Key, row: u32) {
        let Some(known) = self.open.get(&key) else {
            return;
        };
        if columns.pair[known.row as usize] == NO_ROW {
            columns.join(known.row, row);
        } else {
            columns.flags[row as usize] |= flags::REPEATED;
        }
    }

    /// A question, unless it is one that has been asked and not answered.
    fn ask(&mut self, columns: &mut Columns, store: &Store, key: Key, row: u32) {
        let Some(known) = self.open.get(&key) else {
            self.open.insert(key, row);
            return;
        };
        if is_same(columns, store, known.row, row, 0) {
            columns.flags[row as usize] |= flags::REPEATED;
        } else {
            known.row = row;
        }
    }

    fn answer(&mut self, columns: &mut Columns, key: Key, row: u32) -> bool {
        match self.open.remove(&key) {
            Some(question) => {
                columns.join(question, row);
                true
            }
            None => false,
        }
    }

    fn ncp(&mut self, columns: &mut Columns, store: &Store, connection: u32, row: u32) {
        let at = row as usize;
        let Some(packet) = bytes(columns, store, row).and_then(|all| Packet::decode(all).ok())
        else {
            return;
        };
        let to_server = columns.direction[at] == crate::Direction::ToServer as u8;
        let sort = columns.kind[at];
        let key = |name: Ident, id| Key {
            connection,
            sort,
            name: u32::from_be_bytes(name.bytes()),
            id,
        };
        let is_link = packet.kind() == Ident::LINK;
        if to_server {
            for field in packet.fields().take(FIELDS) {
                let (name, id) = match answer_of(field.name) {
                    Some(name) if is_link => (name, 0),
                    _ if is_link => continue,
                    _ => (field.name, field.id),
                };
                let key = key(name, id);
                let known = self.open.get(&key).map(|known| known.row);
                let again = known.is_some_and(|known| {
                    known != row && is_same(columns, store, known, row, HEADER_LEN)
                });
                if again {
                    columns.flags[at] |= flags::REPEATED;
                    return;
                }
                self.open.replace(key, row);
            }
        } else if let Some(field) = packet.fields().next() {
            let id = if is_link { 0 } else { field.id };
            self.ncp_answer(
                columns,
                key(field.name, id),
                field.is_acknowledgement(),
                row,
            );
        }
    }

    fn ncp_answer(&mut self, columns: &mut Columns, key: Key, acknowledges: bool, row: u32) {
        let Some(known) = self.open.get(&key) else {
            return;
        };
        let question = known.row;
        let paired = columns.pair[question as usize];
        if paired != NO_ROW && known.is_acknowledged && !acknowledges {
            // The answer itself is what was waited for.
            columns.part(question, paired);
        }
        if columns.pair[question as usize] == NO_ROW {
            columns.join(question, row);
        }
        known.is_acknowledged = acknowledges;
        if !acknowledges {
            self.open.remove(&key);
        }
    }

    /// Forgets a connection.
    pub(super) fn forget(&mut self, connection: u32) {
        self.open
            .renumber(|key, row| (key.connection != connection).then_some(row));
    }

    /// Rows have new numbers, except those of one connection.
    pub(super) fn renumber(&mut self, except: u32, rows: &[u32]) {
        self.open.renumber(|key, row| {
            if key.connection == except {
                Some(row)
            } else {
                rows.get(row as usize).copied()
            }
        });
    }
}

/// Whether a row asks for something that is answered, as far as its own bytes
/// tell.
pub(super) fn is_question(columns: &Columns, store: &Store, row: u32) -> bool {
    let at = row as usize;
    let quiet = flags::MALFORMED | flags::REPEATED;
    if columns.flags[at] & quiet != 0 || columns.pair[at] != NO_ROW {
        return false;
    }
    if columns.protocol[at] == Protocol::Ngtt as u8 {
        return matches!(columns.kind[at], 0 | 1 | 4 | 7);
    }
    if columns.protocol[at] != Protocol::Ncp as u8
        || columns.direction[at] != crate::Direction::ToServer as u8
    {
        return false;
    }
    let packet = bytes(columns, store, row).and_then(|all| Packet::decode(all).ok());
    packet.is_some_and(|packet| {
        let is_link = packet.kind() == Ident::LINK;
        packet
            .fields()
            .any(|field| !is_link || answer_of(field.name).is_some())
    })
}

/// What LINK answers to a field to the server.
fn answer_of(name: Ident) -> Option<Ident> {
    if name == "CCRE" {
        Ident::new("SCAR").ok()
    } else if name == "CARE" {
        Ident::new("SCON").ok()
    } else {
        None
    }
}

/// Whether two rows have the same bytes behind their first `head` ones.
fn is_same(columns: &Columns, store: &Store, one: u32, other: u32, head: usize) -> bool {
    let behind = |row| bytes(columns, store, row).and_then(|bytes| bytes.get(head..));
    behind(one).is_some_and(|one| behind(other) == Some(one))
}
