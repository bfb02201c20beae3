//! What the targets share. Each target is one way in or out of the codec, in
//! `fuzz_targets/`; it looks for broken promises, not only for panics.

mod end;
mod script;

use wigwag_codec::framer::write;
use wigwag_codec::minijson::{Floats, Limits, Options, Value, canonical};
use wigwag_codec::ncp::{FOOTER_LEN, HEADER_LEN, Header, Ident, NcpFramer};

pub use end::End;
pub use script::Script;

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
