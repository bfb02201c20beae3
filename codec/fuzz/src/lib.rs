//! What the targets share. Each target is one way in or out of the codec, in
//! `fuzz_targets/`; it looks for broken promises, not only for panics.

use wigwag_codec::framer::write;
use wigwag_codec::minijson::{Floats, Limits, Options, Value, canonical};
use wigwag_codec::ncp::{FOOTER_LEN, HEADER_LEN, Header, Ident, NcpFramer};

/// The deepest limits there are, so that nothing hides behind them.
pub fn deep() -> Limits {
    Limits::new().with_depth(128)
}

/// The shortest form of a value, floats as they are.
pub fn shortest(value: Value<'_>) -> Vec<u8> {
    let mut out = vec![0; value.raw().len()];
    let options = Options::new().with_floats(Floats::Kept);
    let length = canonical(value, &mut out, options).expect("no form is longer");
    out.truncate(length);
    out
}

/// An NCP packet with these bytes for fields, as far as they are whole words.
pub fn ncp_packet(body: &[u8]) -> Vec<u8> {
    let body = &body[..body.len() / 4 * 4];
    let header = Header::new(Ident::LINK);
    let mut packet = vec![0; body.len() + HEADER_LEN + FOOTER_LEN];
    write(&mut NcpFramer::new(usize::MAX), &header, body, &mut packet).expect("it fits");
    packet
}

/// Input as a list of choices.
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    /// The choices that these bytes are.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all choices were made.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// From 0 below `end`, at most 256; 0 when all choices were made.
    pub fn below(&mut self, end: usize) -> usize {
        let Some((first, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        usize::from(*first) % end
    }

    /// The next bytes as they are, up to `length` of them.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }
}
