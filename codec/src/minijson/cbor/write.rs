//! minijson to CBOR.

use minicbor::Encoder;
use minicbor::data::{IanaTag, Int};
use minicbor::encode::write::{Cursor, EndOfSlice};

use crate::minijson::bigint::{BigInt, MAX_INT_BYTES};
use crate::minijson::decoder::{Decoder, Item};
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::limits::{Limits, MAX_DEPTH};
use crate::minijson::value::Value;

/// Writes `value` as CBOR to the start of `out` and returns the number of bytes.
///
/// ```
/// use wigwag_codec::minijson::{Value, cbor};
///
/// let value = Value::parse(b"\x51\x01a\x18\x05\x01\x00\x00\x00\x00")?;
/// let mut out = [0; 32];
/// let length = cbor::write(value, &mut out)?;
/// assert_eq!(&out[..length], b"\xa1\x61a\x1b\x00\x00\x00\x01\x00\x00\x00\x00");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::BufferFull`]; [`ErrorKind::InvalidUtf8`] for text that only
/// [`Value::parse_structure`] lets in, at its offset in the value.
pub fn write(value: Value<'_>, out: &mut [u8]) -> Result<usize, Error> {
    let mut decoder = Decoder::with_limits(value.raw(), Limits::new().with_depth(MAX_DEPTH));
    let mut encoder = Encoder::new(Cursor::new(out));
    while let Some(item) = decoder.next()? {
        let place = encoder.writer().position();
        match item {
            Item::Text(text) | Item::Key(text) => encoder.str(text.to_str()?).map(|_| ()),
            Item::BigInt(value) => big_int(&mut encoder, &value),
            item => plain(&mut encoder, item),
        }
        // A slice refuses only what does not fit.
        .map_err(|_| Error::new(ErrorKind::BufferFull, place))?;
    }
    Ok(encoder.writer().position())
}

type SliceEncoder<'b> = Encoder<Cursor<&'b mut [u8]>>;
type Written = Result<(), minicbor::encode::Error<EndOfSlice>>;

fn plain(encoder: &mut SliceEncoder<'_>, item: Item<'_>) -> Written {
    match item {
        Item::Bool(value) => encoder.bool(value),
        Item::Int(value) => encoder.i64(value),
        Item::Single(value) => encoder.f32(value),
        Item::Double(value) => encoder.f64(value),
        Item::Bytes(bytes) => encoder.bytes(bytes),
        Item::List(count) => encoder.array(u64::from(count)),
        Item::Map(count) | Item::Sdict(count) => encoder.map(u64::from(count)),
        // Text and large integers went another way.
        Item::Null | Item::Text(_) | Item::Key(_) | Item::BigInt(_) => encoder.null(),
    }?;
    Ok(())
}

fn big_int(encoder: &mut SliceEncoder<'_>, value: &BigInt<'_>) -> Written {
    if let Some(int) = value.as_i128().and_then(|int| Int::try_from(int).ok()) {
        encoder.int(int)?;
        return Ok(());
    }
    // Tag 2 holds n; tag 3 holds n for -1 - n, which is n with every bit turned
    // (RFC 8949, section 3.4.3).
    let mut bytes = [0_u8; MAX_INT_BYTES];
    let digits = value.digits();
    let bytes = bytes.get_mut(..digits.len()).unwrap_or(&mut []);
    crate::bytes::copy(bytes, digits);
    let tag = if value.is_negative() {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
        IanaTag::NegBignum
    } else {
        IanaTag::PosBignum
    };
    encoder.tag(tag)?.bytes(bytes)?;
    Ok(())
}
