//! What a mock server does wrong on purpose.

use crate::faults::Cut;
use wigwag_codec::framer::Out;
use wigwag_codec::ncp::{Packet, PacketWriter};

/// What happens to answers from now on, on all connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// They are sent.
    #[default]
    None,
    /// They are not sent, nor are keep-alives: the server is there, and says
    /// nothing.
    Silence,
    /// They are not sent; keep-alives are.
    Drop,
    /// They are held until there are so many of a connection, and then sent,
    /// the last first.
    Reverse(usize),
    /// The next one is begun, and after so many bytes the connection ends.
    CutInside {
        /// Bytes of the answer that are sent.
        after: usize,
        /// How the connection ends.
        how: Cut,
    },
    /// Instead of the next one bytes are sent that are no packet.
    Garbage,
}

/// What SCAR says of the agreed time; the server itself keeps to what it agreed
/// to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scar {
    /// The truth.
    #[default]
    Agreed,
    /// So many seconds, whatever the client asked for.
    Says(i32),
    /// Nothing, as servers that know of no such time.
    Legacy,
}

impl Scar {
    /// Puts what the link says at the end of `unwritten`, with another SCAR if
    /// that is wanted.
    pub(super) fn put(self, out: &Out<'_>, unwritten: &mut Vec<u8>) {
        for message in out.messages() {
            match self.other(message) {
                Some(other) => unwritten.extend_from_slice(&other),
                None => unwritten.extend_from_slice(message),
            }
        }
    }

    fn other(self, message: &[u8]) -> Option<Vec<u8>> {
        if self == Self::Agreed {
            return None;
        }
        let packet = Packet::decode(message).ok()?;
        let field = packet.field("SCAR")?;
        let mut place = [0; 128];
        let writer = PacketWriter::new(&mut place, *packet.header());
        let writer = writer.field_as(field.name, field.id);
        let writer = match self {
            Self::Says(seconds) => writer.param("LINK", seconds),
            _ => writer,
        };
        Some(writer.finish().ok()?.to_vec())
    }
}
